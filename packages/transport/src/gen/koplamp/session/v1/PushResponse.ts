// Original file: ../../protos/koplamp/session/v1/session.proto


export interface PushResponse {
  'taken'?: (number);
}

export interface PushResponse__Output {
  'taken': (number);
}
