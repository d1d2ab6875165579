// SPDX-License-Identifier: Apache-2.0
// The bytes of match-pair/1 (protocols.md, section 5). A refusal names the party that sent them.
import { POINT_BYTES } from "@koplamp/crypto";
import { type Codec, type PartyId, ProtocolError } from "@koplamp/protocol";
import { concat, i2osp } from "@koplamp/wire/core";
import { compareAt } from "./ascending.ts";
import { TOKEN_BYTES } from "./messages.ts";

/** Bytes of `K`: a public key, a commitment, and the bucket of the list that it is a commitment to. */
export const PAIR_KEY_BYTES: number = 32 + 32 + 8;
/** Bytes of the nonce that stands before the tokens of a pair. */
export const NONCE_BYTES: number = 32;

/** What a sender is bound to before it has seen anything of the other. */
export interface PairKey {
  /** The public key of this session, 32 bytes. Whether it is an element is checked where it is used. */
  readonly key: Uint8Array;
  /** SHA-256 over nonce and tokens: what `T` will have to open. */
  readonly commitment: Uint8Array;
}

/** `K` of `from`, whose list the plan pads to `rows`. */
export function pairKeyCodec(from: PartyId, rows: number): Codec<PairKey> {
  const bucket = i2osp(rows, 8);
  const plain = bytesFrom(from, "K", PAIR_KEY_BYTES);
  return {
    type: "K",
    encode: ({ key, commitment }) => plain.encode(concat(key, commitment, bucket)),
    decode: (bytes) => {
      plain.decode(bytes); // attacker-controlled
      if (compareAt(bytes, 64, bucket, 0, bucket.length) !== 0) {
        throw refusal(from, "K", "the size that the plan states", "another");
      }
      return { key: bytes.slice(0, 32), commitment: bytes.slice(32, 64) };
    },
  };
}

/**
 * `T` of a pair, shard by shard: one opening after the other. Each is a nonce of 32 bytes, then exactly `rows` tokens of 16
 * bytes, strictly ascending: none comes twice.
 */
export function openingsCodec(from: PartyId, rows: number, shards: number): Codec<Uint8Array> {
  const plain = bytesFrom(from, "T", shards * openingBytes(rows));
  const checked = (bytes: Uint8Array): Uint8Array => {
    plain.decode(bytes);
    for (let at = 0; at < bytes.length; at += openingBytes(rows)) {
      expectAscending(from, "T", bytes.subarray(at + NONCE_BYTES, at + openingBytes(rows)), TOKEN_BYTES);
    }
    return bytes;
  };
  return { type: "T", encode: checked, decode: checked };
}

/** `Tπ`: a nonce of 32 bytes, then exactly `slots` tokens of 16 bytes in the order of slots. */
export function slotsCodec(from: PartyId, slots: number): Codec<Uint8Array> {
  return bytesFrom(from, "Tpi", openingBytes(slots));
}

/** Bytes of `T` or `Tπ` for so many tokens. */
export function openingBytes(rows: number): number {
  return NONCE_BYTES + rows * TOKEN_BYTES;
}

/**
 * `M` or `E` of a blind count: exactly `elements` elements of 32 bytes, strictly ascending over the whole message, so
 * that their order says nothing and none comes twice. They carry no proof.
 */
export function sortedCodec(from: PartyId, type: "M" | "E", elements: number): Codec<Uint8Array> {
  const plain = bytesFrom(from, type, elements * POINT_BYTES);
  const checked = (bytes: Uint8Array): Uint8Array => {
    expectAscending(from, type, plain.decode(bytes), POINT_BYTES);
    return bytes;
  };
  return { type, encode: checked, decode: checked };
}

/** @throws {ProtocolError} `invalid-message`, naming the sender, unless each row comes after the one before it. */
export function expectAscending(from: PartyId, type: string, rows: Uint8Array, width: number): void {
  for (let at = width; at < rows.length; at += width) {
    if (compareAt(rows, at - width, rows, at, width) >= 0) {
      throw refusal(from, type, "strictly ascending rows", "others");
    }
  }
}

/** A message of exactly `length` bytes; a refusal names its sender. */
export function bytesFrom(from: PartyId, type: string, length: number): Codec<Uint8Array> {
  const exact = (bytes: Uint8Array): Uint8Array => {
    if (bytes.length === length) return bytes;
    throw refusal(from, type, `${length} bytes`, `${bytes.length}`);
  };
  return { type, encode: exact, decode: exact };
}

function refusal(from: PartyId, type: string, expected: string, got: string): ProtocolError {
  return new ProtocolError("invalid-message", `expected ${expected} in ${type} of ${from}, got ${got}`, from);
}
