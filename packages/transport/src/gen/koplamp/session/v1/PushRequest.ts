// Original file: ../../protos/koplamp/session/v1/session.proto


export interface PushRequest {
  'frame'?: (Buffer | Uint8Array | string);
}

export interface PushRequest__Output {
  'frame': (Buffer);
}
