// SPDX-License-Identifier: Apache-2.0
// An analyst signs the plan outside the node: what the node takes, and what it does not.
import { publicKeyText, signDocument } from "@koplamp/crypto";
import { documentBytes, documentHash, timeMs } from "@koplamp/wire";
import { afterEach, describe, expect, it } from "vitest";
import { EngineError, type PlanDraft } from "../src/index.ts";
import { encodeMessage } from "../src/messages.ts";
import { changedPost, Federation, matchOf, primitives, rng, type Wishes } from "./federation.ts";
import { LISTS, PARTIES, question, seedOf } from "./people.ts";

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

/** A federation in which no node has the key of an analyst. */
function open(wishes: Wishes = {}): Federation {
  federation = new Federation(LISTS, {
    ports: (ports) => {
      const { lawful, ethical } = ports.keys.people;
      if (lawful === undefined || ethical === undefined) throw new Error("expected generated people");
      return { ...ports, keys: { ...ports.keys, people: { lawful, ethical } } };
    },
    ...wishes,
  });
  return federation;
}

const publicKey = (seed: Uint8Array): string => publicKeyText(primitives.ed25519PublicKey(seed));

function drafted(all: Federation, by = publicKey(seedOf(all, "anna", "analyst"))): Promise<PlanDraft> {
  return all.machine("anna").node.draft(question, by);
}

function signed({ plan }: Pick<PlanDraft, "plan">, seed: Uint8Array, type = "plan/v1") {
  const bytes = documentBytes(plan);
  const hash = documentHash(primitives.sha256, bytes);
  return { bytes, signatures: [signDocument(primitives, seed, type, hash)] };
}

async function refusalOf(work: Promise<unknown>): Promise<EngineError> {
  const reason = await work.then(
    () => expect.fail("it was taken"),
    (error: unknown) => error,
  );
  if (reason instanceof EngineError) return reason;
  throw reason;
}

/** Nobody but the asker has heard of anything. */
function expectUnasked(all: Federation): void {
  for (const party of PARTIES) {
    const { node, store, outcomes } = all.machine(party);
    expect([node.inbox().length, store.size(), outcomes.length]).toEqual([0, 0, 0]);
  }
}

describe("a plan that its analyst signs", () => {
  it("is asked once, with that signature, at a node that has no key of an analyst", async () => {
    const all = open();
    const draft = await drafted(all);
    expect(documentHash(primitives.sha256, documentBytes(draft.plan))).toBe(draft.planHash);
    expectUnasked(all);
    const analyst = seedOf(all, "anna", "analyst");
    const { node } = all.machine("anna");
    const handed = signed(draft, analyst);
    const other = signed(draft, rng(32)).signatures;
    const outcome = await node.askSigned({ ...handed, signatures: [...other, ...handed.signatures] });
    expect(outcome).toMatchObject({ status: "released", planHash: draft.planHash });
    for (const party of PARTIES)
      expect(all.machine(party).store.document(draft.planHash)?.signatures).toEqual(handed.signatures);
    expect(await refusalOf(node.askSigned(handed))).toMatchObject({
      code: "refused",
      hint: expect.stringMatching(/--key/),
    });
  });

  it("is not asked by the node in its analyst's place", async () => {
    const all = open();
    expect(await refusalOf(all.ask("anna", question))).toMatchObject({
      code: "refused",
      message: expect.stringContaining("holds no analyst's key"),
      hint: expect.stringContaining("--key"),
    });
    expect((await all.machine("anna").node.explain(question)).plan.proposer.by).toBe(
      publicKey(seedOf(all, "anna", "analyst")),
    );
    expectUnasked(all);
  });

  it.each<[string, (all: Federation) => Uint8Array, string?]>([
    ["by another analyst", (all) => seedOf(all, "bert", "analyst")],
    ["by somebody who approves", (all) => seedOf(all, "anna", "lawful")],
    ["by a key of nobody", () => rng(32)],
    ["as a document of another kind", (all) => seedOf(all, "anna", "analyst"), "approval/v1"],
  ])("is refused when it is signed %s, and stays a draft", async (_, seed, type) => {
    const all = open();
    const draft = await drafted(all);
    const { node } = all.machine("anna");
    expect(await refusalOf(node.askSigned(signed(draft, seed(all), type)))).toMatchObject({
      code: "refused",
      message: expect.stringContaining("signed by the analyst for whom it was drafted"),
      hint: expect.stringContaining("ask again"),
    });
    expectUnasked(all);
    const outcome = await node.askSigned(signed(draft, seedOf(all, "anna", "analyst")));
    expect(outcome.status).toBe("released");
  });

  it("is refused when it is another than the draft, or another node's", async () => {
    const all = open();
    const draft = await drafted(all);
    const analyst = seedOf(all, "anna", "analyst");
    const changed = { plan: { ...draft.plan, release: { ...draft.plan.release, minCount: 0 } } };
    const unknown = { code: "refused", message: expect.stringContaining("drafted no such plan") };
    expect(await refusalOf(all.machine("anna").node.askSigned(signed(changed, analyst)))).toMatchObject(
      unknown,
    );
    expect(await refusalOf(all.machine("bert").node.askSigned(signed(draft, analyst)))).toMatchObject(
      unknown,
    );
    expectUnasked(all);
  });

  it("expires after ten minutes", async () => {
    const all = open();
    const draft = await drafted(all);
    const handed = signed(draft, seedOf(all, "anna", "analyst"));
    all.clock.ahead = 600_001;
    expect(await refusalOf(all.machine("anna").node.askSigned(handed))).toMatchObject({
      code: "expired",
      message: `the draft expired at ${draft.until}`,
    });
    expectUnasked(all);
  });
});

