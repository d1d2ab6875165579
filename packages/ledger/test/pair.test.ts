// SPDX-License-Identifier: Apache-2.0
// A question of two under a key of its own, or of numbers that are dealt, under a real agreement: what both verifiers make
// of its charge, and of the approvals of whoever deals.
import { readQuestion } from "@koplamp/query";
import type { EntryDebit } from "@koplamp/wire";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Federation } from "../../engine/test/federation.ts";
import { agreed, agreedVerdict, hasTools, type Made, made, verified } from "./bundles.ts";

const LISTS = { anna: ["x", "y", "z"], bert: ["y", "z", "q"], cleo: ["z", "r"], dora: undefined };
const BULK = "kind: match, atLeast: 2, tell: holders, mode: bulk";
const ask = (body: string, recipients: string, more = "", id?: string): ReturnType<typeof readQuestion> =>
  readQuestion(
    `koplamp: query/v1
id: ${id ?? (body.includes("match") ? "a-match" : `a-count${more.length}`)}
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
    await made(federation, "anna", ask(BULK, "anna", "", "bulk")),
    await made(federation, "anna", ask(`${BULK}, dealer: nobody`, "anna, bert", "", "undealt")),
    await made(federation, "anna", ask(`${BULK}, dealer: cleo`, "anna, bert", "", "dealt")),
  ];
}, 60_000);
afterAll(() => federation.close());

/** The bundle in which bert began with other debits. */
function begunWith(
  change: (debits: readonly EntryDebit[]) => readonly EntryDebit[],
  one: Made = match(),
): Uint8Array {
  return one.rewritten((entry, party) => {
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

describe("a question of two that a third party deals for", () => {
  const dealt = (): Made => bundles.at(-1) ?? match();

  it("has its charges added up, and the approvals of all three counted", () => {
    const { lines } = verified(dealt().bytes, dealt().covenant);
    const line = (name: string) => lines.find(({ promise }) => promise === name);
    expect(line("approvals")).toMatchObject({ verdict: "PASS", detail: "6 of 6; nobody signed twice" });
    expect(line("quotas")).toMatchObject({
      verdict: "PASS",
      detail: expect.stringMatching(/^recomputed: bert 256 of [\d,]+ at anna, anna 256 of [\d,]+ at bert$/),
    });
  });

  it.each(["lawful", "ethical"])(
    "fails without the dealer's %s approval, at both verifiers",
    async (role) => {
      const { document } = dealt().find(
        "approval/v1",
        (value) => value.party === "cleo" && value.role === role,
      );
      const documents = dealt().bundle.documents.filter((other) => other !== document);
      const bytes = dealt().repacked({ documents });
      expect(verified(bytes, dealt().covenant).broken).toBe("approvals");
      if (hasTools) expect(await agreedVerdict(bytes, dealt().covenant)).not.toBe("VERIFIED");
    },
  );

  it("fails where a session was begun without its charge, at both verifiers", async () => {
    const bytes = begunWith(() => [], dealt());
    const { lines } = verified(bytes, dealt().covenant);
    expect(lines.find(({ promise }) => promise === "quotas")?.verdict).toBe("FAIL");
    if (hasTools) expect(await agreedVerdict(bytes, dealt().covenant)).not.toBe("VERIFIED");
  });
});
