// Original file: ../../protos/koplamp/session/v1/session.proto


export interface LineWelcome {
  'epoch'?: (Buffer | Uint8Array | string);
}

export interface LineWelcome__Output {
  'epoch': (Buffer);
}