describe("a draft", () => {
  it.each<[string, (all: Federation) => string]>([
    ["of another party's analyst", (all) => publicKey(seedOf(all, "bert", "analyst"))],
    ["of somebody who approves", (all) => publicKey(seedOf(all, "anna", "ethical"))],
    ["of nobody", () => publicKey(rng(32))],
  ])("is not made for the key %s, and nobody is asked for an offer", async (_, by) => {
    let offers = 0;
    const all = open({
      post: (post) =>
        changedPost(post, async (to, topic, body) => {
          if (topic.startsWith("offer/")) offers += 1;
          await post.send(to, topic, body);
        }),
    });
    expect(await refusalOf(drafted(all, by(all)))).toMatchObject({
      code: "refused",
      message: "expected the key of an analyst on the card of anna, got another",
      hint: "the analysts on the card: anna-p1",
    });
    expect(offers).toBe(0);
  });

  it("is not made once the analyst's time on the card is over", async () => {
    const all = open();
    const [person] = all.membership.cards.get("anna")?.people ?? [];
    all.clock.ahead = timeMs(person?.validUntil ?? "") - Date.now();
    expect(await refusalOf(drafted(all))).toMatchObject({
      code: "refused",
      hint: "no analyst is on the card: issue a new card",
    });
  });

  it("takes the place of the oldest of the same analyst, when that one has eight", async () => {
    const all = open();
    const first = await drafted(all);
    const others: PlanDraft[] = [];
    for (let at = 0; at < 8; at += 1) others.push(await drafted(all));
    const { node } = all.machine("anna");
    const analyst = seedOf(all, "anna", "analyst");
    expect(await refusalOf(node.askSigned(signed(first, analyst)))).toMatchObject({ code: "refused" });
    const last = others[7] ?? first;
    expect((await node.askSigned(signed(last, analyst))).status).toBe("released");
  });
});

it("a plan is refused by every other node once its analyst's time on the card is over", async () => {
  const all = open();
  const handed = signed(await drafted(all), seedOf(all, "anna", "analyst"));
  const [person] = all.membership.cards.get("anna")?.people ?? [];
  all.clock.ahead = timeMs(person?.validUntil ?? "") - Date.now();
  for (const party of ["bert", "cleo"])
    await all.machine("anna").ports.post.send(party, "propose/", encodeMessage({ plan: handed }));
  for (const end of await all.outcomes(["bert", "cleo"]))
    expect(end).toMatchObject({
      status: "failed",
      code: "integrity",
      message: "the plan that anna sent is not signed by an analyst of anna",
    });
});

it("no more than sixty-four drafts wait at a node, whoever made them", async () => {
  const seeds = Array.from({ length: 9 }, () => rng(32));
  const all = open({
    ports: (ports) => {
      const card = ports.membership.cards.get("anna");
      if (card === undefined) throw new Error("anna has no card");
      const more = seeds.map((seed, at) => ({
        ...{ person: `anna-a${at}`, roles: ["analyst" as const] },
        ...{ key: publicKey(seed), validUntil: "2199-01-01T00:00:00Z" },
      }));
      const cards = new Map([...ports.membership.cards, ["anna", { ...card, people: more }] as const]);
      return { ...ports, membership: { ...ports.membership, cards } };
    },
  });
  const drafts = (at: number) =>
    Promise.all(Array.from({ length: 8 }, () => drafted(all, publicKey(seeds[at] ?? rng(32)))));
  for (let at = 0; at < 8; at += 1) expect(await drafts(at)).toHaveLength(8);
  const last = publicKey(seeds[8] ?? rng(32));
  expect(await refusalOf(drafted(all, last))).toMatchObject({
    code: "limits",
    message: expect.stringContaining("at most 64 plans that wait for a signature"),
  });
  all.clock.ahead = 600_001;
  expect((await drafted(all, last)).planHash).toMatch(/^sha256:/);
});

it("a question that is not one is told to whoever drafts it", async () => {
  const all = open();
  const stranger = matchOf(["anna", "dirk"], ["anna"]);
  const by = publicKey(seedOf(all, "anna", "analyst"));
  await expect(all.machine("anna").node.draft(stranger, by)).rejects.toMatchObject({ code: "unknown-party" });
});
