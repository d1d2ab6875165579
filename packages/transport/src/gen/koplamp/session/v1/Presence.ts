// Original file: ../../protos/koplamp/session/v1/session.proto


export interface Presence {
  'party'?: (string);
  'online'?: (boolean);
}

export interface Presence__Output {
  'party': (string);
  'online': (boolean);
}
