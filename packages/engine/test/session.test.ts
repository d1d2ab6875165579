// SPDX-License-Identifier: Apache-2.0
import { hex } from "@koplamp/wire";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { NodePorts } from "../src/index.ts";
import { Offers } from "../src/offer.ts";
import { QuestionRun } from "../src/question-run.ts";
import { deriveSession, runSession, type SessionSpec } from "../src/session.ts";
import { Federation, matchOf, primitives } from "./federation.ts";

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

const roots = {
  covenantHash: `sha256:${"1".repeat(64)}`,
  rosterHash: `sha256:${"2".repeat(64)}`,
  planHash: `sha256:${"3".repeat(64)}`,
  contractHash: `sha256:${"4".repeat(64)}`,
  label: "0/1",
  nonces: new Map([
    ["bert", new Uint8Array(16).fill(2)],
    ["anna", new Uint8Array(16).fill(1)],
  ]),
};

describe("the name of a session", () => {
  it("is the same for all, in whatever order the nonces came", () => {
    const turned = { ...roots, nonces: new Map([...roots.nonces].reverse()) };
    expect(deriveSession(primitives.sha256, roots)).toEqual(deriveSession(primitives.sha256, turned));
  });

  it("and its transcript change with every hash, the label and each nonce", () => {
    const base = deriveSession(primitives.sha256, roots);
    const other = `sha256:${"5".repeat(64)}`;
    const changes = [
      { covenantHash: other },
      { rosterHash: other },
      { planHash: other },
      { contractHash: other },
      { label: "0/2" },
      { nonces: new Map([...roots.nonces, ["anna", new Uint8Array(16)]]) },
    ];
    for (const change of changes) {
      const facts = deriveSession(primitives.sha256, { ...roots, ...change });
      expect(facts.transcript).not.toEqual(base.transcript);
      expect(facts.sid).not.toEqual(base.sid);
    }
  });

  it("takes nonces of 16 bytes only, and says whose is not", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (nonce) => {
        fc.pre(nonce.length !== 16);
        const nonces = new Map([...roots.nonces, ["bert", nonce]]);
        expect(() => deriveSession(primitives.sha256, { ...roots, nonces })).toThrow("from bert");
      }),
      { numRuns: 40 },
    );
  });
});

describe("a session", () => {
  it("is begun once: the same transcript is refused by the own ledger", async () => {
    federation = new Federation({ anna: ["a"], bert: ["a"] });
    const all = federation;
    const { plan } = await all.machine("anna").node.explain(matchOf(["anna", "bert"], ["anna"]));
    const constant = new Uint8Array(16).fill(7);
    const sides = ["anna", "bert"].map((party) => {
      const { ports } = all.machine(party);
      // Nonces that do not change: what a node must notice even if all others were the same.
      const rng: NodePorts["rng"] = (length) => (length === 16 ? constant.slice() : ports.rng(length));
      const node = { ...ports, rng };
      return { node, run: new QuestionRun(node, new Offers(), plan, `sha256:${"a".repeat(64)}`) };
    });
    const spec: SessionSpec<string> = {
      label: "0/1",
      parties: ["anna", "bert"],
      line: () => false,
      prefix: "",
      secrets: () => ({}),
      start: () => nothing(),
    };
    // The relay would refuse it too; here it has forgotten, and only the ledgers know.
    for (const { node, run } of sides) {
      const { covenantHash, rosterHash } = plan;
      const { planHash, contractHash } = run;
      const nonces = new Map(spec.parties.map((party) => [party, constant]));
      const roots = { covenantHash, rosterHash, planHash, contractHash, label: spec.label, nonces };
      const { session, transcript } = deriveSession(primitives.sha256, roots);
      const body = { session, shard: spec.label, transcript: `sha256:${hex(transcript)}`, debits: [] };
      node.ledger.append([{ type: "begin", verb: "combination", planHash, body }]);
    }
    const again = await Promise.allSettled(sides.map(({ node, run }) => runSession(node, run, spec)));
    const reasons = again.map((end) => (end.status === "rejected" ? String(end.reason) : "begun again"));
    expect(reasons.join(" ")).toContain("one that was begun before"); // by whoever was first; the other hears of an end
    expect(reasons).not.toContain("begun again");
    const entries = all.machine("anna").ports.ledger.entriesOf(`sha256:${"a".repeat(64)}`);
    expect(entries.map(({ entry }) => entry.type)).toEqual(["begin"]);
  });
});

// biome-ignore lint/correctness/useYield: a party that says nothing
function* nothing(): Generator<never, string, unknown> {
  return "done";
}
