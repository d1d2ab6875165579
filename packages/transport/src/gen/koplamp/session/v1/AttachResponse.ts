// Original file: ../../protos/koplamp/session/v1/session.proto

import type { LineWelcome as _koplamp_session_v1_LineWelcome, LineWelcome__Output as _koplamp_session_v1_LineWelcome__Output } from '../../../koplamp/session/v1/LineWelcome.ts';
import type { LetterIn as _koplamp_session_v1_LetterIn, LetterIn__Output as _koplamp_session_v1_LetterIn__Output } from '../../../koplamp/session/v1/LetterIn.ts';
import type { LetterTaken as _koplamp_session_v1_LetterTaken, LetterTaken__Output as _koplamp_session_v1_LetterTaken__Output } from '../../../koplamp/session/v1/LetterTaken.ts';
import type { Presence as _koplamp_session_v1_Presence, Presence__Output as _koplamp_session_v1_Presence__Output } from '../../../koplamp/session/v1/Presence.ts';

export interface AttachResponse {
  'welcome'?: (_koplamp_session_v1_LineWelcome | null);
  'letter'?: (_koplamp_session_v1_LetterIn | null);
  'taken'?: (_koplamp_session_v1_LetterTaken | null);
  'presence'?: (_koplamp_session_v1_Presence | null);
  'alive'?: (boolean);
  'item'?: "welcome"|"letter"|"taken"|"presence"|"alive";
}

export interface AttachResponse__Output {
  'welcome'?: (_koplamp_session_v1_LineWelcome__Output | null);
  'letter'?: (_koplamp_session_v1_LetterIn__Output | null);
  'taken'?: (_koplamp_session_v1_LetterTaken__Output | null);
  'presence'?: (_koplamp_session_v1_Presence__Output | null);
  'alive'?: (boolean);
  'item'?: "welcome"|"letter"|"taken"|"presence"|"alive";
}
