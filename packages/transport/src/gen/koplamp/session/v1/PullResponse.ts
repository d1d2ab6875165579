// Original file: ../../protos/koplamp/session/v1/session.proto


export interface PullResponse {
  'number'?: (number);
  'frame'?: (Buffer | Uint8Array | string);
}

export interface PullResponse__Output {
  'number': (number);
  'frame': (Buffer);
}
