// SPDX-License-Identifier: Apache-2.0
// The bytes of each message (protocols.md, section 5). Every length follows from the plan; nothing else is accepted.
import { equal, hashCodec, MOST_PROVEN, POINT_BYTES, PROOF_BYTES } from "@koplamp/crypto";
import { type Codec, type PartyId, ProtocolError } from "@koplamp/protocol";
import { utf8 } from "@koplamp/wire/core";

export const TOKEN_BYTES: number = 16;
/** Bytes of a number that senders mask against each other: it stands before what is counted. */
export const MASKED_BYTES: number = 16;
/** Bytes of an opened key share: public key, proof of possession, nonce. */
export const OPENING_BYTES: number = 32 + 64 + 32;

/** The root of a party's salted inputs. */
export const ROOT: Codec<Uint8Array> = hashCodec("R");
/** The key ceremony: commitment, hash over all commitments, opening. */
export const KEYSET_COMMIT: Codec<Uint8Array> = hashCodec("keyset.commit");
export const KEYSET_ECHO: Codec<Uint8Array> = hashCodec("keyset.echo");
export const KEYSET_OPEN: Codec<Uint8Array> = bytesCodec("keyset.open", OPENING_BYTES);

/** Blinded elements: `elements * 32` bytes. Whether they are elements is checked where they are used. */
export function requestCodec(elements: number): Codec<Uint8Array> {
  return bytesCodec("M", elements * POINT_BYTES);
}

/** Evaluated elements in blocks of 8,192, each block followed by its proof of 64 bytes. */
export function replyCodec(elements: number): Codec<Uint8Array> {
  return bytesCodec("E", replyBytes(elements));
}

/** Bytes of the reply to a request of so many elements. */
export function replyBytes(elements: number): number {
  return elements * POINT_BYTES + Math.ceil(elements / MOST_PROVEN) * PROOF_BYTES;
}

/** One block of a request, and of the reply to it. */
export interface Block {
  readonly number: number;
  readonly elements: number;
  /** Where the block's elements begin, in bytes: in the request, and in the reply. */
  readonly inRequest: number;
  readonly inReply: number;
}

/** The blocks of a request, in order. */
export function blocksOf(elements: number): readonly Block[] {
  return Array.from({ length: Math.ceil(elements / MOST_PROVEN) }, (_, number) => ({
    number,
    elements: Math.min(MOST_PROVEN, elements - number * MOST_PROVEN),
    inRequest: number * MOST_PROVEN * POINT_BYTES,
    inReply: number * (MOST_PROVEN * POINT_BYTES + PROOF_BYTES),
  }));
}

/** Exactly `rows` tokens of 16 bytes, strictly ascending: this is also the test that none comes twice. */
export function tokensCodec(rows: number): Codec<Uint8Array> {
  const plain = bytesCodec("T", rows * TOKEN_BYTES);
  const checked = (tokens: Uint8Array): Uint8Array => expectAscending(plain.decode(tokens));
  return { type: "T", encode: checked, decode: checked };
}

/** The tokens of a count, and before them the sender's masked number of dummies where singles are counted. */
export interface CountedTokens {
  /** 16 bytes, little-endian, mod 2^128; empty where no answer depends on singles. */
  readonly padding: Uint8Array;
  readonly tokens: Uint8Array;
}

/** `T` of `overlap-count`: padding (16 bytes, or none), then exactly `rows` tokens as in `tokensCodec`. */
export function countedTokensCodec(rows: number, withPadding: boolean): Codec<CountedTokens> {
  const before = withPadding ? MASKED_BYTES : 0;
  const plain = bytesCodec("T", before + rows * TOKEN_BYTES);
  return {
    type: "T",
    encode: ({ padding, tokens }) => {
      const bytes = new Uint8Array(padding.length + tokens.length);
      bytes.set(padding);
      bytes.set(expectAscending(tokens), padding.length);
      return plain.encode(bytes);
    },
    decode: (bytes) => ({
      padding: plain.decode(bytes).slice(0, before),
      tokens: expectAscending(bytes.slice(before)),
    }),
  };
}

