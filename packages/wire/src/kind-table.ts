// SPDX-License-Identifier: Apache-2.0

/** How the messages of one kind are cut into frames. */
export interface KindSpec {
  /** The byte in the frame header. */
  readonly kind: number;
  /** Plaintext bytes in a full frame: a whole number of the kind's units (protocols.md, section 5). */
  readonly frameBytes: number;
}

const ELEMENTS = 8192 * 32;
const TOKENS = 16_384 * 16;
const MOST = 262_208;

/**
 * Message types and the byte that stands for each in a frame header. Kinds 1 to 13 are those of protocols.md
 * section 5, 20 to 34 those of aggregation.md section 4, 40 on are the key ceremony, 60 on the teaching examples.
 */
export const KINDS: Readonly<Record<string, KindSpec>> = {
  M: { kind: 1, frameBytes: ELEMENTS },
  E: { kind: 2, frameBytes: ELEMENTS + 64 },
  T: { kind: 3, frameBytes: TOKENS },
  R: { kind: 4, frameBytes: MOST },
  K: { kind: 5, frameBytes: MOST },
  C: { kind: 9, frameBytes: MOST },
  ready: { kind: 10, frameBytes: MOST },
  W: { kind: 11, frameBytes: MOST },
  commit: { kind: 20, frameBytes: MOST },
  b: { kind: 21, frameBytes: MOST },
  alpha: { kind: 22, frameBytes: MOST },
  ct: { kind: 23, frameBytes: MOST },
  list: { kind: 24, frameBytes: MOST },
  c1: { kind: 25, frameBytes: MOST },
  sum: { kind: 27, frameBytes: MOST },
  share: { kind: 28, frameBytes: MOST },
  "keyset.commit": { kind: 40, frameBytes: MOST },
  "keyset.echo": { kind: 41, frameBytes: MOST },
  "keyset.open": { kind: 42, frameBytes: MOST },
  confirm: { kind: 50, frameBytes: MOST },
  pkR: { kind: 51, frameBytes: MOST },
  echo: { kind: 52, frameBytes: MOST },
};
