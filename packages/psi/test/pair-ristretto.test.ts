// SPDX-License-Identifier: Apache-2.0
// match-pair/1 in its three modes on ristretto255: every backend sends the same bytes, and they are frozen here.
import { type Group, hashToGroup, inputSecrets, loadSodium, nobleGroup } from "@koplamp/crypto";
import { MemoryVault, runJob, type Simulated } from "@koplamp/protocol";
import { concat, hex, lp, utf8 } from "@koplamp/wire";
import { beforeAll, describe, expect, it } from "vitest";
import { oraclePrimitives as primitives } from "../../crypto/test/oracle-primitives.ts";
import { findKernelGroup, loadNativeGroup } from "../../pool/src/index.ts";
import { type Matched, type OverlapCounts, psiJobs, tellMatches } from "../src/index.ts";
import { blindSorted, type Committed, commitTokens } from "../src/pair-jobs.ts";
import { inputsOf } from "./federation.ts";
import { countSetups, type Lists, pairOf, runCount, runMatch } from "./pair.ts";

let sodium: Group;
beforeAll(async () => {
  sodium = await loadSodium();
});

const LISTS: Lists = {
  alice: ["9187629", "9074729", "1234567"],
  bob: ["1234567", "9319466", "9187629", "9000000"],
};

/** Everything that left in a match and in both counts, as one hash, and the answers. */
function everything(group: Group): { readonly answers: unknown; readonly hash: string } {
  const federation = pairOf(group, primitives, "frozen");
  const match = runMatch(federation, LISTS, ["bob"]);
  const counts = (["count.local", "count.blind"] as const).map((mode) =>
    runCount(federation, mode, countSetups(federation, LISTS, ["alice"]), {}),
  );
  const lines = [match, ...counts].flatMap(({ transcript }: Simulated) =>
    transcript.map(({ from, to, type, bytes }) => `${from} ${to} ${type} ${hex(bytes)}`),
  );
  return {
    answers: [
      tellMatches(match.outputs.get("bob") as Matched, "nothing", 2),
      ...counts.map(({ outputs }) => (outputs.get("alice") as OverlapCounts).counts),
    ],
    hash: hex(primitives.sha256(utf8(lines.join("\n")))),
  };
}

describe("on ristretto255", () => {
  it("match and counts are right, and every backend sends the same bytes", () => {
    const run = everything(sodium);
    expect(run.answers).toEqual([[{ item: 0 }, { item: 2 }], [2], [2]]);
    expect(everything(nobleGroup()).hash).toBe(run.hash);
    for (const group of [loadNativeGroup(), findKernelGroup(sodium).group]) {
      if (group !== undefined) expect(everything(group).hash).toBe(run.hash);
    }
  });
});

describe("frozen values", () => {
  const bytes = (value: number): Uint8Array => new Uint8Array(32).fill(value);
  const inputs = inputsOf(["9187629"]);

  it("of key, commitment and tokens: H2 of RFC 9497 in a match, the element alone in a blind count", () => {
    const jobs = new Map(psiJobs({ group: sodium, primitives }));
    const made = (["item", "element"] as const).map((form) => {
      const vault = new MemoryVault();
      const committed = runJob(jobs, vault, commitTokens.name, [form, inputs, 1, bytes(1)]) as Committed;
      return { ...committed, k: vault.get("k") };
    });
    const [item, element] = made;
    if (item === undefined || element === undefined) throw new Error("nothing made");
    const evaluated = sodium.mulSame(item.k, hashToGroup(sodium, primitives, [inputs.bytes]));
    expect(item.opening.slice(32)).toEqual(inputSecrets(primitives, [inputs.bytes], evaluated).slice(0, 16));
    expect(element.opening.slice(32)).toEqual(
      primitives.sha512(concat(lp("koplamp/cnt/1"), evaluated)).slice(0, 16),
    );
    expect(item.key).toEqual(sodium.mulBase(item.k));
    expect(item.commitment).toEqual(primitives.sha256(concat(lp("koplamp/pair/1"), item.opening)));
    expect([hex(item.key), hex(item.opening), hex(item.commitment)]).toEqual(FROZEN_ITEM);
    expect(hex(element.opening.slice(32))).toBe(FROZEN_ELEMENT);
  });

  it("of a blind request", () => {
    const jobs = new Map(psiJobs({ group: sodium, primitives }));
    const vault = new MemoryVault({ salt: bytes(2) });
    const request = runJob(jobs, vault, blindSorted.name, [inputs, 2, bytes(3)]) as Uint8Array;
    const scalar = vault.get("pair/r").slice();
    const own = sodium.mulSame(scalar, hashToGroup(sodium, primitives, [inputs.bytes]));
    expect([hex(request.slice(0, 32)), hex(request.slice(32))]).toContain(hex(own));
    expect(hex(request)).toBe(FROZEN_REQUEST);
  });
});

const FROZEN_ITEM: readonly string[] = [
  "be3c8269379cd5c593212d1d20e9b4fb7fecfd3d85f74bb15b2386fc799be933",
  "5eb8adfb53eebf682796d77ae0b6a3eeaea6ad9ccbd79454cf031cbf1fea9a8fae659ebeeeeec0ea861b127fad1c1f11",
  "e0a1fb631049066295eec266954d2774db970d116506ad1104cfffe7a2460e2c",
];
const FROZEN_ELEMENT = "2b268ec207dac13656c6c71fee4762e9";
const FROZEN_REQUEST =
  "46a78bb4b95cc3029830289cf6d262769bdfe3440ef063b7e6cb4bd788019c65cca214568af2af104e68da9e940d02079a63e843210bc3120036b6a686ed6868";
