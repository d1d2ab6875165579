// SPDX-License-Identifier: Apache-2.0
import { nodePrimitives } from "@koplamp/pool";
import { expect, it } from "vitest";
import { rememberingVerify } from "../src/remembered.ts";

const primitives = nodePrimitives();
const seed = new Uint8Array(32).fill(7);
const key = primitives.ed25519PublicKey(seed);
const message = new Uint8Array(Buffer.from("checkpoint"));
const signature = primitives.ed25519Sign(seed, message);
const turned = (bytes: Uint8Array): Uint8Array => bytes.map((byte, at) => (at === 5 ? byte ^ 1 : byte));

function counting() {
  let calls = 0;
  const verify = rememberingVerify({
    sha256: primitives.sha256,
    ed25519Verify: (...args) => {
      calls += 1;
      return primitives.ed25519Verify(...args);
    },
  });
  return { verify, calls: () => calls };
}

it("a signature that held is checked once; any other key, message or signature is checked, and refused", () => {
  const { verify, calls } = counting();
  for (let again = 0; again < 5; again += 1) expect(verify(key, message, signature)).toBe(true);
  expect(calls()).toBe(1);
  const other = primitives.ed25519PublicKey(new Uint8Array(32).fill(8));
  for (let again = 0; again < 2; again += 1) {
    expect(verify(other, message, signature)).toBe(false);
    expect(verify(key, turned(message), signature)).toBe(false);
    expect(verify(key, message, turned(signature))).toBe(false);
    expect(verify(key, message, signature.subarray(1))).toBe(false);
    expect(verify(key, new Uint8Array(), signature)).toBe(false);
  }
  expect(calls()).toBe(11); // what did not hold is not remembered
});

it("no more are kept than a few thousand: the oldest makes room", () => {
  const { verify, calls } = counting();
  const messages = Array.from({ length: 4097 }, (_, at) => new Uint8Array(Buffer.from(`${at}`)));
  const signed = messages.map((text) => [text, primitives.ed25519Sign(seed, text)] as const);
  for (const [text, line] of signed) verify(key, text, line);
  const before = calls();
  const [[text, line] = [message, signature]] = signed;
  expect(verify(key, text, line)).toBe(true);
  expect(calls()).toBe(before + 1);
});
