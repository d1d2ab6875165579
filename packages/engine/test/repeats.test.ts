// SPDX-License-Identifier: Apache-2.0
// The same question on the same data: the stored answer, and no session. On other data: a new run, of which there are
// only so many.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Terms } from "@koplamp/sdk";
import { openStore } from "@koplamp/store";
import type { Entry } from "@koplamp/wire";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CountingGroup } from "./counting.ts";
import { countOf, Federation, matchOf, type Wishes } from "./federation.ts";

const THREE = ["anna", "bert", "cleo"];
const LISTS = { anna: ["x", "y", "z"], bert: ["y", "z", "q"], cleo: ["z", "r"] };
let dir = "";
let federation: Federation | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "koplamp-repeats-"));
});
afterEach(async () => {
  await federation?.close();
  rmSync(dir, { recursive: true, force: true });
});

function open(wishes: Wishes = {}): Federation {
  federation = new Federation(LISTS, { graceMs: 500, ...wishes });
  return federation;
}

/** The agreement lets one question about bert's list run `repeats` times more. */
function repeats(most: number): (terms: Terms) => Terms {
  const common = { party: "bert", dataset: "list", unit: "row", period: "P1Y" } as const;
  return (terms) => ({ ...terms, budgets: [{ ...common, rhoMicro: 0, exactCells: 0, repeats: most }] });
}

function entriesAt(all: Federation, party: string): readonly Entry[] {
  const { store } = all.machine(party);
  return Array.from({ length: store.size() }, (_, at) => JSON.parse(Buffer.from(store.leaf(at)).toString()));
}

const typesAt = (all: Federation, party: string, from = 0): readonly string[] =>
  entriesAt(all, party)
    .slice(from)
    .map(({ type }) => type);

function changed(all: Federation): void {
  all.machine("bert").list = ["x"];
}

async function restart(all: Federation, party: string): Promise<void> {
  const { list, store } = all.machine(party);
  await all.machine(party).close();
  all.start(party, list, store);
}

describe("the same question on the same data", () => {
  it("is answered from what is kept: no session, no evaluation, no approval, nothing disclosed", async () => {
    const counting = new CountingGroup();
    const all = open({ group: counting.group });
    const question = matchOf(THREE, ["anna", "cleo"]);
    const first = await all.ask("anna", question);
    await all.outcomes(["bert", "cleo"]);
    const sizes = THREE.map((party) => all.machine(party).store.size());
    counting.calls = 0;

    for (const party of THREE) await restart(all, party); // it is on disk
    const again = await all.ask("anna", question);
    const others = await all.outcomes(["bert", "cleo"]);
    expect(again).toMatchObject({
      status: "released",
      stored: { planHash: first.planHash },
      disclosures: [],
    });
    expect(again).toMatchObject({ result: first.status === "released" ? first.result : {} });
    expect(again.status === "released" && again.bundle).toEqual(first.status === "released" && first.bundle);
    expect(again.planHash).not.toBe(first.planHash);
    expect(others[1]).toMatchObject({ status: "released", stored: { planHash: first.planHash } });
    expect(others[1]).toHaveProperty("result");
    expect(others[0]).not.toHaveProperty("result"); // bert was no recipient and is none now
    expect(counting.calls).toBe(0);
    // A recipient has looked at its answer again: that is on record, and nothing else but the question.
    expect(THREE.map((party, at) => typesAt(all, party, sizes[at]))).toEqual([
      ["plan", "consult"],
      ["plan"],
      ["plan", "consult"],
    ]);
    const [told] = entriesAt(all, "anna").filter(({ type }) => type === "consult");
    const release = entriesAt(all, "anna").find(({ type }) => type === "release");
    expect(told?.body).toEqual({ resultHash: release?.body["resultHash"], justification: again.planHash });
  });

  it("is it whoever of them asks, and in the next epoch of keys", async () => {
    const all = open();
    const first = await all.ask("anna", matchOf(THREE, ["anna", "cleo"]));
    await all.outcomes(["bert", "cleo"]);
    all.clock.ahead = 8 * 86_400_000;
    const again = await all.ask("bert", matchOf(THREE, ["anna", "cleo"]));
    expect(again).toMatchObject({ status: "released", stored: { planHash: first.planHash } });
    expect(again).not.toHaveProperty("result");
    await all.outcomes(["cleo"], 2);
    expect((await all.outcomes(["anna"]))[0]).toMatchObject({
      stored: { planHash: first.planHash },
      result: first.status === "released" ? first.result : {},
    });
  });

  it.each<readonly [string, (all: Federation) => void, ReturnType<typeof matchOf>]>([
    ["a list has changed", changed, matchOf(THREE, ["anna"])],
    ["it has another reason", () => {}, matchOf(THREE, ["anna"], { id: "another" })],
    ["it tells more", () => {}, matchOf(THREE, ["anna"], { tell: "count" })],
    ["another party would receive it", () => {}, matchOf(THREE, ["bert"])],
    ["others bring data", () => {}, matchOf(["anna", "bert"], ["anna"])],
    [
      "the recipient has erased the answer",
      (all) => {
        const { store } = all.machine("anna");
        for (const name of store.sealedNames("outcome/")) store.dropSealed(name);
      },
      matchOf(THREE, ["anna"]),
    ],
    [
      "a node has lost what it knew",
      (all) => {
        const { store } = all.machine("bert");
        for (const name of store.sealedNames("memo/")) store.dropSealed(name);
      },
      matchOf(THREE, ["anna"]),
    ],
  ])("is not the same when %s", async (_what, change, question) => {
    const all = open();
    await all.ask("anna", matchOf(THREE, ["anna"]));
    await all.outcomes(["bert", "cleo"]);
    change(all);
    const again = await all.ask("anna", question);
    expect(again.status).toBe("released");
    expect(again).not.toHaveProperty("stored");
    expect(typesAt(all, "anna").filter((type) => type === "plan")).toHaveLength(2);
    expect(typesAt(all, "anna").filter((type) => type === "begin").length).toBeGreaterThan(1);
  });

  it("keeps no answer longer: what was asked again points at the answer, and is gone with it", async () => {
    const all = open();
    const question = matchOf(THREE, ["anna"]);
    const first = await all.ask("anna", question);
    const again = await all.ask("anna", question);
    const { node, store } = all.machine("anna");
    const kept = node.outcomeOf(again.planHash ?? "");
    expect(kept).toMatchObject({ stored: { planHash: first.planHash }, result: { kind: "match" } });
    store.dropSealed(`outcome/${first.planHash?.slice(7)}`);
    expect(node.outcomeOf(again.planHash ?? "")).not.toHaveProperty("result");
  });

  it("is asked anew where a party says that its data have changed, though they have not", async () => {
    const all = open({
      post: (post, party) =>
        party !== "bert"
          ? post
          : {
              ...post,
              listen: (prefix, listener) => post.listen(prefix, listener),
              receive: (from, topic) => post.receive(from, topic),
              fail: (prefix, reason) => void post.fail(prefix, reason),
              close: () => void post.close(),
              send: (to, topic, body) =>
                post.send(
                  to,
                  topic,
                  topic.endsWith("/before") ? Buffer.from('{"spent":null,"stored":null}') : body,
                ),
            },
    });
    await all.ask("anna", matchOf(THREE, ["anna"]));
    await all.outcomes(["bert", "cleo"]);
    const again = all.ask("anna", matchOf(THREE, ["anna"], { expires: "" }));
    // bert itself takes the stored answer, and the others wait for its people: nothing is disclosed.
    const size = all.machine("cleo").store.size();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(typesAt(all, "cleo", size)).not.toContain("begin");
    all.clock.ahead = 3 * 86_400_000;
    expect(await again).toMatchObject({ status: "failed" });
  });
});

