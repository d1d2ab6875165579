// SPDX-License-Identifier: Apache-2.0
// At least t of n, through real engines, gates, ledgers and stores, and a coordinator that plays its role.
import { inlineWorkers } from "@koplamp/pool";
import type { JobTable, PartyId } from "@koplamp/protocol";
import { psiJobs } from "@koplamp/psi";
import { type Question, readQuestion } from "@koplamp/query";
import type { AnswerResult } from "@koplamp/wire";
import { afterEach, describe, expect, it } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import type { Outcome } from "../src/index.ts";
import { Federation, type Lists, primitives, type Wishes } from "./federation.ts";

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

function open(lists: Lists, wishes?: Wishes): Federation {
  federation = new Federation(lists, wishes);
  return federation;
}

/** A row is an id, `id@kind@n`: cars of kind `seen` are flagged from 5 on. */
const LISTS = {
  anna: ["x", "y@seen@7", "z", "z@seen@1", ""],
  bert: ["y", "z", "q", "x@seen@4"],
  cleo: ["y", "z", "r"],
  dirk: ["z@seen@9", "x"],
};
const PARTIES = Object.keys(LISTS);

function ask(body: string, recipients: readonly PartyId[], id = "at-a-threshold"): Question {
  const from = PARTIES.map((party) => `${party}: list`).join(", ");
  const text = `koplamp: query/v1
id: ${id}
ask: { ${body.startsWith("kind") ? "" : "kind: match, "}key: [id], from: { ${from} }, ${body} }
recipients: [${recipients.join(", ")}]
`;
  return readQuestion(text, { file: `${id}.yaml`, lab: true });
}

function resultOf(outcome: Outcome<AnswerResult> | undefined): AnswerResult | undefined {
  expect(outcome).toMatchObject({ status: "released" });
  return outcome?.status === "released" ? outcome.result : undefined;
}

describe("a count at a threshold", () => {
  it("tells how many keys enough hold, also to who holds none", async () => {
    const all = open({ ...LISTS, zoe: undefined });
    const body = "kind: overlap-count, shape: atLeast, atLeast: 3, mode: atLeast";
    const outcome = await all.ask("zoe", ask(body, ["zoe"], "a-count"));
    expect(resultOf(outcome)).toEqual({ kind: "overlap-count", atLeast: { "3": 3 } });
    expect(outcome.contract?.protocol).toBe("overlap-threshold/1");
  });

  const HISTOGRAM = "kind: overlap-count, shape: histogram";

  /** A covenant that keeps from the coordinator what fewer than two hold. */
  const keepsPattern: NonNullable<Wishes["terms"]> = (terms) => ({
    ...terms,
    protocols: terms.protocols.map((row) =>
      row.id === "overlap-hub/1" ? { ...row, coordinatorLearns: [] } : row,
    ),
  });

  it("tells a whole histogram, unasked where the covenant keeps the pattern from the coordinator", async () => {
    const all = open({ ...LISTS, zoe: undefined }, { terms: keepsPattern });
    const outcome = await all.ask("zoe", ask(HISTOGRAM, ["zoe"], "a-histogram"));
    expect(resultOf(outcome)).toEqual({
      kind: "overlap-count",
      histogram: { "1": 2, "2": 0, "3": 2, "4": 1 },
    });
    expect(outcome.contract?.protocol).toBe("overlap-threshold/1");
    const seen = outcome.contract?.views.find(({ who }) => who.includes("coordinator"))?.learns ?? [];
    expect(seen.map(({ fact }) => fact)).toEqual(expect.arrayContaining(["count", "hit-pattern"]));
    expect(seen.map(({ fact }) => fact)).not.toContain("pattern");
    const ended = await all.outcomes(PARTIES);
    const told = ended.flatMap(({ disclosures }) => disclosures.map(({ id }) => id));
    const lines = outcome.contract?.disclosures.map(({ id }) => id) ?? [];
    expect(told.filter((id) => id.startsWith("cells.")).sort()).toEqual(
      lines.filter((id) => id.startsWith("cells.")).sort(),
    );
  });

  it("ends where a party's number fits neither the tables nor the plan, and tells nothing", async () => {
    const lying = (party: PartyId, table: JobTable): JobTable => {
      const honest = table.get("psi.tokens.items");
      if (party !== "bert" || honest === undefined) return table;
      const more: typeof honest = (...args) => {
        const number = new Uint8Array(honest(...args) as Uint8Array);
        number[2] = ((number[2] ?? 0) + 1) % 256; // some 65,536 items more, or 16 million fewer
        return number;
      };
      return new Map([...table, ["psi.tokens.items", more]]);
    };
    const all = open(LISTS, { jobs: (table, party) => lying(party, table) });
    const outcome = await all.ask("anna", ask(`${HISTOGRAM}, mode: atLeast`, ["anna"], "a-lie"));
    expect(outcome).toMatchObject({ status: "failed", party: "coordinator", code: "integrity" });
    expect(outcome).toMatchObject({ message: expect.stringMatching(/do not (?:fit|add up)/) });
    expect(outcome).not.toHaveProperty("result");
  });
});

