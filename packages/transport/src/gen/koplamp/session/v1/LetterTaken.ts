// Original file: ../../protos/koplamp/session/v1/session.proto


export interface LetterTaken {
  'to'?: (string);
  'number'?: (number);
}

export interface LetterTaken__Output {
  'to': (string);
  'number': (number);
}
