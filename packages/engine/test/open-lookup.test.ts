// SPDX-License-Identifier: Apache-2.0
// Questions to a list that come one by one, on one approval: through real engines, gates, ledgers and stores.
import { setTimeout as sleep } from "node:timers/promises";
import { type Question, readQuestion } from "@koplamp/query";
import type { Terms } from "@koplamp/sdk";
import type { AnswerResult, Hash } from "@koplamp/wire";
import { afterEach, describe, expect, it } from "vitest";
import type { LookedUp, Outcome } from "../src/index.ts";
import { Federation, type Lists, type Wishes } from "./federation.ts";

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

const LISTS: Lists = { anna: undefined, bert: ["x", "y", "z"] };
const DAY_MS = 86_400_000;

/** A federation at noon: what is open ends with the day. */
function open(lists: Lists = LISTS, wishes?: Wishes): Federation {
  federation = new Federation(lists, wishes);
  const noon = DAY_MS / 2;
  federation.clock.ahead = (noon + DAY_MS - (Date.now() % DAY_MS)) % DAY_MS;
  return federation;
}

function lookup(elements: number, tell = "asker"): Question {
  const recipients = tell === "asker" ? "[anna]" : "[anna, bert]";
  const text = `koplamp: query/v1
id: a-day
ask: { kind: lookup, key: [id], asker: anna, holder: bert, open: ${elements}, tell: ${tell} }
recipients: ${recipients}
release: { minCount: 1, minContributors: 1 }
`;
  return readQuestion(text, { file: "q.yaml", lab: true });
}

/** Asks, and waits until questions can come. */
async function opened(
  all: Federation,
  question: Question,
): Promise<{ readonly plan: Hash; readonly end: Promise<Outcome<AnswerResult>> }> {
  const { node, progress } = all.machine("anna");
  const before = progress.filter(({ phase }) => phase === "open").length;
  const end = all.ask("anna", question);
  let over = false;
  void end.finally(() => {
    over = true;
  });
  while (progress.filter(({ phase }) => phase === "open").length === before && !over) await sleep(2);
  const plan = node.inbox().find(({ query }) => query === "a-day")?.planHash ?? "";
  return { plan, end };
}

function hits({ answers }: LookedUp): Readonly<Record<string, boolean>> {
  return Object.fromEntries(answers.map(({ key, hit }) => [key.join(), hit]));
}

function answersOf(outcome: Outcome<AnswerResult> | undefined): unknown {
  expect(outcome).toMatchObject({ status: "released" });
  if (outcome?.status !== "released" || outcome.result?.kind !== "lookup") return undefined;
  return Object.fromEntries(outcome.result.answers.map(({ key, hit }) => [key.join(), hit]));
}

