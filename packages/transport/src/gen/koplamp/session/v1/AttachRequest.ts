// Original file: ../../protos/koplamp/session/v1/session.proto

import type { LineStart as _koplamp_session_v1_LineStart, LineStart__Output as _koplamp_session_v1_LineStart__Output } from '../../../koplamp/session/v1/LineStart.ts';
import type { LetterOut as _koplamp_session_v1_LetterOut, LetterOut__Output as _koplamp_session_v1_LetterOut__Output } from '../../../koplamp/session/v1/LetterOut.ts';

export interface AttachRequest {
  'start'?: (_koplamp_session_v1_LineStart | null);
  'letter'?: (_koplamp_session_v1_LetterOut | null);
  'taken'?: (number);
  'item'?: "start"|"letter"|"taken";
}

export interface AttachRequest__Output {
  'start'?: (_koplamp_session_v1_LineStart__Output | null);
  'letter'?: (_koplamp_session_v1_LetterOut__Output | null);
  'taken'?: (number);
  'item'?: "start"|"letter"|"taken";
}
