// SPDX-License-Identifier: Apache-2.0
// The promise that people said yes: two of every contributing party, and whoever the agreement asks outside of them.
import { dealersOf, timeMs } from "@koplamp/wire";
import type { ProvenEntry } from "./check-ledgers.ts";
import {
  type ApprovedQuestion,
  attempt,
  type BundledApproval,
  documentsOf,
  type Evidence,
  type Founding,
  isLab,
  leavesOut,
  type VerifyOptions,
} from "./evidence.ts";
import { type Finding, fail, pass, skip } from "./report.ts";
import { SKEW_MS } from "./timely.ts";

/** The party of an approval by somebody outside the agencies, whose key is in the agreement. */
const EXTERNAL = "external";

/**
 * Every contributing party by the rules of evidence.md, section 4: exactly this contract, one lawful and one ethical
 * approval by two people of its card, neither of them the proposer, valid from before the first session until the last
 * disclosure, and in the ledger of every contributing party before anything began there.
 */
export function checkApproved(
  evidence: Evidence,
  { approve }: Pick<VerifyOptions, "approve">,
  proven: readonly ProvenEntry[] | undefined,
): Finding {
  const { bundle, founding, plan, primitives } = evidence;
  if (isLab(founding)) return skip("lab");
  if (founding === undefined || plan === undefined || proven === undefined)
    return skip("no question, or no ledgers, to compare");
  if (leavesOut(bundle, "approval/v1")) return skip("some are left out of the bundle");
  const given = documentsOf(bundle, "approval/v1");
  const no = given.find(({ value }) => value.decision !== "approve");
  if (no !== undefined) return fail(`somebody of ${no.value.party} refuses, or has withdrawn an approval`);
  const parties = contributing(plan);
  const outside = externalRoles(founding, plan.class);
  const asked = outside.length === 0 ? parties : [...parties, EXTERNAL];
  const question = questionOf(bundle.index, founding, plan, proven);
  const bad = attempt(() => {
    for (const party of asked) {
      const own = given.filter(({ value }) => value.party === party);
      approve(party, own, question, primitives);
    }
  });
  if (bad instanceof Error) return fail(bad.message);
  const late = tooLate(given, parties, proven);
  if (late !== undefined) return fail(late);
  const external = outside.length === 0 ? "" : `, external: ${outside.join(", ")}`;
  return pass(`${2 * parties.length} of ${2 * parties.length}${external}; nobody signed twice`);
}

/** What must have been approved, until the last disclosure of it. */
function questionOf(
  { planHash, contractHash, made }: Evidence["bundle"]["index"],
  { covenant, cards }: Founding,
  plan: NonNullable<Evidence["plan"]>,
  proven: readonly ProvenEntry[],
): ApprovedQuestion {
  const opened = proven.filter(({ entry }) => entry.type === "disclose" || entry.type === "allow");
  const now =
    opened
      .map(({ entry }) => entry.at)
      .sort()
      .at(-1) ?? made;
  return { plan, planHash, contractHash, covenant, cards, now };
}

/** Whoever brings data, is told something or deals. Key holders are among them. */
function contributing({ ask, inputs, recipients }: NonNullable<Evidence["plan"]>): readonly string[] {
  const named = [...inputs, ...recipients].map(({ party }) => party);
  return [...new Set([...named, ...dealersOf(ask)])].sort();
}

function externalRoles({ covenant }: Founding, queryClass: string): readonly string[] {
  const rows = covenant.approval.external.filter(({ classes }) => classes.some((one) => one === queryClass));
  const person = ["E", "F"].includes(queryClass) ? covenant.personLevel.external : [];
  return [...new Set([...rows.map(({ role }) => role), ...person])].sort();
}

/** Why an approval came after what it allows, if one did: by its own time, or by its place in a ledger. */
function tooLate(
  given: readonly BundledApproval[],
  parties: readonly string[],
  proven: readonly ProvenEntry[],
): string | undefined {
  const begins = proven.filter(({ entry }) => entry.type === "begin");
  const first = Math.min(...begins.map(({ entry }) => timeMs(entry.at)));
  const late = given.find(({ value }) => timeMs(value.at) > first + SKEW_MS);
  if (late !== undefined) return `an approval of ${late.value.party} was given after the question had begun`;
  for (const party of parties) {
    const own = begins.filter((entry) => entry.party === party).map(({ index }) => index);
    const logged = new Set(
      proven
        .filter(
          ({ entry, index, party: of }) =>
            of === party && entry.type === "approval" && own.every((at) => index < at),
        )
        .map(({ entry }) => entry.body["approvalHash"]),
    );
    const absent = given.find(
      ({ hash, value }) => [...parties, EXTERNAL].includes(value.party) && !logged.has(hash),
    );
    if (own.length > 0 && absent !== undefined)
      return `the ledger of ${party} has no approval of ${absent.value.party} from before it began`;
  }
  return undefined;
}
