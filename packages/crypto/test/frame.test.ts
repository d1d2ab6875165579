// SPDX-License-Identifier: Apache-2.0
import { concat, hex, lp, utf8 } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  FRAME_KINDS,
  FrameOpener,
  FrameSealer,
  HEADER_BYTES,
  MOST_BODY_BYTES,
  MOST_FRAME_BYTES,
  parseHeader,
  partyTag,
} from "../src/frame.ts";
import type { Primitives } from "../src/primitives.ts";
import { flipped, PORTS, repeating } from "./ports.ts";

const seed = new Uint8Array(32).fill(10);
const binding = { session: new Uint8Array(16).fill(1), transcript: new Uint8Array(32).fill(2) };
const keys = { key: new Uint8Array(32).fill(3), iv: new Uint8Array(12).fill(4) };
const link = { keys, binding, from: "douane", to: "kmar" };

function pair(primitives: Primitives, change: object = {}) {
  const opener = { ...link, ...change };
  return {
    sealer: new FrameSealer(primitives, link, seed),
    opener: new FrameOpener(primitives, opener, primitives.ed25519PublicKey(seed)),
  };
}

const openAll = (opener: FrameOpener, frames: readonly Uint8Array[]) =>
  frames.map((frame) => opener.open(frame)).filter((message) => message !== undefined);

describe("the table of kinds", () => {
  test("numbers and names are each used once, and fit a byte", () => {
    const numbers = Object.values(FRAME_KINDS);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(numbers.every((kind) => kind >= 0 && kind < 256)).toBe(true);
  });
});

