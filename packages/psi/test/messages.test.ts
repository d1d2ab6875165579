// SPDX-License-Identifier: Apache-2.0
import { ProtocolError } from "@koplamp/protocol";
import { fromUtf8, KINDS, utf8 } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  allowanceBytes,
  allowanceCodec,
  blocksOf,
  countedTokensCodec,
  countsCodec,
  KEYSET_COMMIT,
  KEYSET_ECHO,
  KEYSET_OPEN,
  ROOT,
  replyBytes,
  replyCodec,
  requestCodec,
  tokensCodec,
} from "../src/messages.ts";
import { openingsCodec, pairKeyCodec, sortedCodec } from "../src/pair-messages.ts";
import { allowance } from "./federation.ts";

const tokens = (...firsts: readonly number[]): Uint8Array =>
  Uint8Array.from(firsts.flatMap((first) => [first, ...new Array<number>(15).fill(9)]));

const CODECS = [
  ROOT,
  KEYSET_COMMIT,
  KEYSET_ECHO,
  KEYSET_OPEN,
  requestCodec(256),
  replyCodec(256),
  tokensCodec(3),
  countedTokensCodec(3, true),
  countsCodec(2),
  allowanceCodec(allowance("alice", 256)),
  pairKeyCodec("alice", 256),
  openingsCodec("alice", 3, 1),
  sortedCodec("alice", "M", 3),
  sortedCodec("alice", "E", 3),
];

describe("messages", () => {
  it("have types of the table of kinds", () => {
    expect(CODECS.map(({ type }) => type).filter((type) => KINDS[type] === undefined)).toEqual([]);
  });

  it("are refused when they are a byte longer or shorter than the plan says", () => {
    fc.assert(
      fc.property(fc.constantFrom(...CODECS), fc.uint8Array({ maxLength: 300 }), (codec, bytes) => {
        try {
          codec.decode(bytes);
        } catch (reason) {
          expect(reason).toBeInstanceOf(ProtocolError);
          expect(reason).toHaveProperty("code", "invalid-message");
        }
      }),
    );
    for (const [codec, length] of [
      [ROOT, 32],
      [KEYSET_OPEN, 128],
      [requestCodec(256), 8192],
      [replyCodec(256), 8256],
    ] as const) {
      expect(codec.decode(new Uint8Array(length))).toHaveLength(length);
      expect(() => codec.decode(new Uint8Array(length - 1))).toThrow(ProtocolError);
      expect(() => codec.decode(new Uint8Array(length + 1))).toThrow(ProtocolError);
    }
  });

  it("carry a proof under every block of 8,192 elements", () => {
    expect([1, 8192, 8193, 16_384].map(replyBytes)).toEqual([96, 262_208, 262_304, 524_416]);
    expect(blocksOf(8193)).toEqual([
      { number: 0, elements: 8192, inRequest: 0, inReply: 0 },
      { number: 1, elements: 1, inRequest: 262_144, inReply: 262_208 },
    ]);
  });

  it("hold tokens in strictly ascending order only", () => {
    expect(tokensCodec(3).decode(tokens(1, 2, 3))).toEqual(tokens(1, 2, 3));
    expect(() => tokensCodec(3).decode(tokens(1, 3, 2))).toThrow("strictly ascending");
    expect(() => tokensCodec(3).decode(tokens(1, 2, 2))).toThrow("strictly ascending");
    expect(() => tokensCodec(3).encode(tokens(2, 1, 3))).toThrow("strictly ascending");
    expect(() => tokensCodec(2).decode(tokens(1, 2, 3))).toThrow("expected 32 bytes of T, got 48");
  });

  it("of a pair name who sent them, and hold what the plan states", () => {
    const key = { key: new Uint8Array(32).fill(1), commitment: new Uint8Array(32).fill(2) };
    const bytes = pairKeyCodec("alice", 384).encode(key);
    expect(bytes.slice(64)).toEqual(Uint8Array.of(0, 0, 0, 0, 0, 0, 1, 128));
    expect(pairKeyCodec("alice", 384).decode(bytes)).toEqual(key);
    expect(() => pairKeyCodec("alice", 256).decode(bytes)).toThrow(
      "expected the size that the plan states in K of alice, got another",
    );
    const opening = Uint8Array.of(...new Uint8Array(32).fill(0xff), ...tokens(1, 2, 3));
    expect(openingsCodec("alice", 3, 1).decode(opening)).toEqual(opening);
    const point = (first: number): Uint8Array => new Uint8Array(32).fill(first, 0, 1);
    const sorted = sortedCodec("alice", "E", 2);
    expect(sorted.decode(Uint8Array.of(...point(1), ...point(2)))).toHaveLength(64);
    for (const [one, two] of [
      [2, 1],
      [1, 1],
    ] as const) {
      expect(() => sorted.decode(Uint8Array.of(...point(one), ...point(two)))).toThrow(
        "expected strictly ascending rows in E of alice, got others",
      );
      expect(() =>
        openingsCodec("alice", 2, 1).decode(Uint8Array.of(...new Uint8Array(32), ...tokens(one, two))),
      ).toThrow("expected strictly ascending rows in T of alice, got others");
    }
  });

  it("put the padding of a count before its tokens", () => {
    const counted = { padding: new Uint8Array(16).fill(4), tokens: tokens(1, 2) };
    const codec = countedTokensCodec(2, true);
    expect(codec.decode(codec.encode(counted))).toEqual(counted);
    expect(() => codec.decode(tokens(1, 2))).toThrow("expected 48 bytes of T, got 32");
    expect(() => codec.decode(tokens(9, 2, 1))).toThrow("strictly ascending");
    expect(countedTokensCodec(2, false).decode(tokens(1, 2))).toEqual({
      padding: new Uint8Array(),
      tokens: tokens(1, 2),
    });
  });

  it("hold counts, and say which are withheld", () => {
    const codec = countsCodec(3);
    expect(codec.decode(codec.encode([0, null, 2 ** 40]))).toEqual([0, null, 2 ** 40]);
    expect(() => codec.encode([1, 2])).toThrow(ProtocolError);
    expect(() => countsCodec(1).decode(new Uint8Array(8).fill(0xfe))).toThrow(ProtocolError);
  });

  it("hold exactly the allowance that both sides expect", () => {
    const expected = allowance("alice", 256);
    expect(fromUtf8(allowanceBytes(expected))).toBe(
      `{"asker":"alice","ceiling":256,"plan":"sha256:${"a".repeat(64)}","session":"${"b".repeat(32)}","unit":"elements","validUntil":"2026-11-24T12:00:00Z"}`,
    );
    const codec = allowanceCodec(expected);
    expect(codec.decode(codec.encode(expected))).toEqual(expected);
    for (const other of [
      allowance("alice", 257),
      allowance("bob", 256),
      { ...expected, session: "c".repeat(32) },
    ]) {
      expect(() => codec.decode(allowanceBytes(other))).toThrow(
        "expected the allowance of this session for alice",
      );
    }
    expect(() => codec.decode(utf8("{}"))).toThrow(ProtocolError);
  });
});
