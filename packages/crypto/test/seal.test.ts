// SPDX-License-Identifier: Apache-2.0
import { fromHex, hex, utf8 } from "@koplamp/wire";
import { describe, expect, test } from "vitest";
import type { Primitives } from "../src/primitives.ts";
import { openSealed, SEAL_BYTES, sealFor, sealKeyPairs } from "../src/seal.ts";
import { flipped, PORTS, repeating, withFixedKem } from "./ports.ts";

const text = utf8("a list of dates");
const context = utf8("for kmar");

function machine(primitives: Primitives, label: string) {
  const rng = repeating(label);
  const keys = sealKeyPairs(primitives, rng(32), rng(64));
  return { keys, address: { x25519: keys.x25519.publicKey, mlkem768: keys.mlkem768.publicKey } };
}

describe.each(PORTS)("sealing to one machine over %s", (_name, primitives) => {
  const kmar = machine(primitives, "kmar");
  const fiod = machine(primitives, "fiod");
  const seal = () => sealFor(primitives, repeating("ephemeral"), kmar.address, context, text);

  test("its holder reads it, and its length is that of the text and a constant", () => {
    expect(seal().length).toBe(text.length + SEAL_BYTES);
    expect(openSealed(primitives, kmar.keys, context, seal())).toEqual(text);
  });

  test("what one binding sealed the other opens", () => {
    for (const [, other] of PORTS) expect(openSealed(other, kmar.keys, context, seal())).toEqual(text);
  });

  test("another machine, another context, any changed byte and any other length do not", () => {
    const sealed = seal();
    expect(() => openSealed(primitives, fiod.keys, context, sealed)).toThrow("sealed to this machine");
    expect(() => openSealed(primitives, kmar.keys, utf8("for fiod"), sealed)).toThrow(
      "sealed to this machine",
    );
    for (let at = 0; at < sealed.length; at += 13) {
      expect(() => openSealed(primitives, kmar.keys, context, flipped(sealed, at)), `byte ${at}`).toThrow();
    }
    for (const length of [0, 31, 32, SEAL_BYTES - 1, SEAL_BYTES, sealed.length - 1]) {
      expect(() => openSealed(primitives, kmar.keys, context, sealed.slice(0, length))).toThrow("sealed to");
    }
  });

  test("keys of another length, of low order, or that are none are refused", () => {
    const to = (change: object) => () =>
      sealFor(primitives, repeating("e"), { ...kmar.address, ...change }, context, text);
    const { x25519, mlkem768 } = kmar.address;
    const invalid = expect.objectContaining({ code: "invalid-key" });
    for (const bad of [
      new Uint8Array(32),
      fromHex(`01${"00".repeat(31)}`),
      new Uint8Array(31),
      pad(x25519),
    ]) {
      expect(to({ x25519: bad })).toThrow(invalid);
    }
    for (const bad of [mlkem768.slice(1), pad(mlkem768), new Uint8Array(1184).fill(255)]) {
      expect(to({ mlkem768: bad })).toThrow(invalid);
    }
    expect(() => sealKeyPairs(primitives, new Uint8Array(33), new Uint8Array(64))).toThrow(invalid);
    expect(() => sealKeyPairs(primitives, new Uint8Array(32), new Uint8Array(32))).toThrow(invalid);
  });

  test("a low-order share in the sealed bytes is refused", () => {
    const sealed = seal();
    sealed.fill(0, 0, 32);
    expect(() => openSealed(primitives, kmar.keys, context, sealed)).toThrow("high order");
  });

  test("an all-zero secret is refused even where the library lets it pass", () => {
    const lax = { ...primitives, x25519: () => new Uint8Array(32) };
    expect(() => sealFor(lax, repeating("e"), kmar.address, context, text)).toThrow("high order");
  });
});

test("frozen: both bindings make and open the same bytes", () => {
  for (const [, primitives] of PORTS) {
    const { address, keys } = machine(primitives, "kmar");
    const fixed = withFixedKem(primitives, repeating("kem"));
    const sealed = sealFor(fixed, repeating("ephemeral"), address, context, text);
    expect(hex(primitives.sha256(sealed))).toBe(
      "3dc1866727a2ee5292e6280d36002b709ca39733301decbbfcbfeb065042e241",
    );
    expect(openSealed(primitives, keys, context, sealed)).toEqual(text);
  }
});

function pad(bytes: Uint8Array): Uint8Array {
  return new Uint8Array([...bytes, 0]);
}
