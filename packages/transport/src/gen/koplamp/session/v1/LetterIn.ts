// Original file: ../../protos/koplamp/session/v1/session.proto


export interface LetterIn {
  'from'?: (string);
  'number'?: (number);
  'envelope'?: (Buffer | Uint8Array | string);
}

export interface LetterIn__Output {
  'from': (string);
  'number': (number);
  'envelope': (Buffer);
}
