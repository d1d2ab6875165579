// SPDX-License-Identifier: Apache-2.0
// One agency's own policies bind its node, and so everybody: a no there is a no everywhere.
import { type NodePolicy, nodePolicy, PolicyInForce } from "@koplamp/covenant";
import { loadCedar } from "@koplamp/pool";
import { afterEach, describe, expect, it } from "vitest";
import type { LogEvent, NodePorts } from "../src/index.ts";
import { countOf, Federation, matchOf, type Wishes } from "./federation.ts";
import { approve, entries, LISTS, PARTIES, waiting } from "./people.ts";

const cedar = loadCedar();
let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

const policyOf = (text: string): NodePolicy => nodePolicy([{ name: "base.cedar", text }], cedar);

/** A federation in which bert's node has these policies. */
function open(policy: NodePolicy): Federation {
  federation = new Federation(LISTS, {
    graceMs: 150,
    ports: (ports, { party }) => (party === "bert" ? { ...ports, policy } : ports),
  });
  return federation;
}

const COUNTS = `@id("counts") @article("Wpg 20")
permit (principal in Role::"analyst", action in Action::"class-B", resource)
when { context.purpose == "lab" && context.now > datetime("2020-01-01T00:00:00Z") };
`;
const MATCHES = `@id("matches") @article("Wpg 20")
permit (principal in Role::"analyst", action in Action::"class-F", resource);
`;
const NO_MATCH = `@id("no-match") @article("Wpg 11")
forbid (principal, action == Action::"match/F", resource) unless { context.recipient == "bert" };
`;

describe("one node's own policies", () => {
  it("let through what they permit, and refuse the rest at every node, before any session", async () => {
    const all = open(policyOf(COUNTS));
    expect(await all.ask("anna", countOf(PARTIES, ["anna"]))).toMatchObject({ status: "released" });
    const refused = await all.ask("anna", matchOf(PARTIES, ["anna"]));
    const others = await all.outcomes(["bert", "cleo"], 2);
    for (const end of [refused, ...others]) {
      expect(end).toMatchObject({ status: "refused", party: "bert", rule: "policy" });
    }
  });

  it("are named in the refusal, with article and place", async () => {
    const all = open(policyOf(COUNTS + NO_MATCH));
    expect(await all.ask("anna", matchOf(PARTIES, ["anna"]))).toMatchObject({
      status: "refused",
      party: "bert",
      rule: "policy/no-match",
      message: expect.stringContaining('policy "no-match" (Wpg 11) of bert forbids class F on dataset list'),
      hint: expect.stringContaining("base.cedar:4: "),
    });
  });

  it("permit nothing where they are not valid", async () => {
    const all = open(policyOf(`${COUNTS} permit (`));
    expect(await all.ask("anna", countOf(PARTIES, ["anna"]))).toMatchObject({
      status: "refused",
      party: "bert",
      rule: "policy/error",
    });
  });
});

describe("policies that change", () => {
  /** A question that people approve, during which bert's policies are replaced at a step of bert's. */
  async function changed(step: (event: LogEvent) => boolean): Promise<Federation> {
    const policy = new PolicyInForce(policyOf(COUNTS + MATCHES));
    const ports: Wishes["ports"] = (own, { party }) => {
      if (party !== "bert") return own;
      const log: NodePorts["log"] = (event) => {
        own.log(event);
        if (step(event)) policy.replace(policyOf(COUNTS + MATCHES + NO_MATCH));
      };
      return { ...own, log, policy };
    };
    federation = new Federation(LISTS, { graceMs: 150, ports });
    const ends = [
      await federation.ask("anna", matchOf(PARTIES, ["anna"])),
      ...(await federation.outcomes(["bert", "cleo"])),
    ];
    for (const end of ends)
      expect(end).toMatchObject({ status: "refused", party: "bert", rule: "policy/no-match" });
    return federation;
  }

  it("while people decide refuse the question before any session", async () => {
    const all = await changed(({ event }) => event === "question.waiting");
    for (const party of PARTIES) expect(entries(all, party, "begin")).toBe(0);
  });

  it("while a session runs refuse it before its node opens anything", async () => {
    const all = await changed(({ event, phase }) => event === "session.begin" && phase === "0/1");
    expect(entries(all, "bert", "disclose")).toBe(0); // and no other opens without its notice
  });

  it("bind the next question at once", async () => {
    const policy = new PolicyInForce(policyOf(COUNTS));
    const all = open(policy);
    expect(await all.ask("anna", matchOf(PARTIES, ["anna"]))).toMatchObject({ rule: "policy" });
    policy.replace(policyOf(COUNTS + MATCHES));
    expect(await all.ask("anna", matchOf(PARTIES, ["anna"]))).toMatchObject({ status: "released" });
  });
});

describe("an agreement that ends", () => {
  it("while people decide refuses the question at every node", async () => {
    const validFrom = "2026-01-01T00:00:00Z";
    const until = new Date(Date.now() + 3_600_000).toISOString().slice(0, 19);
    const all = new Federation(LISTS, {
      graceMs: 150,
      people: ["bert"],
      terms: (terms) => ({
        ...terms,
        validFrom,
        purposes: terms.purposes.map((one) => ({ ...one, until: `${until}Z` })),
      }),
    });
    federation = all;
    const asked = all.ask("anna", matchOf(PARTIES, ["anna"]));
    await waiting(all, "bert");
    all.clock.ahead = 2 * 3_600_000;
    await approve(all, "bert");
    for (const end of [await asked, ...(await all.outcomes(["bert", "cleo"]))])
      expect(end).toMatchObject({ status: "refused", rule: expect.stringMatching(/^purposes\//) });
    for (const party of PARTIES) expect(entries(all, party, "begin")).toBe(0);
  });
});
