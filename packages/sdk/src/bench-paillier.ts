// SPDX-License-Identifier: Apache-2.0
// What encrypting every row by itself would cost (Paillier, "Public-Key Cryptosystems Based on Composite Degree Residuosity
// Classes", 1999): the yardstick of a join. For measuring alone: nothing else uses it, and nothing may.
import { createDiffieHellman, generatePrimeSync } from "node:crypto";
import type { BenchReference } from "./bench-record.ts";
import { benchRng } from "./bench-session.ts";
import { SdkError } from "./errors.ts";

const BITS = 2048;

/** CPU of one encryption, from a sample: each of them is opened again. @throws {SdkError} when one does not open. */
export function paillierReference(sample: number): BenchReference {
  const [p, q] = [1, 2].map(() => generatePrimeSync(BITS / 2, { bigint: true }));
  if (p === undefined || q === undefined) throw new SdkError("state", "there are no primes", "run it again");
  const n = p * q;
  const messages = Array.from({ length: sample }, () => number(benchRng(6)));
  const start = process.cpuUsage();
  const encrypted = messages.map((message) => encrypt(n, message));
  const { user, system } = process.cpuUsage(start);
  const order = (p - 1n) * (q - 1n);
  encrypted.forEach((ciphertext, at) => {
    const opened = ((power(ciphertext, order, n * n) - 1n) / n) * inverse(order % n, n);
    if (opened % n === messages[at]) return;
    throw new SdkError("state", "the yardstick is wrong", "the run is void: report it as a bug");
  });
  const what = `Paillier of ${BITS} bits by OpenSSL's powers, one encryption a row`;
  return { what, sample, cpuMs: (user + system) / 1000 / sample };
}

/** (1 + n)^m · r^n mod n². */
function encrypt(n: bigint, message: bigint): bigint {
  const square = n * n;
  return ((1n + message * n) * power(number(benchRng(BITS / 8)) % n, n, square)) % square;
}

/** A power mod an odd number, as Diffie-Hellman makes it: half the time of BigInt. */
function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  const exchange = createDiffieHellman(bytesOf(modulus), bytesOf(base));
  exchange.setPrivateKey(bytesOf(exponent));
  return number(exchange.generateKeys());
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [rest, next, found, following] = [modulus, value, 0n, 1n];
  while (next !== 0n) {
    const times = rest / next;
    [rest, next] = [next, rest - times * next];
    [found, following] = [following, found - times * following];
  }
  return ((found % modulus) + modulus) % modulus;
}

function number(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

function bytesOf(value: bigint): Uint8Array {
  const digits = value.toString(16);
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex");
}
