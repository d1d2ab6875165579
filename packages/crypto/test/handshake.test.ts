// SPDX-License-Identifier: Apache-2.0
import { concat, hex } from "@koplamp/wire";
import { describe, expect, test } from "vitest";
import {
  confirmation,
  decapsulate,
  encapsulate,
  makeHello,
  type PairKeys,
  pairKeys,
  readHello,
  wipeHello,
  wipePairKeys,
} from "../src/handshake.ts";
import type { Primitives } from "../src/primitives.ts";
import { flipped, PORTS, repeating, withFixedKem } from "./ports.ts";

const binding = { session: new Uint8Array(16).fill(1), transcript: new Uint8Array(32).fill(2) };
const other = { ...binding, transcript: new Uint8Array(32).fill(3) };
const seeds = {
  a: new Uint8Array(32).fill(10),
  b: new Uint8Array(32).fill(11),
  x: new Uint8Array(32).fill(12),
};

/** Both sides of a handshake between "a" and "b"; `b` may be bound to something else. */
function shake(primitives: Primitives, atB = binding, forB: Primitives = primitives) {
  const identity = { a: primitives.ed25519PublicKey(seeds.a), b: forB.ed25519PublicKey(seeds.b) };
  const a = makeHello(primitives, repeating("a"), "a", seeds.a, binding);
  const b = makeHello(forB, repeating("b"), "b", seeds.b, atB);
  const seenByA = readHello(primitives, "b", identity.b, binding, b.message);
  const seenByB = readHello(forB, "a", identity.a, atB, a.message);
  const sent = encapsulate(primitives, a, seenByA, seeds.a, binding);
  const { message } = sent;
  const got = decapsulate(forB, b, seenByB, identity.a, atB, message);
  const [keysA, keysB] = [
    pairKeys(primitives, a, seenByA, binding, sent),
    pairKeys(forB, b, seenByB, atB, got),
  ];
  return { a, b, seenByA, seenByB, identity, message, keysA, keysB };
}

const allOf = ({ frames, gate, confirm, exporter }: PairKeys) =>
  concat(
    ...[frames, gate].flatMap((two) => [two.out, two.in].flatMap(({ key, iv }) => [key, iv])),
    confirm,
    exporter,
  );

describe.each(PORTS)("a handshake over %s", (_name, primitives) => {
  test("both sides have the same keys, one another's way round", () => {
    const { keysA, keysB } = shake(primitives);
    expect(keysA.frames.out).toEqual(keysB.frames.in);
    expect(keysA.frames.in).toEqual(keysB.frames.out);
    expect(keysA.gate.out).toEqual(keysB.gate.in);
    expect(keysA.exporter).toEqual(keysB.exporter);
    const said = confirmation(primitives, keysA, "a", binding);
    expect(said).toEqual(confirmation(primitives, keysB, "a", binding));
    expect(said).not.toEqual(confirmation(primitives, keysB, "b", binding));
    const all = [keysA.frames.out, keysA.frames.in, keysA.gate.out, keysA.gate.in].map(({ key }) => hex(key));
    expect(new Set([...all, hex(keysA.confirm), hex(keysA.exporter)]).size).toBe(6);
  });

  test("the other binding at the other side", () => {
    for (const [, peer] of PORTS) {
      const { keysA, keysB } = shake(primitives, binding, peer);
      expect(keysA.exporter).toEqual(keysB.exporter);
    }
  });

  test("frozen, with fixed randomness", () => {
    const { a, message, keysA } = shake(withFixedKem(primitives, repeating("kem")));
    expect(hex(a.hash)).toBe("6ba4040b61fc5d67ee5c6dc49b5e3699e1bf4153b1a5127602ec1baf621dd37b");
    expect(hex(primitives.sha256(message))).toBe(
      "7a40a3d051d35377ebb5cb4022fde16ee424fb7b33099cc0c23ff5f901d4f8f8",
    );
    expect(hex(primitives.sha256(allOf(keysA)))).toBe(
      "56d9906228535029fdd492d025399f6235e0b1b36071e01b584d80337e228fdf",
    );
  });

  test("a hello of another session, transcript, party or signer, or with any byte changed, is refused", () => {
    const { a, identity } = shake(primitives);
    const read = (message: Uint8Array, at = binding, from = "a", key = identity.a) =>
      expect(() => readHello(primitives, from, key, at, message));
    read(a.message).not.toThrow();
    read(a.message, other).toThrow("signed by a");
    read(a.message, { ...binding, session: new Uint8Array(16) }).toThrow("signed by a");
    read(a.message, binding, "b").toThrow("signed by b");
    read(a.message, binding, "a", identity.b).toThrow("signed by a");
    read(makeHello(primitives, repeating("x"), "a", seeds.x, binding).message).toThrow("signed by a");
    for (let at = 0; at < a.message.length; at += 11) read(flipped(a.message, at)).toThrow("signed by a");
    read(a.message.slice(1)).toThrow("expected a hello of");
    read(concat(a.message, Uint8Array.of(0))).toThrow("expected a hello of");
  });

  test("an encapsulation for other hellos, or with any byte changed, is refused", () => {
    const { b, seenByB, identity, message } = shake(primitives);
    const open = (bytes: Uint8Array, at = binding, peer = seenByB) =>
      expect(() => decapsulate(primitives, b, peer, identity.a, at, bytes));
    open(message).not.toThrow();
    open(message, other).toThrow("signed by a");
    open(message, binding, { ...seenByB, hash: flipped(seenByB.hash, 0) }).toThrow("signed by a");
    for (let at = 0; at < message.length; at += 11) open(flipped(message, at)).toThrow("signed by a");
    open(message.slice(1)).toThrow("expected a key encapsulation");
  });

  test("an X25519 key of low order is refused though its owner signed it", () => {
    const { a, seenByA } = shake(primitives);
    const made = { ciphertext: new Uint8Array(1088), shared: new Uint8Array(32) };
    const low = { ...seenByA, x25519: new Uint8Array(32) };
    expect(() => pairKeys(primitives, a, low, binding, made)).toThrow("high order");
  });

  test("a session id or a transcript of another length is refused", () => {
    const make = (change: object) => () =>
      makeHello(primitives, repeating("a"), "a", seeds.a, { ...binding, ...change });
    expect(make({ session: new Uint8Array(15) })).toThrow("session id of 16 bytes");
    expect(make({ transcript: new Uint8Array(33) })).toThrow("transcript of 32 bytes");
  });

  test("wiping leaves zeros", () => {
    const { a, keysA } = shake(primitives);
    wipeHello(a);
    wipePairKeys(keysA);
    expect(allOf(keysA).every((byte) => byte === 0)).toBe(true);
    expect(a.secrets.x25519.secretKey.every((byte) => byte === 0)).toBe(true);
    expect(a.secrets.mlkem768.secretKey.every((byte) => byte === 0)).toBe(true);
  });
});

