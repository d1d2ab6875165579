// SPDX-License-Identifier: Apache-2.0
// The kernel against other backends on 100,000 items of every operation, and its time against its secrets.
import { type Group, loadSodium, nobleGroup } from "@koplamp/crypto";
import { findKernelGroup } from "@koplamp/pool";
import { describe, expect, it } from "vitest";
import { scalar } from "../../packages/crypto/test/group-contract.ts";
import { oraclePrimitives } from "../../packages/crypto/test/oracle-primitives.ts";
import { agreeOnMacs, agreeOnMessages } from "../../packages/pool/test/batch-hash-cases.ts";
import { agreeOnFactors } from "../../packages/pool/test/gf128-cases.ts";
import { agreeOnRandom } from "../../packages/pool/test/kernel-cases.ts";

const sodium = await loadSodium();
const { group: kernel } = findKernelGroup(sodium);

describe.skipIf(kernel === undefined)("the kernel at full length (needs relaxed SIMD)", () => {
  if (kernel === undefined) return;

  it("gives libsodium's bytes for 100,000 items of every operation", () => {
    agreeOnRandom(kernel, sodium, 101, 100_000, 1000);
  });

  it("gives OpenSSL's digests of 100,000 messages of random lengths, behind each of five prefixes", () => {
    agreeOnMessages(100_000, [0, 1, 54, 64, 200]);
  });

  it("gives node:crypto's MACs under 100,000 keys, of a message of random length", () => {
    agreeOnMacs(100_000);
  });

  it("gives JavaScript's products and polynomials over GF(2^128) for 100,000 random factors", () => {
    agreeOnFactors(100_000);
  });

  it("gives noble's bytes for 2,000", () => {
    agreeOnRandom(kernel, nobleGroup(), 102, 2000, 1000);
  });

  it("takes as long for one fixed scalar as for random ones: Welch's t below 4.5", () => {
    const points = kernel.hashToGroup(oraclePrimitives.aes256Ctr(scalar(1), 4 * 64));
    expectEvenTime(kernel, (secret) => kernel.mulSame(secret, points));
    expectEvenTime(kernel, (secret) => kernel.mulBase(secret));
  });
});

const SAMPLES = 20_000;
/** Interrupts make long samples: the shorter part is compared. */
const KEPT = 0.5;
/** A machine that does other work gives a large value by chance now and then; a leak gives one each time. */
const TRIALS = 4;

function expectEvenTime(group: Group, run: (secret: Uint8Array) => unknown): void {
  const trials = Array.from({ length: TRIALS }, (_, trial) => welch(...timesOf(group, run, trial)));
  expect(Math.min(...trials.map(Math.abs)), `Welch's t of each trial: ${trials}`).toBeLessThan(4.5);
}

/**
 * Nanoseconds with a scalar of few digits, and with random ones, in a random order. Both come the same way into the same
 * bytes: where one class allocates more than the other before its time is taken, the collector's work tells them apart.
 */
function timesOf(group: Group, run: (secret: Uint8Array) => unknown, trial: number): [number[], number[]] {
  const random = group.reduce(oraclePrimitives.aes256Ctr(scalar(1000 + trial), SAMPLES * 64));
  const order = oraclePrimitives.aes256Ctr(scalar(2000 + trial), SAMPLES);
  const times: [number[], number[]] = [[], []];
  const [fixed, secret] = [scalar(1), new Uint8Array(32)];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const isRandom = (order[sample] ?? 0) & 1;
    const drawn = random.subarray(sample * 32, sample * 32 + 32);
    secret.set(isRandom ? drawn : fixed);
    const begin = process.hrtime.bigint();
    run(secret);
    times[isRandom ? 1 : 0].push(Number(process.hrtime.bigint() - begin));
  }
  const cut = [...times[0], ...times[1]].sort((left, right) => left - right)[Math.floor(SAMPLES * KEPT)] ?? 0;
  return [times[0].filter((time) => time <= cut), times[1].filter((time) => time <= cut)];
}

/** Welch's t of two samples. */
function welch(left: readonly number[], right: readonly number[]): number {
  const [a, b] = [momentsOf(left), momentsOf(right)];
  return (a.mean - b.mean) / Math.sqrt(a.variance / left.length + b.variance / right.length);
}

function momentsOf(values: readonly number[]): { readonly mean: number; readonly variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, variance };
}
