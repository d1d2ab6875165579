// SPDX-License-Identifier: Apache-2.0
// One agency's own policies bind its node, and so everybody: a no there is a no everywhere.
import { type NodePolicy, nodePolicy } from "@koplamp/covenant";
import { loadCedar } from "@koplamp/pool";
import { afterEach, describe, expect, it } from "vitest";
import { countOf, Federation, matchOf } from "./federation.ts";

const PARTIES = ["anna", "bert", "cleo"];
const cedar = loadCedar();
let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

const policyOf = (text: string): NodePolicy => nodePolicy([{ name: "base.cedar", text }], cedar);

/** A federation in which bert's node has these policies. */
function open(policy: NodePolicy): Federation {
  federation = new Federation(
    { anna: ["x", "y"], bert: ["y", "z"], cleo: ["z", "y"] },
    { graceMs: 150, ports: (ports, { party }) => (party === "bert" ? { ...ports, policy } : ports) },
  );
  return federation;
}

const COUNTS = `@id("counts") @article("Wpg 20")
permit (principal in Role::"analyst", action in Action::"class-B", resource)
when { context.purpose == "lab" && context.now > datetime("2020-01-01T00:00:00Z") };
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
