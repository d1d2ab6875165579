// SPDX-License-Identifier: Apache-2.0
// A question of two under a key of its own, under a real agreement: what both verifiers make of its charge.
import { readQuestion } from "@koplamp/query";
import type { EntryDebit } from "@koplamp/wire";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Federation } from "../../engine/test/federation.ts";
import { agreed, agreedVerdict, hasTools, type Made, made, verified } from "./bundles.ts";

const LISTS = { anna: ["x", "y", "z"], bert: ["y", "z", "q"], cleo: ["z", "r"], dora: undefined };
const ask = (body: string, recipients: string, more = ""): ReturnType<typeof readQuestion> =>
  readQuestion(
    `koplamp: query/v1
id: ${body.includes("match") ? "a-match" : `a-count${more.length}`}
ask: { key: [id], from: { anna: list, bert: list${more} }, ${body} }
recipients: [${recipients}]
`,
    { file: "pair.yaml", lab: true },
  );

let federation: Federation;
let bundles: readonly Made[] = [];
const match = (): Made => {
  const [one] = bundles;
  if (one === undefined) throw new Error("expected a bundle");
  return one;
};

beforeAll(async () => {
  federation = agreed(LISTS);
  bundles = [
    await made(federation, "anna", ask("kind: match, atLeast: 2, tell: holders, mode: pair", "anna, bert")),
    await made(federation, "dora", ask("kind: overlap-count, shape: pairs, mode: pairs.blind", "dora")),
    await made(
      federation,
      "dora",
      ask("kind: overlap-count, shape: pairs, mode: pairs.blind", "dora", ", cleo: list"),
    ),
  ];
}, 60_000);
afterAll(() => federation.close());

/** The bundle in which bert began with other debits. */
function begunWith(change: (debits: readonly EntryDebit[]) => readonly EntryDebit[]): Uint8Array {
  return match().rewritten((entry, party) => {
    if (party !== "bert" || entry.type !== "begin") return [entry];
    const debits = change(entry.body["debits"] as readonly EntryDebit[]); // safe: a begin has them
    return [{ ...entry, body: { ...entry.body, debits } }];
  });
}

describe("a question of two under a key of its own", () => {
  it("has its charges added up", () => {
    const { lines } = verified(match().bytes, match().covenant);
    expect(lines.find(({ promise }) => promise === "quotas")).toMatchObject({
      verdict: "PASS",
      detail: expect.stringMatching(/^recomputed: bert 256 of [\d,]+ at anna, anna 256 of [\d,]+ at bert$/),
    });
  });

  it.skipIf(!hasTools)("is verified by both verifiers, in any mode", async () => {
    for (const { bytes, covenant } of bundles) expect(await agreedVerdict(bytes, covenant)).toBe("VERIFIED");
  });

  it.each<readonly [string, (debits: readonly EntryDebit[]) => readonly EntryDebit[]]>([
    ["no charge", () => []],
    ["a smaller one", (debits) => debits.map((debit) => ({ ...debit, amount: 1 }))],
    ["one of nobody", (debits) => debits.map(({ unit, amount }) => ({ unit, amount }))],
    ["one above the agreement", (debits) => debits.map((debit) => ({ ...debit, amount: 2 ** 40 }))],
  ])("fails where a session was begun with %s", async (_what, change) => {
    const bytes = begunWith(change);
    const { lines } = verified(bytes, match().covenant);
    expect(lines.find(({ promise }) => promise === "quotas")?.verdict).toBe("FAIL");
    if (hasTools) expect(await agreedVerdict(bytes, match().covenant)).not.toBe("VERIFIED");
  });
});