describe.each(PORTS)("frames over %s", (_name, primitives) => {
  test("frozen", () => {
    const { sealer } = pair(primitives);
    const [first] = sealer.seal("R", new Uint8Array(32).fill(6));
    const [second = new Uint8Array()] = sealer.seal("ready", new Uint8Array(32).fill(7));
    expect(hex(partyTag(primitives, "douane"))).toBe(hex(primitives.sha256(lp("douane")).slice(0, 16)));
    const header = concat(
      Uint8Array.of(1, 10, 1, 0),
      binding.session,
      partyTag(primitives, "douane"),
      partyTag(primitives, "kmar"),
      Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1),
      binding.transcript,
    );
    expect(hex(second.subarray(0, HEADER_BYTES))).toBe(hex(header));
    expect(hex(primitives.sha256(concat(first ?? header, second)))).toBe(
      "5ce7a817715e03c129654a8453004be49be1d3502f31a06a83d340a901cff2fe",
    );
  });

  test("the nonce is iv XOR seq, the signature stands inside the seal", () => {
    const { sealer } = pair(primitives);
    sealer.seal("M", utf8("zero"));
    const [frame = new Uint8Array()] = sealer.seal("M", utf8("one"));
    const nonce = keys.iv.slice();
    nonce[11] = (nonce[11] ?? 0) ^ 1;
    const header = frame.subarray(0, HEADER_BYTES);
    const body = primitives.aesGcmOpen(keys.key, nonce, header, frame.subarray(HEADER_BYTES));
    const signature = body?.subarray(3) ?? new Uint8Array();
    const statement = concat(
      utf8("koplamp.frame/v1"),
      binding.transcript,
      partyTag(primitives, "douane"),
      partyTag(primitives, "kmar"),
      Uint8Array.of(1, 0, 0, 0, 1),
      primitives.sha256(utf8("one")),
    );
    expect(body?.subarray(0, 3)).toEqual(utf8("one"));
    expect(primitives.ed25519Verify(primitives.ed25519PublicKey(seed), statement, signature)).toBe(true);
  });

  test("messages around the length of a frame", () => {
    const { sealer, opener } = pair(primitives);
    for (const length of [
      0,
      1,
      MOST_BODY_BYTES - 1,
      MOST_BODY_BYTES,
      MOST_BODY_BYTES + 1,
      2 * MOST_BODY_BYTES,
    ]) {
      const bytes = repeating("body")(length);
      const frames = sealer.seal("M", bytes);
      expect(frames.length).toBe(Math.max(1, Math.ceil(length / MOST_BODY_BYTES)));
      expect(frames.every((frame) => frame.length <= MOST_FRAME_BYTES)).toBe(true);
      const [message, more] = openAll(opener, frames);
      expect(message?.type).toBe("M");
      expect(hex(primitives.sha256(message?.bytes ?? utf8("")))).toBe(hex(primitives.sha256(bytes)));
      expect(more).toBeUndefined();
    }
    expect(MOST_FRAME_BYTES).toBe(262_384);
  });

  test("every byte of the header, and a sample of the body, changed: refused", () => {
    const [frame = new Uint8Array()] = pair(primitives).sealer.seal("M", repeating("body")(300));
    for (let at = 0; at < frame.length; at += at < HEADER_BYTES ? 1 : 7) {
      for (const bit of [0, 7]) {
        const { opener } = pair(primitives);
        expect(() => opener.open(flipped(frame, at, bit)), `byte ${at}`).toThrow();
      }
    }
  });

  test("a frame cut or lengthened anywhere: refused", () => {
    const [frame = new Uint8Array()] = pair(primitives).sealer.seal("M", repeating("body")(100));
    for (let length = 0; length < frame.length; length += 5) {
      expect(() => pair(primitives).opener.open(frame.slice(0, length)), `${length} bytes`).toThrow();
    }
    expect(() => pair(primitives).opener.open(concat(frame, Uint8Array.of(0)))).toThrow("does not open");
  });

  test("lost, repeated and reordered frames: refused, by number", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 8 }), (order) => {
        const { sealer, opener } = pair(primitives);
        const frames = Array.from({ length: 6 }, (_, at) => sealer.seal("M", Uint8Array.of(at))).flat();
        const got: number[] = [];
        try {
          for (const at of order) got.push(opener.open(frames[at] ?? utf8(""))?.bytes[0] ?? -1);
          expect(order).toEqual(order.map((_, at) => at));
        } catch (error) {
          expect(error).toMatchObject({ code: "invalid-frame" });
          expect(order[got.length]).not.toBe(got.length);
        }
        expect(got).toEqual(got.map((_, at) => at));
      }),
      { numRuns: 50 },
    );
  });

  test("seq.unchecked: only the opener's count keeps a replayed frame out", () => {
    const { sealer, opener } = pair(primitives);
    const [frame = new Uint8Array()] = sealer.seal("M", utf8("again"));
    opener.open(frame);
    expect(() => opener.open(frame)).toThrow("expected frame 1 of douane, got frame 0");
    expect(pair(primitives).opener.open(frame)?.bytes).toEqual(utf8("again")); // one that counts from 0 again takes it
  });

  test("transcript.short: a frame of another transcript, session, sender or recipient is refused", () => {
    const [frame = new Uint8Array()] = pair(primitives).sealer.seal("M", utf8("x"));
    const changes = [
      { binding: { ...binding, transcript: flipped(binding.transcript, 31) } },
      { binding: { ...binding, session: flipped(binding.session, 0) } },
      { from: "fiod" },
      { to: "fiod" },
    ];
    for (const change of changes) {
      expect(() => pair(primitives, change).opener.open(frame)).toThrow("in this session, got another");
    }
    const iv = { keys: { ...keys, iv: flipped(keys.iv, 0) } };
    expect(() => pair(primitives, iv).opener.open(frame)).toThrow("does not open");
  });

  test("a message that somebody else signed is refused", () => {
    const [frame = new Uint8Array()] = new FrameSealer(primitives, link, flipped(seed, 0)).seal(
      "M",
      utf8("x"),
    );
    expect(() => pair(primitives).opener.open(frame)).toThrow("signed by douane");
  });

  test("a message whose frames are of two kinds, or not full, is refused", () => {
    const long = repeating("long")(MOST_BODY_BYTES + 10);
    const [first = new Uint8Array()] = pair(primitives).sealer.seal("M", long);
    const [, second = new Uint8Array()] = pair(primitives).sealer.seal("E", long);
    const { opener } = pair(primitives);
    opener.open(first);
    expect(() => opener.open(second)).toThrow("in this session, got another");
    const header = first.slice(0, HEADER_BYTES);
    const short = concat(header, primitives.aesGcmSeal(keys.key, keys.iv, header, long.subarray(0, 100)));
    expect(() => pair(primitives).opener.open(short)).toThrow("a full frame");
  });

  test("types without a number, and messages too long, are not sealed", () => {
    const { sealer } = pair(primitives);
    expect(() => sealer.seal("toString", utf8("x"))).toThrow("has no number");
    expect(() => sealer.seal("M", new Uint8Array(256 * MOST_BODY_BYTES + 1))).toThrow("at most");
  });

  test("headers of another version, kind, flag or reserved byte do not parse", () => {
    const [frame = new Uint8Array()] = pair(primitives).sealer.seal("M", utf8("x"));
    expect(parseHeader(frame)).toMatchObject({ kind: 1, last: true, message: 0, block: 0, seq: 0 });
    for (const [at, value] of [
      [0, 0],
      [0, 2],
      [1, 17],
      [1, 41],
      [1, 255],
      [2, 2],
      [2, 3],
      [3, 1],
    ] as const) {
      const copy = frame.slice();
      copy[at] = value;
      expect(() => parseHeader(copy)).toThrow("version 1 and a known kind");
    }
    expect(() => parseHeader(new Uint8Array(MOST_FRAME_BYTES + 1))).toThrow("at most");
  });
});

test("a message that never ends is refused before it fills the memory", () => {
  const [[, primitives] = expect.fail()] = PORTS;
  const { sealer, opener } = pair(primitives);
  const [first = new Uint8Array()] = sealer.seal("M", new Uint8Array(MOST_BODY_BYTES + 1));
  const body = new Uint8Array(MOST_BODY_BYTES);
  const frame = (block: number) => {
    const header = first.slice(0, HEADER_BYTES);
    new DataView(header.buffer).setUint32(56, block);
    new DataView(header.buffer).setUint32(60, block);
    const nonce = keys.iv.slice();
    new DataView(nonce.buffer).setUint32(8, new DataView(nonce.buffer).getUint32(8) ^ block);
    return concat(header, primitives.aesGcmSeal(keys.key, nonce, header, body));
  };
  for (let block = 0; block < 255; block += 1) opener.open(frame(block));
  expect(() => opener.open(frame(255))).toThrow("messages of at most");
});
