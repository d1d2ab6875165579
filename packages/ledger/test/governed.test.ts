// SPDX-License-Identifier: Apache-2.0
// What a verifier checks under a real agreement, and a lab has not: people's approvals, and quotas.
import { signDecision } from "@koplamp/covenant";
import { publicKeyText } from "@koplamp/crypto";
import { timeText } from "@koplamp/wire";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Federation, matchOf, primitives, rng, type Wishes } from "../../engine/test/federation.ts";
import type { PromiseName, ReportLine } from "../src/report.ts";
import { agreed, agreedVerdict, hasTools, type Made, made, verified } from "./bundles.ts";
import { GOVERNED_TAMPERINGS } from "./tampering.ts";

const LISTS = { anna: ["x", "y", "z"], bert: ["y", "z", "q"], cleo: ["z", "r"] };
const PARTIES = Object.keys(LISTS);

let federation: Federation;
let one: Made;

beforeAll(async () => {
  federation = agreed(LISTS);
  one = await made(federation, "anna", matchOf(PARTIES, ["anna", "cleo"]));
}, 30_000);

afterAll(() => federation.close());

function line(
  bytes: Uint8Array,
  promise: PromiseName,
  more: Parameters<typeof verified>[2] = {},
): ReportLine {
  const { lines } = verified(bytes, one.covenant, more);
  const found = lines.find((row) => row.promise === promise);
  if (found === undefined) throw new Error(`expected ${promise}`);
  return found;
}

const tampered = (name: string): Uint8Array => {
  const way = GOVERNED_TAMPERINGS.find((row) => row.name === name);
  if (way === undefined) throw new Error(`expected a way to tamper called ${name}`);
  return way.act(one, () => 0);
};

describe("approvals", () => {
  it("are counted, party by party", () => {
    expect(line(one.bytes, "approvals")).toMatchObject({
      verdict: "PASS",
      detail: "6 of 6; nobody signed twice",
      article: expect.stringContaining("IAMA"),
    });
  });

  it.each([
    ["an approval that became a refusal", "refuses"],
    ["an approval by the proposer", "anna"],
    ["an approval that had expired", "approval"],
    ["an approval that is in no ledger", "from before it began"],
    ["approvals that were logged after the fact", "from before it began"],
  ])("fail with %s", (name, why) => {
    const { verdict, detail } = line(tampered(name), "approvals");
    expect([verdict, detail.includes(why)], detail).toEqual(["FAIL", true]);
  });

  it("fail where one of them is missing, for each party and role", () => {
    for (const party of PARTIES)
      for (const role of ["lawful", "ethical"]) {
        const { document } = one.find("approval/v1", (value) => value.party === party && value.role === role);
        const documents = one.bundle.documents.filter((other) => other !== document);
        expect(line(one.repacked({ documents }), "approvals").verdict, `${party} ${role}`).toBe("FAIL");
      }
  });

  it("are skipped, and never passed, where some are left out", () => {
    const isApproval = ({ type }: { readonly type: string }): boolean => type === "approval/v1";
    const documents = one.bundle.documents.filter((document) => !isApproval(document));
    const leftOut = one.bundle.documents.filter(isApproval);
    expect(line(one.repacked({ documents, leftOut }), "approvals").verdict).toBe("SKIP");
  });
});

