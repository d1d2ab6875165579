// Original file: ../../protos/koplamp/session/v1/session.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AttachRequest as _koplamp_session_v1_AttachRequest, AttachRequest__Output as _koplamp_session_v1_AttachRequest__Output } from '../../../koplamp/session/v1/AttachRequest.ts';
import type { AttachResponse as _koplamp_session_v1_AttachResponse, AttachResponse__Output as _koplamp_session_v1_AttachResponse__Output } from '../../../koplamp/session/v1/AttachResponse.ts';
import type { PullRequest as _koplamp_session_v1_PullRequest, PullRequest__Output as _koplamp_session_v1_PullRequest__Output } from '../../../koplamp/session/v1/PullRequest.ts';
import type { PullResponse as _koplamp_session_v1_PullResponse, PullResponse__Output as _koplamp_session_v1_PullResponse__Output } from '../../../koplamp/session/v1/PullResponse.ts';
import type { PushRequest as _koplamp_session_v1_PushRequest, PushRequest__Output as _koplamp_session_v1_PushRequest__Output } from '../../../koplamp/session/v1/PushRequest.ts';
import type { PushResponse as _koplamp_session_v1_PushResponse, PushResponse__Output as _koplamp_session_v1_PushResponse__Output } from '../../../koplamp/session/v1/PushResponse.ts';

export interface SessionServiceClient extends grpc.Client {
  Attach(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_koplamp_session_v1_AttachRequest, _koplamp_session_v1_AttachResponse__Output>;
  Attach(options?: grpc.CallOptions): grpc.ClientDuplexStream<_koplamp_session_v1_AttachRequest, _koplamp_session_v1_AttachResponse__Output>;
  attach(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_koplamp_session_v1_AttachRequest, _koplamp_session_v1_AttachResponse__Output>;
  attach(options?: grpc.CallOptions): grpc.ClientDuplexStream<_koplamp_session_v1_AttachRequest, _koplamp_session_v1_AttachResponse__Output>;
  
  Pull(argument: _koplamp_session_v1_PullRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_koplamp_session_v1_PullResponse__Output>;
  Pull(argument: _koplamp_session_v1_PullRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_koplamp_session_v1_PullResponse__Output>;
  pull(argument: _koplamp_session_v1_PullRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_koplamp_session_v1_PullResponse__Output>;
  pull(argument: _koplamp_session_v1_PullRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_koplamp_session_v1_PullResponse__Output>;
  
  Push(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_koplamp_session_v1_PushResponse__Output>): grpc.ClientWritableStream<_koplamp_session_v1_PushRequest>;
  Push(metadata: grpc.Metadata, callback: grpc.requestCallback<_koplamp_session_v1_PushResponse__Output>): grpc.ClientWritableStream<_koplamp_session_v1_PushRequest>;
  Push(options: grpc.CallOptions, callback: grpc.requestCallback<_koplamp_session_v1_PushResponse__Output>): grpc.ClientWritableStream<_koplamp_session_v1_PushRequest>;
  Push(callback: grpc.requestCallback<_koplamp_session_v1_PushResponse__Output>): grpc.ClientWritableStream<_koplamp_session_v1_PushRequest>;
  push(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_koplamp_session_v1_PushResponse__Output>): grpc.ClientWritableStream<_koplamp_session_v1_PushRequest>;
  push(metadata: grpc.Metadata, callback: grpc.requestCallback<_koplamp_session_v1_PushResponse__Output>): grpc.ClientWritableStream<_koplamp_session_v1_PushRequest>;
  push(options: grpc.CallOptions, callback: grpc.requestCallback<_koplamp_session_v1_PushResponse__Output>): grpc.ClientWritableStream<_koplamp_session_v1_PushRequest>;
  push(callback: grpc.requestCallback<_koplamp_session_v1_PushResponse__Output>): grpc.ClientWritableStream<_koplamp_session_v1_PushRequest>;
  
}

export interface SessionServiceHandlers extends grpc.UntypedServiceImplementation {
  Attach: grpc.handleBidiStreamingCall<_koplamp_session_v1_AttachRequest__Output, _koplamp_session_v1_AttachResponse>;
  
  Pull: grpc.handleServerStreamingCall<_koplamp_session_v1_PullRequest__Output, _koplamp_session_v1_PullResponse>;
  
  Push: grpc.handleClientStreamingCall<_koplamp_session_v1_PushRequest__Output, _koplamp_session_v1_PushResponse>;
  
}

export interface SessionServiceDefinition extends grpc.ServiceDefinition {
  Attach: MethodDefinition<_koplamp_session_v1_AttachRequest, _koplamp_session_v1_AttachResponse, _koplamp_session_v1_AttachRequest__Output, _koplamp_session_v1_AttachResponse__Output>
  Pull: MethodDefinition<_koplamp_session_v1_PullRequest, _koplamp_session_v1_PullResponse, _koplamp_session_v1_PullRequest__Output, _koplamp_session_v1_PullResponse__Output>
  Push: MethodDefinition<_koplamp_session_v1_PushRequest, _koplamp_session_v1_PushResponse, _koplamp_session_v1_PushRequest__Output, _koplamp_session_v1_PushResponse__Output>
}
