// Original file: ../../protos/koplamp/session/v1/session.proto


export interface PullRequest {
  'session'?: (Buffer | Uint8Array | string);
  'taken'?: (number);
  'finished'?: (boolean);
}

export interface PullRequest__Output {
  'session': (Buffer);
  'taken': (number);
  'finished': (boolean);
}