function expectAscending(tokens: Uint8Array): Uint8Array {
  for (let at = TOKEN_BYTES; at < tokens.length; at += TOKEN_BYTES) {
    let byte = 0;
    while (byte < TOKEN_BYTES && tokens[at + byte] === tokens[at + byte - TOKEN_BYTES]) byte += 1;
    if (byte === TOKEN_BYTES || (tokens[at + byte] ?? 0) < (tokens[at + byte - TOKEN_BYTES] ?? 0)) {
      throw new ProtocolError("invalid-message", "expected strictly ascending tokens in T, got others");
    }
  }
  return tokens;
}

/** A count that may be withheld (`null`). */
export type Count = number | null;

/** Exactly `cells` counts, signed, little-endian, 8 bytes each; -1 stands for a count that is withheld. */
export function countsCodec(cells: number): Codec<readonly Count[]> {
  const plain = bytesCodec("C", cells * 8);
  return {
    type: "C",
    encode: (counts) => {
      const bytes = new Uint8Array(counts.length * 8);
      const view = new DataView(bytes.buffer);
      counts.forEach((count, at) => void view.setBigInt64(at * 8, BigInt(count ?? -1), true));
      return plain.encode(bytes);
    },
    decode: (bytes) => {
      const view = new DataView(plain.decode(bytes).buffer, bytes.byteOffset, bytes.length);
      return Array.from({ length: cells }, (_, at) => countAt(view, at));
    },
  };
}

function countAt(view: DataView, at: number): Count {
  const count = Number(view.getBigInt64(at * 8, true));
  if (count < -1 || !Number.isSafeInteger(count)) {
    throw new ProtocolError("invalid-message", "expected counts of at least 0, or -1 for withheld, in C");
  }
  return count === -1 ? null : count;
}

/** The right to have `ceiling` elements evaluated: the body of the ledger entry `allow` (evidence.md, section 5). */
export interface Allowance {
  readonly asker: PartyId;
  /** Padded elements, at most. */
  readonly ceiling: number;
  /** `sha256:` and 64 hex digits: the plan's hash. */
  readonly plan: string;
  /** 32 hex digits. */
  readonly session: string;
  /** `YYYY-MM-DDThh:mm:ssZ`. */
  readonly validUntil: string;
  /** What is counted; absent: elements under a key set. Look-ups are counted apart. */
  readonly unit?: "lookups";
}

/** `W` as canonical JSON, accepted only when it is exactly `expected`. */
export function allowanceCodec(expected: Allowance): Codec<Allowance> {
  const bytes = allowanceBytes(expected);
  return {
    type: "W",
    encode: allowanceBytes,
    decode: (got) => {
      // attacker-controlled, and never parsed: both sides know what it must say
      if (equal(got, bytes)) return expected;
      throw new ProtocolError(
        "invalid-message",
        `expected the allowance of this session for ${expected.asker}`,
      );
    },
  };
}

/** The bytes of an allowance: JCS, all of whose strings are plain ASCII here. */
export function allowanceBytes({
  asker,
  ceiling,
  plan,
  session,
  unit = "elements",
  validUntil,
}: Omit<Allowance, "unit"> & { readonly unit?: "elements" | "lookups" }): Uint8Array {
  return utf8(JSON.stringify({ asker, ceiling, plan, session, unit, validUntil }));
}

function bytesCodec(type: string, length: number): Codec<Uint8Array> {
  const exact = (bytes: Uint8Array): Uint8Array => {
    if (bytes.length === length) return bytes;
    throw new ProtocolError("invalid-message", `expected ${length} bytes of ${type}, got ${bytes.length}`);
  };
  return { type, encode: exact, decode: exact };
}
