import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { AttachRequest as _koplamp_session_v1_AttachRequest, AttachRequest__Output as _koplamp_session_v1_AttachRequest__Output } from './koplamp/session/v1/AttachRequest.ts';
import type { AttachResponse as _koplamp_session_v1_AttachResponse, AttachResponse__Output as _koplamp_session_v1_AttachResponse__Output } from './koplamp/session/v1/AttachResponse.ts';
import type { LetterIn as _koplamp_session_v1_LetterIn, LetterIn__Output as _koplamp_session_v1_LetterIn__Output } from './koplamp/session/v1/LetterIn.ts';
import type { LetterOut as _koplamp_session_v1_LetterOut, LetterOut__Output as _koplamp_session_v1_LetterOut__Output } from './koplamp/session/v1/LetterOut.ts';
import type { LetterTaken as _koplamp_session_v1_LetterTaken, LetterTaken__Output as _koplamp_session_v1_LetterTaken__Output } from './koplamp/session/v1/LetterTaken.ts';
import type { LineStart as _koplamp_session_v1_LineStart, LineStart__Output as _koplamp_session_v1_LineStart__Output } from './koplamp/session/v1/LineStart.ts';
import type { LineWelcome as _koplamp_session_v1_LineWelcome, LineWelcome__Output as _koplamp_session_v1_LineWelcome__Output } from './koplamp/session/v1/LineWelcome.ts';
import type { Presence as _koplamp_session_v1_Presence, Presence__Output as _koplamp_session_v1_Presence__Output } from './koplamp/session/v1/Presence.ts';
import type { PullRequest as _koplamp_session_v1_PullRequest, PullRequest__Output as _koplamp_session_v1_PullRequest__Output } from './koplamp/session/v1/PullRequest.ts';
import type { PullResponse as _koplamp_session_v1_PullResponse, PullResponse__Output as _koplamp_session_v1_PullResponse__Output } from './koplamp/session/v1/PullResponse.ts';
import type { PushRequest as _koplamp_session_v1_PushRequest, PushRequest__Output as _koplamp_session_v1_PushRequest__Output } from './koplamp/session/v1/PushRequest.ts';
import type { PushResponse as _koplamp_session_v1_PushResponse, PushResponse__Output as _koplamp_session_v1_PushResponse__Output } from './koplamp/session/v1/PushResponse.ts';
import type { SessionServiceClient as _koplamp_session_v1_SessionServiceClient, SessionServiceDefinition as _koplamp_session_v1_SessionServiceDefinition } from './koplamp/session/v1/SessionService.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  koplamp: {
    session: {
      v1: {
        AttachRequest: MessageTypeDefinition<_koplamp_session_v1_AttachRequest, _koplamp_session_v1_AttachRequest__Output>
        AttachResponse: MessageTypeDefinition<_koplamp_session_v1_AttachResponse, _koplamp_session_v1_AttachResponse__Output>
        LetterIn: MessageTypeDefinition<_koplamp_session_v1_LetterIn, _koplamp_session_v1_LetterIn__Output>
        LetterOut: MessageTypeDefinition<_koplamp_session_v1_LetterOut, _koplamp_session_v1_LetterOut__Output>
        LetterTaken: MessageTypeDefinition<_koplamp_session_v1_LetterTaken, _koplamp_session_v1_LetterTaken__Output>
        LineStart: MessageTypeDefinition<_koplamp_session_v1_LineStart, _koplamp_session_v1_LineStart__Output>
        LineWelcome: MessageTypeDefinition<_koplamp_session_v1_LineWelcome, _koplamp_session_v1_LineWelcome__Output>
        Presence: MessageTypeDefinition<_koplamp_session_v1_Presence, _koplamp_session_v1_Presence__Output>
        PullRequest: MessageTypeDefinition<_koplamp_session_v1_PullRequest, _koplamp_session_v1_PullRequest__Output>
        PullResponse: MessageTypeDefinition<_koplamp_session_v1_PullResponse, _koplamp_session_v1_PullResponse__Output>
        PushRequest: MessageTypeDefinition<_koplamp_session_v1_PushRequest, _koplamp_session_v1_PushRequest__Output>
        PushResponse: MessageTypeDefinition<_koplamp_session_v1_PushResponse, _koplamp_session_v1_PushResponse__Output>
        SessionService: SubtypeConstructor<typeof grpc.Client, _koplamp_session_v1_SessionServiceClient> & { service: _koplamp_session_v1_SessionServiceDefinition }
      }
    }
  }
}

