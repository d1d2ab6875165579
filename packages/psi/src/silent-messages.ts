// SPDX-License-Identifier: Apache-2.0
// The bytes by which two parties make a correlation. What is inside is random, or is checked where it is used.
import { POINT_BYTES } from "@koplamp/crypto";
import type { Codec, PartyId } from "@koplamp/protocol";
import { bytesFrom } from "./pair-messages.ts";
import { DELTA_BITS, rowBytes } from "./silent-base.ts";
import { baseOf, type SilentShape } from "./silent-code.ts";
import { OFFERS_BYTES } from "./silent-ot.ts";
import { treesBytes } from "./silent-transfer.ts";
import { SUMS_BYTES } from "./vole.ts";

/** Bytes of each message between the two, by its type. */
export function silentBytes(shape: SilentShape): {
  readonly O: number;
  readonly U: number;
  readonly G: number;
} {
  const rows = DELTA_BITS * rowBytes(baseOf(shape));
  return { O: OFFERS_BYTES, U: POINT_BYTES + rows + SUMS_BYTES, G: treesBytes(shape) };
}

/** `O` of the sender: two elements for each bit of delta. `U` of the receiver: an element, 128 rows, the sums of their check. `G` of the sender: sums of nodes. */
export function silentCodec(from: PartyId, type: "O" | "U" | "G", shape: SilentShape): Codec<Uint8Array> {
  return bytesFrom(from, type, silentBytes(shape)[type]);
}

/** The parts of `U`. `answered`: all but the sums. */
export function baseParts(message: Uint8Array): {
  readonly answer: Uint8Array;
  readonly rows: Uint8Array;
  readonly answered: Uint8Array;
  readonly sums: Uint8Array;
} {
  const end = message.length - SUMS_BYTES;
  return {
    answer: message.subarray(0, POINT_BYTES),
    rows: message.subarray(POINT_BYTES, end),
    answered: message.subarray(0, end),
    sums: message.subarray(end),
  };
}