describe("somebody outside, where the agreement asks for one", () => {
  const seed = new Uint8Array(32).fill(7);
  const external = [
    { role: "prosecutor", classes: ["F" as const], keys: [publicKeyText(primitives.ed25519PublicKey(seed))] },
  ];
  let asked: Made;

  beforeAll(async () => {
    const approval = { validFor: "P14D", external };
    const terms: Wishes["terms"] = (own) => ({ ...own, approval });
    const all = agreed(LISTS, { terms, outside: { prosecutor: seed } });
    const { node } = all.machine("bert");
    node.onWaiting(({ plan, planHash, contractHash, covenant }) => {
      const decided = { role: "prosecutor", decision: "approve", considered: [], reason: null } as const;
      const { validFor } = covenant.approval;
      const signer = { seed, salt: rng(32), now: timeText(Date.now()), primitives };
      node.decide(
        signDecision({ ...decided, party: "external" }, { plan, planHash, contractHash, validFor }, signer),
      );
    });
    asked = await made(all, "anna", matchOf(PARTIES, ["anna"]));
    await all.close();
  }, 30_000);

  it("is named when that approval is there", () => {
    const { lines } = verified(asked.bytes, asked.covenant);
    expect(lines.find(({ promise }) => promise === "approvals")).toMatchObject({
      verdict: "PASS",
      detail: "6 of 6, external: prosecutor; nobody signed twice",
    });
  });

  it("is missed when it is not, or is somebody else's", () => {
    const { document, value } = asked.find("approval/v1", ({ party }) => party === "external");
    const documents = asked.bundle.documents.filter((one) => one !== document);
    const other = {
      ...value,
      by: publicKeyText(primitives.ed25519PublicKey(asked.seedsOf("anna").identity)),
    };
    for (const bytes of [
      asked.repacked({ documents }),
      asked.replaced(document, other, [asked.seedsOf("anna").identity]),
    ])
      expect(verified(bytes, asked.covenant).broken).toBe("approvals");
  });

  it.skipIf(!hasTools)(
    "is seen by both verifiers",
    async () => {
      const { document } = asked.find("approval/v1", ({ party }) => party === "external");
      const documents = asked.bundle.documents.filter((one) => one !== document);
      expect(await agreedVerdict(asked.bytes, asked.covenant)).toBe("VERIFIED");
      expect(await agreedVerdict(asked.repacked({ documents }), asked.covenant)).toBe("FAILED");
    },
    30_000,
  );
});

describe("quotas", () => {
  it("are added up again, in words", () => {
    const { verdict, detail } = line(one.bytes, "quotas");
    expect(verdict).toBe("PASS");
    expect(detail).toContain("recomputed: ");
    expect(detail).toContain("bert 256 of 1,024 at anna");
  });

  it("fail where one asker had more than the agreement gives it", () => {
    expect(line(tampered("more evaluations than the quota"), "quotas").verdict).toBe("FAIL");
    expect(line(one.bytes, "quotas", { quota: () => 256 }).verdict).toBe("PASS");
    expect(line(one.bytes, "quotas", { quota: () => 255 })).toMatchObject({
      verdict: "FAIL",
      detail: expect.stringContaining("above the agreement"),
    });
  });

  it("fail where more was answered than allowed, or an allowance was never logged", () => {
    const spent = (change: (body: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>) =>
      one.rewritten((entry) => [entry.type === "spent" ? { ...entry, body: change(entry.body) } : entry]);
    expect(
      line(
        spent((body) => ({ ...body, metered: 257 })),
        "quotas",
      ).detail,
    ).toContain("more than it had allowed");
    const unknown = spent((body) => ({ ...body, allowance: body["root"] }));
    expect(line(unknown, "quotas").detail).toContain("had not logged");
  });

  it("fail where a disclosure cost a budget that the agreement does not have", () => {
    const debits = [{ unit: "exactCells", amount: 1 }];
    const costly = one.rewritten((entry) => [
      entry.type === "disclose" ? { ...entry, body: { ...entry.body, debits } } : entry,
    ]);
    expect(line(costly, "quotas")).toMatchObject({
      verdict: "FAIL",
      detail: expect.stringContaining("more than the budget"),
    });
  });
});

describe("in a lab", () => {
  it("none of it is checked, and that is said", async () => {
    const lab = new Federation(LISTS);
    const { bytes, covenant } = await made(lab, "anna", matchOf(PARTIES, ["anna"]));
    await lab.close();
    const lines = verified(bytes, covenant).lines.filter(({ detail }) => detail === "lab");
    expect(lines.map(({ promise, verdict }) => `${promise} ${verdict}`)).toEqual([
      "approvals SKIP",
      "quotas SKIP",
      "erasure SKIP",
    ]);
  }, 30_000);
});
