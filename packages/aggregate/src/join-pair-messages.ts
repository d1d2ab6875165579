// SPDX-License-Identifier: Apache-2.0
// The bytes of a join of two, beside those of the match in it. Every length follows from the plan.
import { ciphertextBytes, type ParameterSet, seededBytes } from "@koplamp/he";
import { type Codec, type PartyId, ProtocolError } from "@koplamp/protocol";

/** One chunk of one column of values: a seeded ciphertext frame. */
export function sealedCodec(set: ParameterSet, from: PartyId): Codec<Uint8Array> {
  return bytesFrom(from, "ct", seededBytes(set));
}

/** Totals: so many ciphertext frames one after the other. */
export function totalsCodec(set: ParameterSet, from: PartyId, totals: number): Codec<Uint8Array> {
  return bytesFrom(from, "acc", totals * ciphertextBytes(set));
}

function bytesFrom(from: PartyId, type: string, length: number): Codec<Uint8Array> {
  const exact = (bytes: Uint8Array): Uint8Array => {
    if (bytes.length === length) return bytes;
    const message = `expected ${length} bytes of ${type} from ${from}, got ${bytes.length}`;
    throw new ProtocolError("invalid-message", message, from);
  };
  return { type, encode: exact, decode: exact };
}
