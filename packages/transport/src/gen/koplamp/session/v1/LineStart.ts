// Original file: ../../protos/koplamp/session/v1/session.proto


export interface LineStart {
  'line'?: (Buffer | Uint8Array | string);
  'epoch'?: (Buffer | Uint8Array | string);
  'taken'?: (number);
}

export interface LineStart__Output {
  'line': (Buffer);
  'epoch': (Buffer);
  'taken': (number);
}
