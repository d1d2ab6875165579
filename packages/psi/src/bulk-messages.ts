// SPDX-License-Identifier: Apache-2.0
// The bytes of bulk-pair/1. A refusal names the party that sent them.
import type { Codec, PartyId } from "@koplamp/protocol";
import { ProtocolError } from "@koplamp/protocol";
import { concat } from "@koplamp/wire/core";
import { TOKEN_BYTES } from "./messages.ts";
import { CELL_BYTES, type OkvsLayout } from "./okvs-layout.ts";
import { bytesFrom, expectAscending } from "./pair-messages.ts";
import { receiverBytes, SENDER_BYTES, SUMS_BYTES } from "./vole.ts";

/** Seeds that a receiver tries. All of them fail with a chance below 2^-300. */
export const MOST_ATTEMPTS = 8;

/** What the dealer gives a party: its half of each correlation in which it has a part, in order. */
export interface DealtParts {
  /** Layouts of the runs in which it receives, and the number of those in which it sends. */
  readonly receives: readonly OkvsLayout[];
  readonly sends: number;
}

/** Bytes of `dealt`. */
export function dealtBytes({ receives, sends }: DealtParts): number {
  return receives.reduce((sum, { cells }) => sum + receiverBytes(cells), 0) + sends * SENDER_BYTES;
}

/** `dealt` as the dealer sends it: what is inside is random and cannot be wrong in form. */
export function dealtCodec(from: PartyId, parts: DealtParts): Codec<Uint8Array> {
  return bytesFrom(from, "dealt", dealtBytes(parts));
}

/** A store under the receiver's masks. */
export interface MaskedStore {
  /** Which seed it is encoded under: the number of those before it that did not serve. */
  readonly attempt: number;
  /** The receiver's side of the check of the correlation. */
  readonly sums: Uint8Array;
  /** All cells, 16 bytes each. */
  readonly cells: Uint8Array;
}

/** Bytes of `V`. */
export function storeBytes({ cells }: OkvsLayout): number {
  return 1 + SUMS_BYTES + cells * CELL_BYTES;
}

/** `V`: one byte for the attempt, sums, cells. */
export function storeCodec(from: PartyId, layout: OkvsLayout): Codec<MaskedStore> {
  const plain = bytesFrom(from, "V", storeBytes(layout));
  return {
    type: "V",
    encode: ({ attempt, sums, cells }) => plain.encode(concat(Uint8Array.of(attempt), sums, cells)),
    decode: (bytes) => {
      const attempt = plain.decode(bytes)[0] ?? 0; // attacker-controlled
      if (attempt >= MOST_ATTEMPTS) {
        throw new ProtocolError(
          "invalid-message",
          `expected one of ${MOST_ATTEMPTS} seeds in V of ${from}, got another`,
          from,
        );
      }
      return {
        attempt,
        sums: bytes.subarray(1, 1 + SUMS_BYTES),
        cells: bytes.subarray(1 + SUMS_BYTES),
      };
    },
  };
}

/** `T`: exactly `rows` tokens of 16 bytes, strictly ascending: none comes twice, and their order says nothing. */
export function bulkTokensCodec(from: PartyId, rows: number): Codec<Uint8Array> {
  const plain = bytesFrom(from, "T", rows * TOKEN_BYTES);
  const checked = (bytes: Uint8Array): Uint8Array => {
    expectAscending(from, "T", plain.decode(bytes), TOKEN_BYTES);
    return bytes;
  };
  return { type: "T", encode: checked, decode: checked };
}
