// SPDX-License-Identifier: Apache-2.0
// The bytes of each message (aggregation.md, sections 4 and 5). Every length follows from the plan. Whether residues are
// below their primes is checked where they are used, by a job that says no.
import { hashCodec } from "@koplamp/crypto";
import { ciphertextBytes, type ParameterSet, polynomialBytes } from "@koplamp/he";
import { type Codec, ProtocolError } from "@koplamp/protocol";
import { blockCount, type SumSession } from "./session.ts";

/** Bytes that a key share is blinded with in its commitment. */
export const NONCE_BYTES: number = 32;
/** Bytes that stand for one ciphertext in the list: SHA-256 of c0, then of c1. */
export const PAIR_BYTES: number = 64;

/** Commitments, and the hash over all of them. */
export const COMMIT: Codec<Uint8Array> = hashCodec("commit");
export const ECHO: Codec<Uint8Array> = hashCodec("echo");
/** SHA-256 of a recipient's key, for the coordinator's list. */
export const RECIPIENT_KEY_HASH: Codec<Uint8Array> = hashCodec("pkr");

/** A share b_i of the collective key, then its nonce. */
export function keyShareCodec({ key }: ParameterSet): Codec<Uint8Array> {
  return bytesCodec("b", polynomialBytes(key) + NONCE_BYTES);
}

/** The public key of a recipient: its b alone, for a follows from the session. */
export function recipientKeyCodec({ key }: ParameterSet): Codec<Uint8Array> {
  return bytesCodec("pkr", polynomialBytes(key));
}

/** One ciphertext frame of `@koplamp/he`. */
export function ciphertextCodec(set: ParameterSet): Codec<Uint8Array> {
  return bytesCodec("ct", ciphertextBytes(set));
}

/** The second polynomial of one contributor's ciphertext of one block. */
export function secondCodec({ data }: ParameterSet): Codec<Uint8Array> {
  return bytesCodec("c1", polynomialBytes(data));
}

/** The sum of the first polynomials of one block. */
export function sumCodec({ data }: ParameterSet): Codec<Uint8Array> {
  return bytesCodec("sum", polynomialBytes(data));
}

/** A party's release shares for one recipient: one ciphertext frame for each block, in order. */
export function sharesCodec(session: SumSession): Codec<Uint8Array> {
  return bytesCodec("share", blockCount(session) * ciphertextBytes(session.set));
}

/** L: what the coordinator says that everybody sent. 32 bytes a hash. */
export interface SumList {
  /** By contributor, in id order: for each block H(c0) ‖ H(c1). */
  readonly ciphertexts: readonly Uint8Array[];
  /** By recipient, in id order: the hash of its key. */
  readonly recipientKeys: readonly Uint8Array[];
  /** By block: the hash of the sum of all c0. */
  readonly sums: readonly Uint8Array[];
  /** What a protocol lists beside these. */
  readonly more?: Uint8Array;
}

/** Bytes of the list, `more` that a protocol adds included. */
export function listBytes(session: SumSession, more = 0): number {
  const blocks = blockCount(session);
  const { contributors, recipients } = session;
  return contributors.length * blocks * PAIR_BYTES + recipients.length * 32 + blocks * 32 + more;
}

/** The list: its parts one after the other. */
export function listCodec(session: SumSession, more = 0): Codec<SumList> {
  const plain = bytesCodec("list", listBytes(session, more));
  const { contributors, recipients } = session;
  const blocks = blockCount(session);
  return {
    type: plain.type,
    encode: ({ ciphertexts, recipientKeys, sums, more: added = new Uint8Array() }) => {
      const bytes = new Uint8Array(listBytes(session, more));
      let at = 0;
      for (const part of [...ciphertexts, ...recipientKeys, ...sums, added]) {
        bytes.set(part, at);
        at += part.length;
      }
      return plain.encode(bytes);
    },
    decode: (got) => {
      const bytes = plain.decode(got); // attacker-controlled
      const keysAt = contributors.length * blocks * PAIR_BYTES;
      return {
        ciphertexts: pieces(bytes, 0, contributors.length, blocks * PAIR_BYTES),
        recipientKeys: pieces(bytes, keysAt, recipients.length, 32),
        sums: pieces(bytes, keysAt + recipients.length * 32, blocks, 32),
        ...(more === 0 ? {} : { more: bytes.slice(bytes.length - more) }),
      };
    },
  };
}

/** `count` pieces of `length` bytes. */
function pieces(bytes: Uint8Array, from: number, count: number, length: number): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, at) => bytes.slice(from + at * length, from + (at + 1) * length));
}

/** A codec of exactly so many bytes, whatever they are. */
export function bytesCodec(type: string, length: number): Codec<Uint8Array> {
  const exact = (bytes: Uint8Array): Uint8Array => {
    if (bytes.length === length) return bytes;
    throw new ProtocolError("invalid-message", `expected ${length} bytes of ${type}, got ${bytes.length}`);
  };
  return { type, encode: exact, decode: exact };
}
