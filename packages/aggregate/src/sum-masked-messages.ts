// SPDX-License-Identifier: Apache-2.0
// The bytes of each message (aggregation.md, section 6). Every length follows from the plan, and any words are words.
import { hashCodec } from "@koplamp/crypto";
import type { Codec } from "@koplamp/protocol";
import { bytesCodec } from "./messages.ts";
import { chunkBytes, type MaskedSession } from "./sum-masked-session.ts";

/** Bytes that stand for one contributor in the list: the commitment of its seed, then the root of its chunks. */
const ENTRY_BYTES = 64;

/** Commitments, and the hash over all of them; to the coordinator, the commitment of a seed. */
export const COMMIT: Codec<Uint8Array> = hashCodec("commit");
/** The hash over all commitments; from the coordinator, the hash of what it took of this node. */
export const ECHO: Codec<Uint8Array> = hashCodec("echo");
/** A party's seed: its veto. */
export const SEED: Codec<Uint8Array> = hashCodec("seed");

/** One contributor's chunk, hidden. */
export function wordsCodec(session: MaskedSession, chunk: number): Codec<Uint8Array> {
  return bytesCodec("y", chunkBytes(session, chunk));
}

/** The sum of all of them, still under all seeds. */
export function hiddenSumCodec(session: MaskedSession, chunk: number): Codec<Uint8Array> {
  return bytesCodec("sum", chunkBytes(session, chunk));
}

/** L: what the coordinator says that everybody sent. */
export interface MaskedList {
  /** By contributor, in id order: its seed's commitment ‖ SHA-256 over the hashes of its chunks. */
  readonly entries: readonly Uint8Array[];
  /** SHA-256 over the hashes of the summed chunks. */
  readonly sums: Uint8Array;
}

/** Bytes of the list. */
export function maskedListBytes({ contributors }: Pick<MaskedSession, "contributors">): number {
  return contributors.length * ENTRY_BYTES + 32;
}

/** The list: entries, then the root of the sums. */
export function maskedListCodec(session: MaskedSession): Codec<MaskedList> {
  const plain = bytesCodec("list", maskedListBytes(session));
  const sumsAt = session.contributors.length * ENTRY_BYTES;
  return {
    type: plain.type,
    encode: ({ entries, sums }) => {
      const bytes = new Uint8Array(maskedListBytes(session));
      entries.forEach((entry, at) => {
        bytes.set(entry, at * ENTRY_BYTES);
      });
      bytes.set(sums, sumsAt);
      return plain.encode(bytes);
    },
    decode: (got) => {
      const bytes = plain.decode(got); // attacker-controlled
      const entries = session.contributors.map((_, at) =>
        bytes.slice(at * ENTRY_BYTES, (at + 1) * ENTRY_BYTES),
      );
      return { entries, sums: bytes.slice(sumsAt) };
    },
  };
}