describe("a match at a threshold", () => {
  it("tells own keys that enough hold, and is accounted for at every node", async () => {
    const all = open(LISTS);
    const outcome = await all.ask("anna", ask("atLeast: 3, tell: holders", ["anna", "dirk"]));
    expect(resultOf(outcome)).toEqual({
      kind: "match",
      matches: [
        { key: ["x"], holders: ["anna", "bert", "dirk"] },
        { key: ["y"], holders: ["anna", "bert", "cleo"] },
        { key: ["z"], holders: PARTIES },
      ],
    });
    const [bert, dirk] = await all.outcomes(["bert", "dirk"]);
    expect(resultOf(bert)).toBeUndefined();
    expect(resultOf(dirk)).toMatchObject({ matches: [{ key: ["z"] }, { key: ["x"] }] });
    const { contract, planHash = "" } = outcome;
    expect(contract?.protocol).toBe("match-threshold/1");
    for (const party of PARTIES) {
      const entries = all.machine(party).ports.ledger.entriesOf(planHash);
      const told = entries.filter(({ entry }) => entry.type === "disclose").map(({ entry }) => entry.body);
      expect(told.filter(({ disclosure }) => disclosure === `cells.${party}.1`)).toMatchObject([
        { output: "hits", to: ["anna", "coordinator", "dirk"] },
      ]);
      expect(entries.map(({ entry }) => entry.type)).toContain("end");
    }
  });

  it("tells only what somebody has flagged, by rows that meet every condition", async () => {
    const all = open(LISTS);
    const flagged = ask("atLeast: 3, tell: nothing, flaggedBy: { kind: seen }", ["cleo"]);
    const outcome = await all.ask("cleo", flagged);
    expect(resultOf(outcome)).toEqual({ kind: "match", matches: [{ key: ["y"] }, { key: ["z"] }] });
    const both = ask("atLeast: 3, tell: count, flaggedBy: { kind: seen, n: 7 }", ["cleo"], "both");
    expect(resultOf(await all.ask("cleo", both))).toEqual({
      kind: "match",
      matches: [{ key: ["y"], holders: 3 }],
    });
  });

  it("ends at a coordinator that invents a hit, and tells nothing", async () => {
    const invented = { table: 1, bin: 2, low: 3, high: 4, told: 3 };
    const inventing = (_vault: unknown, _route: unknown, ...all: readonly unknown[]): unknown =>
      (all[0] as readonly Uint8Array[]).map(() => [invented]);
    const jobs: JobTable = new Map([
      ...psiJobs({ group: toyGroup(), primitives }),
      ["psi.threshold.find", inventing],
    ]);
    const all = open(LISTS, { hub: (ports) => ({ ...ports, workers: inlineWorkers(jobs) }) });
    const outcome = await all.ask("anna", ask("atLeast: 3, tell: count", ["anna"]));
    expect(outcome).toMatchObject({ status: "failed", party: "coordinator" });
    expect(outcome).not.toHaveProperty("result");
  });
});
