// SPDX-License-Identifier: Apache-2.0
// Numbers that senders mask against each other: whoever gets all of them learns the sum, and no sender's own.
import type { Primitives } from "@koplamp/crypto";
import { bind, type Job, type JobEntry, job, type PartyId, type Vault } from "@koplamp/protocol";
import { distinctLoaded } from "./cache.ts";
import { PsiError } from "./errors.ts";
import { kdf } from "./keyed.ts";
import { MASKED_BYTES } from "./messages.ts";

/** Whose numbers are masked against each other, and for whom (absent: the coordinator). */
export interface MaskRoute {
  readonly sid: Uint8Array;
  readonly me: PartyId;
  readonly among: readonly PartyId[];
  readonly to?: PartyId;
}

/**
 * The number of dummies among `rows` tokens plus masks that cancel over `among`: 16 bytes, little-endian, mod 2^128.
 * Whoever gets it from all of them learns the sum, which any count of singles shows anyway, and nothing else.
 */
export const maskPadding: Job<[route: MaskRoute, rows: number], Uint8Array> = job("psi.tokens.padding");
/** As `maskPadding`, of the number of distinct loaded items. */
export const maskItems: Job<[route: MaskRoute], Uint8Array> = job("psi.tokens.items");

/** The code behind the jobs of this file. */
export function maskedJobs(primitives: Primitives): readonly JobEntry[] {
  return [
    bind(maskPadding, (vault, route, rows) =>
      masked(primitives, vault, route, { use: "padding", number: rows - distinctLoaded(vault) }),
    ),
    bind(maskItems, (vault, route) =>
      masked(primitives, vault, route, { use: "items", number: distinctLoaded(vault) }),
    ),
  ];
}

/** Two uses in one session have masks that have nothing in common: a difference of two numbers would show otherwise. */
function masked(
  primitives: Primitives,
  vault: Vault,
  { sid, me, among, to = "" }: MaskRoute,
  { use, number }: { readonly use: "padding" | "items"; readonly number: number },
): Uint8Array {
  const sum = new Uint8Array(MASKED_BYTES);
  new DataView(sum.buffer).setUint32(0, number, true);
  for (const peer of among.filter((party) => party !== me)) {
    const mask = kdf(primitives, vault.get(`exporter/${peer}`), sid, `${use}/${to}`, [], MASKED_BYTES);
    addTo(sum, me < peer ? mask : negated(mask));
  }
  return sum;
}

/**
 * The sum of all senders' numbers, once their masks have cancelled. `what`: the plural of what each has a number of.
 * @throws {PsiError} `count` when what is left is no such number.
 */
export function sumMasked(numbers: readonly Uint8Array[], what: string): number {
  const sum = new Uint8Array(MASKED_BYTES);
  for (const number of numbers) addTo(sum, number);
  if (sum.subarray(4).some((byte) => byte !== 0)) {
    throw new PsiError(
      "count",
      `the senders' numbers of ${what} do not add up: one of them is not what it was masked as`,
    );
  }
  return new DataView(sum.buffer).getUint32(0, true);
}

/** Little-endian addition mod 2^128, in bytes: masks never become numbers. */
function addTo(sum: Uint8Array, addend: Uint8Array): void {
  let carry = 0;
  for (let at = 0; at < sum.length; at += 1) {
    carry += (sum[at] ?? 0) + (addend[at] ?? 0);
    sum[at] = carry & 0xff;
    carry >>= 8;
  }
}

function negated(value: Uint8Array): Uint8Array {
  const complement = value.map((byte) => ~byte);
  addTo(complement, Uint8Array.of(1));
  return complement;
}