// Whoever weakens one part must see a test fail: each of these shows that the part is what keeps the attacker out.
describe.each(PORTS)("what each half is for, over %s", (_name, primitives) => {
  const zero = new Uint8Array(32);

  /** Keys that somebody derives who has one of the two secrets, and guesses zeros for the other. */
  function guessed(at: Primitives, knows: "x25519" | "kem"): PairKeys {
    const { a, seenByA, seenByB, message } = shake(at);
    const ciphertext = message.slice(0, 1088);
    const { b } = shake(at); // the same randomness: the same secrets
    const shared =
      knows === "kem" ? primitives.mlKemDecapsulate(b.secrets.mlkem768.secretKey, ciphertext) : zero;
    const broken = knows === "x25519" ? at : { ...at, x25519: () => Uint8Array.of(1, ...zero.slice(1)) };
    expect(seenByB.hash).toEqual(a.hash);
    return pairKeys(broken, a, seenByA, binding, { ciphertext, shared: shared.slice() });
  }

  const fixed = () => withFixedKem(primitives, repeating("kem"));

  test("kem.off: with the X25519 secrets alone nobody has the keys", () => {
    expect(guessed(fixed(), "x25519").exporter).not.toEqual(shake(fixed()).keysA.exporter);
    const off = {
      ...primitives,
      mlKemEncapsulate: () => ({ ciphertext: new Uint8Array(1088), shared: zero.slice() }),
      mlKemDecapsulate: () => zero.slice(),
    };
    expect(guessed(off, "x25519").exporter).toEqual(shake(off).keysA.exporter);
  });

  test("x25519.off: with the ML-KEM secret alone nobody has the keys", () => {
    expect(guessed(fixed(), "kem").exporter).not.toEqual(shake(fixed()).keysA.exporter);
    const off = { ...fixed(), x25519: () => Uint8Array.of(1, ...zero.slice(1)) };
    expect(guessed(off, "kem").exporter).toEqual(shake({ ...off, ...pick(fixed()) }).keysA.exporter);
  });

  test("hello.unsigned: only the signature keeps a stranger's keys out", () => {
    const identity = primitives.ed25519PublicKey(seeds.a);
    const stranger = makeHello(primitives, repeating("x"), "a", seeds.x, binding).message;
    expect(() => readHello(primitives, "a", identity, binding, stranger)).toThrow("signed by a");
    const off = { ...primitives, ed25519Verify: () => true };
    expect(readHello(off, "a", identity, binding, stranger).party).toBe("a");
  });
});

function pick({ mlKemEncapsulate }: Primitives) {
  return { mlKemEncapsulate };
}
