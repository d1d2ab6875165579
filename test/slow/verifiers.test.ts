// SPDX-License-Identifier: Apache-2.0
// Two verifiers that share no line of code give one verdict: 100 good bundles, and 400 that were tampered with. Our own
// fails 1,000 more.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { countOf, Federation, matchOf } from "../../packages/engine/test/federation.ts";
import {
  agreed,
  agreedVerdict,
  hasTools,
  type Made,
  made,
  verified,
} from "../../packages/ledger/test/bundles.ts";
import { GOVERNED_TAMPERINGS, TAMPERINGS } from "../../packages/ledger/test/tampering.ts";

const GOOD = 100;
const TAMPERED = 400;
const OWN = 1000;
const MINUTES = 60_000;
const THREE = ["anna", "bert", "cleo"];

/** Numbers that are the same in every run. */
let state = 20_261_126;
const pick = (below: number): number => {
  state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
  return Math.floor((state / 2 ** 31) * below);
};

const list = (size: number): string[] => Array.from({ length: size }, () => `k${pick(60)}`);

let federations: readonly Federation[] = [];
const good: Made[] = [];

beforeAll(async () => {
  const lists = () => ({ anna: list(20), bert: list(30), cleo: list(10), dora: undefined });
  federations = [
    agreed(lists()),
    new Federation(lists()),
    agreed({ anna: list(9), bert: list(9) }),
    agreed(lists()),
  ];
  for (let at = 0; at < GOOD; at += 1) {
    const federation = federations[at % federations.length];
    if (federation === undefined) throw new Error("expected a federation");
    const holders = THREE.filter((party) => federation.parties.includes(party));
    const asker = holders[pick(holders.length)] ?? "anna";
    const id = `question-${at}`;
    const question =
      at % 3 === 0 ? countOf(holders, [asker], { id, mode: "hub" }) : matchOf(holders, [asker], { id });
    good.push(await made(federation, asker, question));
  }
}, 20 * MINUTES);

afterAll(async () => {
  await Promise.all(federations.map((one) => one.close()));
});

describe.skipIf(!hasTools)("both verifiers", () => {
  it(`verify ${GOOD} good bundles`, { timeout: 30 * MINUTES }, async () => {
    for (const [at, { bytes, covenant }] of good.entries())
      expect(await agreedVerdict(bytes, covenant), `bundle ${at}`).toBe("VERIFIED");
  });

  it(`fail ${TAMPERED} that were tampered with`, { timeout: 60 * MINUTES }, async () => {
    expect(await notFailed(TAMPERED, agreedVerdict)).toEqual([]);
  });
});

describe("our own verifier", () => {
  it(`fails ${OWN} that were tampered with`, { timeout: 60 * MINUTES }, async () => {
    expect(await notFailed(OWN, (bytes, covenant) => verified(bytes, covenant).verdict)).toEqual([]);
  });
});

/** Which of so many bundles that were tampered with do not fail. */
async function notFailed(
  count: number,
  verdictOf: (bytes: Uint8Array, covenant: string) => string | Promise<string>,
): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const one = good[pick(good.length)];
    if (one === undefined) throw new Error("expected a bundle");
    const ways = waysOf(one);
    const { name, act } = ways[at % ways.length] ?? ways[0] ?? { name: "", act: () => one.bytes };
    const verdict = await verdictOf(act(one, pick), one.covenant);
    if (verdict !== "FAILED") wrong.push(`${at} ${name}: ${verdict}`);
  }
  return wrong;
}

/** What would be noticed in this bundle: some of it needs an agreement, some of it evaluations. */
function waysOf({ bundle, federation }: Made): typeof TAMPERINGS {
  const isLab = federation.membership.covenant.id.startsWith("lab/");
  const evaluated = bundle.entries.some(({ entry }) => entry.type === "allow");
  const governed = GOVERNED_TAMPERINGS.filter(({ name }) => evaluated || !name.includes("evaluations"));
  return isLab ? TAMPERINGS.filter(({ name }) => !name.includes("approval")) : [...TAMPERINGS, ...governed];
}
