// SPDX-License-Identifier: Apache-2.0
// Who may say yes, and that every node checks everybody's.
import type { AnswerResult, Post } from "@koplamp/wire";
import { afterEach, describe, expect, it } from "vitest";
import type { Outcome } from "../src/index.ts";
import { countOf, Federation, type Lists, matchOf, type Wishes } from "./federation.ts";

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

function open(wishes: Wishes, lists: Lists = LISTS): Federation {
  federation = new Federation(lists, { graceMs: 150, ...wishes });
  return federation;
}

const LISTS: Lists = { anna: ["x", "y"], bert: ["y", "z"], cleo: ["z", "y"] };
const PARTIES = ["anna", "bert", "cleo"];
const question = matchOf(PARTIES, ["anna"]);

async function endsAt(
  all: Federation,
  outcome: Outcome<AnswerResult>,
): Promise<readonly Outcome<AnswerResult>[]> {
  return [outcome, ...(await all.outcomes(["bert", "cleo"]))];
}

/** No session of the question began anywhere. */
function expectNothingBegun(all: Federation): void {
  for (const party of PARTIES) {
    expect(all.machine(party).log.filter(({ event }) => event === "session.begin")).toEqual([]);
  }
}

describe("a node's own yes", () => {
  it("is refused for one rule at every party, with the rule and the hint", async () => {
    const all = open({
      terms: (terms) => ({ ...terms, personLevel: { allowed: false, ground: null, external: [] } }),
    });
    const outcome = await all.ask("anna", question);
    for (const end of await endsAt(all, outcome)) {
      expect(end).toMatchObject({ status: "refused", party: "anna", rule: "personLevel/allowed" });
    }
    expectNothingBegun(all);
    expect(await all.ask("anna", countOf(PARTIES, ["anna"]))).toMatchObject({ status: "released" });
  });

  it("is refused at every party for what one party's data class does not allow", async () => {
    const all = open({
      terms: (terms) => ({
        ...terms,
        dataClasses: terms.dataClasses.map((row) =>
          row.party === "cleo"
            ? { ...row, allow: row.allow.map((rule) => ({ ...rule, recipients: ["bert"] })) }
            : row,
        ),
      }),
    });
    const outcome = await all.ask("anna", question);
    for (const end of await endsAt(all, outcome)) {
      expect(end).toMatchObject({
        status: "refused",
        party: "anna",
        rule: "dataClasses/cleo.list/allow/lab",
      });
    }
    expect(await all.ask("anna", matchOf(PARTIES, ["bert"], { id: "other" }))).toMatchObject({
      status: "released",
    });
  });

  it("is not given for a plan that states what the node did not offer", async () => {
    let forget = true;
    const all = open({
      ports: (ports, { party }) => {
        if (party !== "bert") return ports;
        // Every second offer of bert is that of another process, which this one knows nothing of.
        const send: Post["send"] = async (to, topic, body) => {
          const text = Buffer.from(body).toString();
          const lied = forget && topic.startsWith("offered/") ? relabelled(text) : body;
          await ports.post.send(to, topic, lied);
        };
        return { ...ports, post: { ...ports.post, send } };
      },
    });
    const outcome = await all.ask("anna", question);
    expect(outcome).toMatchObject({ status: "refused", party: "bert", rule: "inputs" });
    expectNothingBegun(all);
    forget = false;
    expect(await all.ask("anna", matchOf(PARTIES, ["anna"], { id: "again" }))).toMatchObject({
      status: "released",
    });
  });
});

/** An offer with a larger size than was made. */
function relabelled(text: string): Uint8Array {
  const message = JSON.parse(text);
  const entry = Buffer.from(message.entry, "base64")
    .toString()
    .replace(/"rowsPadded":256/, '"rowsPadded":512');
  return new Uint8Array(
    Buffer.from(JSON.stringify({ ...message, entry: Buffer.from(entry).toString("base64") })),
  );
}

describe("the contract", () => {
  it("that one node computes otherwise stops the question at all", async () => {
    const all = open({
      ports: (ports, { party }) => {
        if (party !== "cleo") return ports;
        const { covenant } = ports.membership;
        const quotas = covenant.quotas.map((row) => ({ ...row, evaluations: row.evaluations - 1 }));
        return { ...ports, membership: { ...ports.membership, covenant: { ...covenant, quotas } } };
      },
    });
    const outcome = await all.ask("anna", question);
    for (const end of await endsAt(all, outcome)) {
      expect(end).toMatchObject({ status: "failed", code: "integrity" });
      expect(end.status === "failed" ? end.message : "").toContain("is not ours");
    }
    expectNothingBegun(all);
  });

  it("above the question's class is refused, not run", async () => {
    const all = open({
      terms: (terms) => ({
        ...terms,
        protocols: terms.protocols.map((row) => ({ ...row, coordinatorLearns: [] })),
      }),
    });
    await expect(all.ask("anna", countOf(PARTIES, ["anna"]))).rejects.toMatchObject({ code: "coordinator" });
  });
});

describe("a proposal", () => {
  it("that comes twice runs once", async () => {
    const proposals: Uint8Array[] = [];
    const all = open({
      post: (post, party) => {
        if (party !== "anna") return post;
        const send: Post["send"] = async (to, topic, body) => {
          if (topic.startsWith("propose/")) proposals.push(body);
          await post.send(to, topic, body);
        };
        return { ...post, send };
      },
    });
    const outcome = await all.ask("anna", question);
    expect(outcome).toMatchObject({ status: "released" });
    await all.outcomes(["bert", "cleo"]);
    const size = all.machine("bert").store.size();
    await all.machine("anna").ports.post.send("bert", "propose/", proposals[0] ?? new Uint8Array());
    const [again] = await all.outcomes(["bert"], 2);
    expect(again).toMatchObject({ status: "failed", code: "integrity", party: "anna" });
    expect(all.machine("bert").store.size()).toBe(size);
  });

  it("that somebody else signed, or that is under another covenant, is refused", async () => {
    const all = open({});
    const plans: Uint8Array[] = [];
    const other = new Federation(LISTS, {
      post: (post, party) => {
        if (party !== "anna") return post;
        const send: Post["send"] = async (to, topic, body) => {
          if (topic.startsWith("propose/")) plans.push(body);
          await post.send(to, topic, body);
        };
        return { ...post, send };
      },
    });
    await other.ask("anna", question);
    await other.close();
    await all.machine("anna").ports.post.send("bert", "propose/", plans[0] ?? new Uint8Array());
    const [foreign] = await all.outcomes(["bert"]);
    expect(foreign).toMatchObject({
      status: "failed",
      code: "integrity",
      message: expect.stringContaining("another covenant"),
    });

    const { plan } = await all.machine("anna").node.explain(question);
    const bytes = Buffer.from(JSON.stringify(sorted(plan))).toString("base64");
    const body = new Uint8Array(Buffer.from(JSON.stringify({ plan: { bytes, signatures: [] } })));
    await all.machine("anna").ports.post.send("bert", "propose/", body);
    const [unsigned] = await all.outcomes(["bert"], 2);
    expect(unsigned).toMatchObject({
      status: "failed",
      message: expect.stringContaining("is not signed by an analyst"),
    });
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([name, field]) => [name, sorted(field)]));
}
