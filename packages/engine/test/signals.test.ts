// SPDX-License-Identifier: Apache-2.0
// A round of signals: first how many, then, after approvals of its own, which; and of what fewer hold nothing anywhere.
import { type Question, readQuestion } from "@koplamp/query";
import { afterEach, describe, expect, it } from "vitest";
import type { Outcome } from "../src/index.ts";
import { Federation } from "./federation.ts";
import { approve, waiting } from "./people.ts";

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

/** Two signals at three agencies or more; the others, at two or one, are to appear to nobody. */
const BELOW = ["signal-of-two-agencies", "signal-of-anna-alone", "signal-of-dirk-alone"];
const [TWO = "", ANNA = "", DIRK = ""] = BELOW;
const LISTS = {
  anna: ["signal-of-all", "signal-of-three", TWO, ANNA],
  bert: [TWO, "signal-of-all", "signal-of-three"],
  cleo: ["signal-of-three", "signal-of-all"],
  dirk: ["signal-of-all", DIRK],
};
const PARTIES = Object.keys(LISTS);
const OTHERS = PARTIES.filter((party) => party !== "anna"); // who asks has the outcome from its question

function ask(id: string, body: string, recipients: readonly string[]): Question {
  const from = PARTIES.map((party) => `${party}: list`).join(", ");
  const text = `koplamp: query/v1
id: ${id}
ask: { ${body}, key: [id], from: { ${from} } }
recipients: [${recipients.join(", ")}]
`;
  return readQuestion(text, { file: `${id}.yaml`, lab: true });
}

const HOW_MANY = ask("how-many", "kind: overlap-count, shape: histogram", ["anna"]);
const WHICH = ask("which", "kind: match, atLeast: 3, tell: count", PARTIES);

function told(outcome: Outcome<unknown> | undefined): unknown {
  expect(outcome).toMatchObject({ status: "released" });
  return outcome?.status === "released" ? outcome.result : undefined;
}

/** Bundles and hashes as text, so that a name in them is found. */
function readable(_name: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value;
}

/** All that a federation keeps or says beside the lists themselves: outcomes, logs, steps and ledgers of everybody. */
function everything(all: Federation, plans: readonly string[]): string {
  return PARTIES.map((party) => {
    const { outcomes, log, progress, ports } = all.machine(party);
    const entries = plans.map((plan) => ports.ledger.entriesOf(plan));
    return JSON.stringify([outcomes, log, progress, entries], readable);
  }).join("\n");
}

describe("a round of signals", () => {
  it("tells how many, and after approvals of its own which, to those who hold them; nothing of what fewer hold", async () => {
    const all = new Federation(LISTS, { people: ["bert"] });
    federation = all;
    const counting = all.ask("anna", HOW_MANY);
    await approve(all, "bert");
    const first = await counting;
    expect(told(first)).toEqual({ kind: "overlap-count", histogram: { "1": 2, "2": 1, "3": 1, "4": 1 } });
    await all.outcomes(OTHERS);

    const matching = all.ask("anna", WHICH);
    const asked = await waiting(all, "bert"); // what was approved for the number is none for the entities
    expect(asked.planHash).not.toBe(first.planHash);
    for (const party of OTHERS) expect(all.machine(party).outcomes).toHaveLength(1);
    for (const party of PARTIES) {
      const kinds = all
        .machine(party)
        .ports.ledger.entriesOf(asked.planHash)
        .map(({ entry }) => entry.type);
      expect(kinds).not.toContain("disclose");
    }
    expect(everything(all, [first.planHash ?? "", asked.planHash])).not.toContain("signal-of-");

    await approve(all, "bert");
    const outcomes = [await matching, ...(await all.outcomes(OTHERS, 2))];
    const entity = (name: string, holders: number): unknown => ({ key: [`signal-of-${name}`], holders });
    const both = [entity("all", 4), entity("three", 3)];
    const matches = outcomes.map((outcome) => (told(outcome) as { matches: readonly unknown[] }).matches);
    expect(matches.map((list) => new Set(list))).toEqual([
      new Set(both),
      new Set(both),
      new Set(both),
      new Set([entity("all", 4)]),
    ]);
    const said = `${everything(all, [first.planHash ?? "", asked.planHash])}${JSON.stringify(outcomes, readable)}`;
    expect(said).toContain("signal-of-three"); // so that the search would see one
    for (const name of BELOW) expect(said).not.toContain(name);
  });
});