describe("an open look-up", () => {
  it("answers what comes when it comes, on one approval, and all of it in the end", async () => {
    const all = open();
    const { plan, end } = await opened(all, lookup(40));
    const { node, ports } = all.machine("anna");
    expect(await node.lookUp(plan, [["y"]])).toEqual({ answers: [{ key: ["y"], hit: true }], left: 39 });
    const several = await node.lookUp(plan, [["q"], ["x"], ["q"]]);
    expect([hits(several), several.left]).toEqual([{ q: false, x: true }, 35]);
    expect(hits(await node.lookUp(plan, [["y"]]))).toEqual({ y: true });
    const both = await Promise.all([node.lookUp(plan, [["z"]]), node.lookUp(plan, [["w"]])]);
    expect(both.map(hits)).toEqual([{ z: true }, { w: false }]);
    node.endLookUp(plan);
    const outcome = await end;
    expect(answersOf(outcome)).toEqual({ y: true, q: false, x: true, z: true, w: false });
    const [bert] = await all.outcomes(["bert"]);
    expect(answersOf(bert)).toBeUndefined();
    const types = ports.ledger.entriesOf(plan).map(({ entry }) => entry.type);
    expect(types.filter((type) => type === "approval").length).toBe(4); // two of each, once
    expect(types.filter((type) => type === "inputs").length).toBe(5);
    const spent = all
      .machine("bert")
      .ports.ledger.entriesOf(plan)
      .find(({ entry }) => entry.type === "spent");
    expect(spent?.entry.body["metered"]).toBe(8);
    expect(outcome.status === "released" && outcome.bundle).toBeInstanceOf(Uint8Array);
  });

  it("tells the holder of all hits at its end, where both are told", async () => {
    const all = open();
    const { plan, end } = await opened(all, lookup(8, "both-on-hit"));
    const { node } = all.machine("anna");
    await node.lookUp(plan, [["y"]]);
    await node.lookUp(plan, [["q"], ["x"]]);
    expect(all.machine("bert").outcomes).toEqual([]);
    node.endLookUp(plan);
    expect(answersOf(await end)).toEqual({ y: true, q: false, x: true });
    const [bert] = await all.outcomes(["bert"]);
    expect(answersOf(bert)).toEqual({ x: true, y: true });
  });

  it("ends when its right is used up, and takes nothing above it", async () => {
    const all = open();
    const { plan, end } = await opened(all, lookup(6));
    const { node } = all.machine("anna");
    expect((await node.lookUp(plan, [["x"], ["q"]])).left).toBe(2);
    await expect(node.lookUp(plan, [["y"], ["z"]])).rejects.toMatchObject({
      code: "quota",
      message: "2 questions take 4 elements, and 2 of this look-up are left",
    });
    expect((await node.lookUp(plan, [["y"]])).left).toBe(1);
    expect((await node.lookUp(plan, [["w"]])).left).toBe(0);
    expect(answersOf(await end)).toEqual({ x: true, q: false, y: true, w: false });
    await expect(node.lookUp(plan, [["z"]])).rejects.toMatchObject({ code: "refused" });
  });

  it("takes 1 to 32 questions at a time, of the holder's kinds, and says which is none without saying what it is", async () => {
    const all = open();
    const { plan, end } = await opened(all, lookup(64));
    const { node } = all.machine("anna");
    const many = Array.from({ length: 33 }, (_, at) => [`n${at}`]);
    await expect(node.lookUp(plan, many)).rejects.toMatchObject({ code: "limits" });
    await expect(node.lookUp(plan, [])).rejects.toMatchObject({ code: "limits" });
    await expect(node.lookUp(plan, [["x"], ["a secret", "y"]])).rejects.toThrow(
      "expected a value for each of id in question 2, got 2",
    );
    const bad = node.lookUp(plan, [["x"], ["a\u0007secret"]]);
    await expect(bad).rejects.toThrow("expected a value of kind opaque in question 2");
    await expect(bad).rejects.not.toThrow("secret");
    const other: Hash = `sha256:${"0".repeat(64)}`;
    await expect(node.lookUp(other, [["x"]])).rejects.toMatchObject({ code: "refused" });
    expect((await node.lookUp(plan, many.slice(0, 32))).left).toBe(32); // nothing was taken off for what was refused
    node.endLookUp(plan);
    await end;
  });

  it("ends with the day, and keeps what was answered; another day has another right", async () => {
    const all = open();
    const { plan, end } = await opened(all, lookup(6));
    const { node } = all.machine("anna");
    await node.lookUp(plan, [["x"]]);
    const { clock } = all;
    clock.jump(Math.ceil(clock.now() / DAY_MS) * DAY_MS + 1000);
    expect(answersOf(await end)).toEqual({ x: true });
    const again = await opened(all, lookup(6));
    expect(hits(await node.lookUp(again.plan, [["y"]]))).toEqual({ y: true });
    node.endLookUp(again.plan);
    expect(answersOf(await again.end)).toEqual({ y: true }); // and no answer of the day before
  });

  it("does not begin when its question expires before there is time for evidence", async () => {
    const all = open();
    const { expires: _, ...question } = lookup(6);
    const { clock } = all;
    const midnight = Math.ceil(clock.now() / DAY_MS) * DAY_MS;
    clock.jump(midnight - 120_000);
    const outcome = await all.ask("anna", {
      ...question,
      expires: `${new Date(midnight).toISOString().slice(0, 19)}Z`,
    });
    expect(outcome).toMatchObject({ status: "failed", code: "expired" });
  });

  it("is charged to the day as a whole when it opens, and refused above it", async () => {
    const all = open(LISTS, {
      terms: (terms: Terms) => ({
        ...terms,
        quotas: terms.quotas.map((row) => ({ ...row, lookupsPerDay: 10 })),
      }),
    });
    const { plan, end } = await opened(all, lookup(8));
    const { node } = all.machine("anna");
    await node.lookUp(plan, [["x"]]);
    node.endLookUp(plan);
    await end;
    expect(await all.ask("anna", lookup(3))).toMatchObject({
      status: "failed",
      code: "quota",
      party: "bert",
    });
  });

  it("ends with the holder's node, and whoever asks hears so", async () => {
    const all = open();
    const { plan, end } = await opened(all, lookup(64));
    const { node } = all.machine("anna");
    await node.lookUp(plan, [["x"]]);
    await all.machine("bert").close();
    await expect(node.lookUp(plan, [["z"]])).rejects.toMatchObject({ party: "bert" });
    expect(await end).toMatchObject({ status: "failed", party: "bert" });
  });

  it("gives no answer after its day to an asker whose clock says that it has not ended", async () => {
    let behind = 0;
    const all = open(LISTS, {
      ports: (ports, { party }) => {
        if (party !== "anna") return ports;
        const { clock } = ports;
        return { ...ports, clock: { now: () => clock.now() - behind, sleep: (ms) => clock.sleep(ms) } };
      },
    });
    const { plan, end } = await opened(all, lookup(64));
    const { node } = all.machine("anna");
    await node.lookUp(plan, [["x"]]);
    const { clock } = all;
    const midnight = Math.ceil(clock.now() / DAY_MS) * DAY_MS;
    behind = 3_600_000;
    clock.jump(midnight + 299_000);
    expect(hits(await node.lookUp(plan, [["y"]]))).toEqual({ y: true }); // clocks differ by five minutes at most
    clock.jump(midnight + 301_000);
    await expect(node.lookUp(plan, [["z"]])).rejects.toMatchObject({ code: "expired", party: "anna" });
    expect(await end).toMatchObject({ status: "failed", code: "expired", party: "anna" });
  });
});