describe("repeats", () => {
  const change = (all: Federation, number: number): void => {
    all.machine("anna").list = ["x", "y", `more${number}`];
  };

  it("are charged when a session begins, and refused by their clause at every node when they are spent", async () => {
    const all = open({ terms: repeats(1) });
    const ends: unknown[] = [];
    for (let number = 0; number < 4; number += 1) {
      change(all, number);
      if (number === 2) await restart(all, "bert");
      const outcome = await all.ask("anna", countOf(THREE, ["anna"], { id: `renamed-${number}` }));
      ends.push(outcome.status === "refused" ? [outcome.rule, outcome.party] : outcome.status);
    }
    expect(ends).toEqual(["released", "released", ["budgets/1", "bert"], ["budgets/1", "bert"]]);
    const stated = entriesAt(all, "bert").flatMap(({ type, body }) =>
      type === "begin" ? [body["debits"]] : [],
    );
    expect(stated.filter((debits) => JSON.stringify(debits).includes("repeats"))).toEqual([
      [{ unit: "repeats", amount: 1 }],
      [{ unit: "repeats", amount: 1 }],
    ]);
    expect((await all.outcomes(["cleo"], 4))[0]).toMatchObject({
      status: "refused",
      rule: "budgets/1",
      party: "bert",
      hint: expect.stringContaining("amend the covenant"),
    });
  });

  it("are not needed for the stored answer, and say nothing of the question in the ledger", async () => {
    const all = open({ terms: repeats(0) });
    const question = countOf(THREE, ["anna"]);
    const first = await all.ask("anna", question);
    await all.outcomes(["bert", "cleo"]);
    expect(await all.ask("anna", question)).toMatchObject({ stored: { planHash: first.planHash } });
    change(all, 1);
    expect(await all.ask("anna", question)).toMatchObject({ status: "refused", rule: "budgets/1" });
    const [begin] = entriesAt(all, "bert").filter(({ body }) => JSON.stringify(body).includes("repeats"));
    expect(Object.keys(begin?.body ?? {}).sort()).toEqual(["debits", "session", "shard", "transcript"]);
  });

  it("and stored answers are the same under the next roster, with another coordinator and other analysts", async () => {
    const all = open({ terms: repeats(1) });
    const question = countOf(THREE, ["anna"]);
    const first = await all.ask("anna", question);
    await all.outcomes(["bert", "cleo"]);
    await all.renew();
    expect(await all.ask("anna", question)).toMatchObject({ stored: { planHash: first.planHash } });
    change(all, 1);
    expect((await all.ask("anna", question)).status).toBe("released");
    await all.renew();
    change(all, 2);
    expect(await all.ask("anna", question)).toMatchObject({ status: "refused", rule: "budgets/1" });
  });

  it("hold over a new file handle, several at a time, and another analyst", async () => {
    const all = open({ terms: repeats(2) });
    const path = join(dir, "bert.db");
    await all.machine("bert").close();
    all.machine("bert").store.close();
    all.start("bert", LISTS.bert, openStore(path));
    const some = await Promise.all(
      THREE.flatMap((party) =>
        [0, 1].map((at) => all.ask(party, countOf(THREE, ["anna"], { id: `${party}-${at}` }))),
      ),
    );
    const ran = some.filter(({ status }) => status === "released");
    expect(ran).toHaveLength(3);
    expect(some.filter((end) => end.status === "refused" && end.rule === "budgets/1")).toHaveLength(3);
    await all.machine("bert").close();
    all.machine("bert").store.close();
    all.start("bert", LISTS.bert, openStore(path));
    change(all, 1);
    expect(await all.ask("cleo", countOf(THREE, ["anna"], { id: "last" }))).toMatchObject({
      status: "refused",
    });
  });
});
