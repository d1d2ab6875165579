// SPDX-License-Identifier: Apache-2.0
// Two parties with long lists, and the coordinator or a third party as dealer: through real engines, gates, ledgers, stores.
import type { PartyId } from "@koplamp/protocol";
import { type Question, readQuestion } from "@koplamp/query";
import type { Terms } from "@koplamp/sdk";
import type { AnswerResult } from "@koplamp/wire";
import { afterEach, describe, expect, it } from "vitest";
import type { Outcome } from "../src/index.ts";
import { Federation, type Wishes } from "./federation.ts";
import { decision, entries, NO, waiting } from "./people.ts";

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

const TWO = ["anna", "bert"];
const LISTS = { anna: ["x", "y", "z", "z", ""], bert: ["y", "z", "q", "r"] };

function bulkMatch(recipients: readonly PartyId[], dealer = ""): Question {
  const id = "long-lists";
  const text = `koplamp: query/v1
id: ${id}
ask: { kind: match, key: [id], from: { anna: list, bert: list }, atLeast: 2, tell: holders, mode: bulk${dealer} }
recipients: [${recipients.join(", ")}]
release: { minCount: 1, minContributors: 1 }
`;
  return readQuestion(text, { file: `${id}.yaml`, lab: true });
}

function open(): Federation {
  federation = new Federation(LISTS);
  return federation;
}

function resultOf(outcome: Outcome<AnswerResult> | undefined): AnswerResult | undefined {
  expect(outcome).toMatchObject({ status: "released" });
  return outcome?.status === "released" ? outcome.result : undefined;
}

describe("a match of two long lists", () => {
  it.each([[["anna"]], [["bert"]], [TWO]])("tells %s, and nobody else anything", async (recipients) => {
    const all = open();
    const anna = await all.ask("anna", bulkMatch(recipients));
    const [bert] = await all.outcomes(["bert"]);
    const matches = ["y", "z"].map((key) => ({ key: [key], holders: TWO }));
    for (const [party, outcome] of [
      ["anna", anna],
      ["bert", bert],
    ] as const) {
      expect(resultOf(outcome)).toEqual(recipients.includes(party) ? { kind: "match", matches } : undefined);
    }
    const lines = [anna, bert].flatMap((one) => one?.disclosures ?? []);
    expect(lines.map(({ id }) => id).sort()).toEqual(
      recipients.map((to) => `bulk.${to === "anna" ? "bert" : "anna"}.${to}`).sort(),
    );
  });

  it("makes no key set and no cache, writes its list into the ledger, and charges the sender's quota", async () => {
    const all = open();
    const outcome = await all.ask("anna", bulkMatch(["anna"]));
    await all.outcomes(["bert"]);
    const entries = all.machine("bert").ports.ledger.entriesOf(outcome.planHash ?? "");
    const types = entries.map(({ entry }) => entry.type);
    expect(types).toEqual(expect.arrayContaining(["inputs", "begin", "disclose", "deliver"]));
    expect(types).not.toContain("keyset");
    expect(types).not.toContain("allow");
    const begin = entries.find(({ entry }) => entry.type === "begin");
    expect(JSON.stringify(begin?.entry)).toContain("256");
    for (const party of TWO) {
      const { store } = all.machine(party);
      expect(["keyset/", "cache/"].flatMap((prefix) => store.sealedNames(prefix))).toEqual([]);
    }
  });
});

describe("a third party that deals", () => {
  const dealtByCleo = bulkMatch(TWO, ", dealer: cleo");
  const opened = (wishes: Wishes = {}): Federation => {
    federation = new Federation({ ...LISTS, cleo: undefined }, wishes);
    return federation;
  };

  it("lets both match without a coordinator, gets no answer, and writes no list into its ledger", async () => {
    const all = opened({ coordinator: false });
    const anna = await all.ask("anna", dealtByCleo);
    const [bert, cleo] = await all.outcomes(["bert", "cleo"]);
    const matches = ["y", "z"].map((key) => ({ key: [key], holders: TWO }));
    for (const outcome of [anna, bert]) expect(resultOf(outcome)).toEqual({ kind: "match", matches });
    expect(resultOf(cleo)).toBeUndefined();
    expect(cleo?.disclosures).toEqual([]);
    expect(entries(all, "cleo", "inputs")).toBe(0);
    expect(entries(all, "cleo", "begin")).toBe(1);
  });

  it("is asked like the other two: without the approval of its people nothing begins", async () => {
    const all = opened({ coordinator: false, people: ["cleo"] });
    const asked = all.ask("anna", dealtByCleo);
    const at = await waiting(all, "cleo");
    for (const party of ["anna", "bert"]) expect(entries(all, party, "begin")).toBe(0);
    all.machine("cleo").node.decide(decision(all, at, "cleo", "lawful", NO));
    expect(await asked).toMatchObject({ status: "refused", party: "cleo", rule: "approvals/lawful" });
    for (const party of ["anna", "bert"]) expect(entries(all, party, "begin")).toBe(0);
  });

  it("is refused by every node where the covenant does not name it", async () => {
    const unnamed = (terms: Terms): Terms => ({
      ...terms,
      protocols: terms.protocols.map(({ dealers: _, ...row }) => row),
    });
    const outcome = await opened({ terms: unnamed }).ask("anna", dealtByCleo);
    expect(outcome).toMatchObject({ status: "refused", rule: "protocols/bulk-pair/1/dealers" });
  });
});

describe("two for whom nobody deals", () => {
  const undealt = bulkMatch(TWO, ", dealer: nobody");

  it("match without a coordinator, and by themselves", async () => {
    federation = new Federation({ ...LISTS, cleo: ["x"] }, { coordinator: false });
    const anna = await federation.ask("anna", undealt);
    const [bert] = await federation.outcomes(["bert"]);
    const matches = ["y", "z"].map((key) => ({ key: [key], holders: TWO }));
    for (const outcome of [anna, bert]) expect(resultOf(outcome)).toEqual({ kind: "match", matches });
    expect(entries(federation, "cleo", "begin")).toBe(0);
    const made = federation.machine("anna").ports.store.document(anna.planHash ?? "");
    expect(Buffer.from(made?.bytes ?? []).toString()).toContain('"params":"okvs3-gf128+ea41-1763-v1"');
  });

  it("are refused by every node where the covenant does not list the parameters, and a dealt one is not", async () => {
    const unlisted = (terms: Terms): Terms => ({
      ...terms,
      protocols: terms.protocols.map((row) => ({
        ...row,
        paramSets: row.paramSets.filter((set) => !set.includes("ea41")),
      })),
    });
    federation = new Federation(LISTS, { terms: unlisted });
    const outcome = await federation.ask("anna", undealt);
    expect(outcome).toMatchObject({ status: "refused", rule: "protocols/bulk-pair/1/paramSets" });
    expect(await federation.ask("anna", bulkMatch(TWO))).toMatchObject({ status: "released" });
  });
});
