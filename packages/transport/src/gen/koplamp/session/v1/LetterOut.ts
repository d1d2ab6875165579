// Original file: ../../protos/koplamp/session/v1/session.proto


export interface LetterOut {
  'to'?: (string);
  'number'?: (number);
  'envelope'?: (Buffer | Uint8Array | string);
}

export interface LetterOut__Output {
  'to': (string);
  'number': (number);
  'envelope': (Buffer);
}
