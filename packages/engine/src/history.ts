// SPDX-License-Identifier: Apache-2.0
// What was answered from this node's data, and a no where two answers would tell something by their difference. Sealed at
// this node alone; nothing of it stands in a ledger.
import {
  addPeriod,
  base64,
  canonicalBytes,
  fromBase64,
  type Hash,
  parseCanonical,
  periodStart,
  timeText,
} from "@koplamp/wire";
import { z } from "zod";
import { putAtRest, readAtRest } from "./at-rest.ts";
import { EngineError } from "./errors.ts";
import { packed, unpacked } from "./history-members.ts";
import { type Difference, differenceOf, type Release } from "./history-rule.ts";
import type { NodePorts } from "./node-ports.ts";
import type { Refusal } from "./outcome.ts";
import type { QuestionRun } from "./question-run.ts";

const PREFIX = "history/";
const MOST_BYTES = 2 ** 28;

const condition = z.strictObject({
  column: z.string(),
  op: z.enum(["=", "in", ">=", "<"]),
  value: z.union([
    z.string(),
    z.number(),
    z.boolean(),
    z.array(z.union([z.string(), z.number()])).readonly(),
  ]),
});
const KEPT = z.strictObject({
  about: z.string(),
  contributors: z.array(z.string()),
  told: z.string(),
  minCount: z.number(),
  noisy: z.boolean(),
  where: z.array(condition),
  domain: z.array(
    z.strictObject({
      column: z.string(),
      values: z.array(z.string()),
      ranges: z.literal(true).exactOptional(),
    }),
  ),
  members: z.string(),
});

/**
 * Ends the question, at every party, where its answer and an earlier one would tell something by their difference.
 * Asked once people have approved: a no tells that something is there.
 * @throws {EngineError} `refused`.
 */
export function expectApart(node: NodePorts, run: QuestionRun, release: Release): void {
  const { me } = node;
  const dataset = run.own?.input.dataset ?? "";
  for (const name of node.store.sealedNames(`${PREFIX}${dataset}/`)) {
    if (name.endsWith(`/${run.planHash.slice(7)}`)) continue; // its own record: another recipient's line
    const difference = differenceOf(keptRelease(node, name), release);
    if (difference === undefined) continue;
    const refusal = refusalFor(me, dataset, difference);
    run.refuse(refusal);
    throw new EngineError("refused", me, refusal.message, refusal.hint);
  }
}

/** Keeps what is about to be told, durably and before it is: compared and kept in one go, so that no two pass side by side. */
export function keepRelease(node: NodePorts, run: QuestionRun, release: Release): void {
  expectApart(node, run, release);
  const name = nameOf(node, run);
  if (node.store.sealed(name) !== undefined) return;
  const bytes = canonicalBytes(plain(release));
  if (bytes.length <= MOST_BYTES) return void putAtRest(node, name, bytes);
  const refusal = refusalFor(node.me, run.own?.input.dataset ?? "", "size");
  run.refuse(refusal);
  throw new EngineError("refused", node.me, refusal.message, refusal.hint);
}

/** Kept releases that nothing needs any more: the periods of the budgets in which they were told are over. */
export function pastHistory({ store, clock }: Pick<NodePorts, "store" | "clock">): readonly PastRelease[] {
  const now = timeText(clock.now());
  return store.sealedNames(PREFIX).flatMap((name) => {
    const [, , until = "", plan = ""] = name.split("/");
    return until <= now ? [{ name, planHash: `sha256:${plan}` }] : [];
  });
}

/** A kept release that may go with its question, and when it outlived that, now. */
export interface PastRelease {
  readonly name: string;
  readonly planHash: Hash;
}

/** `history/<dataset>/<until>/<plan>`: until then it is compared with, whatever becomes of the question before. */
function nameOf({ me, membership, clock }: NodePorts, { own, planHash }: QuestionRun): string {
  const dataset = own?.input.dataset ?? "";
  const now = timeText(clock.now());
  const rows = membership.covenant.budgets.filter((row) => row.party === me && row.dataset === dataset);
  const ends = rows.map(({ period }) => addPeriod(periodStart(now, period), period));
  const [until = now] = ends.sort().reverse();
  return `${PREFIX}${dataset}/${until}/${planHash.slice(7)}`;
}

function refusalFor(party: string, dataset: string, difference: Difference): Refusal {
  if (difference === "size") {
    const message = `this answer from ${dataset} of ${party} has too many cells to be compared with others, and what cannot be compared is not told`;
    return { party, rule: "floors/minCount", message, hint: "ask for fewer cells" };
  }
  const hint =
    "an answer that was given cannot be taken back: ask about other groups, or when more has changed";
  if (difference === "party") {
    const message = `the same was answered with one party more or less, and ${party} has told its part: the difference is one party's own`;
    return { party, rule: "floors/minContributors", message, hint };
  }
  const message = `an earlier answer from ${dataset} of ${party} and this one differ by fewer rows than a cell must have: the difference would tell about those`;
  return { party, rule: "floors/minCount", message, hint };
}

function plain({ members, ...rest }: Release): object {
  return { ...rest, members: base64(packed(members)) };
}

function keptRelease(node: NodePorts, name: string): Release {
  const bytes = readAtRest(node, name);
  if (!(bytes instanceof Uint8Array)) {
    throw new EngineError("integrity", node.me, "what was answered before is not what was written");
  }
  const { members, ...rest } = KEPT.parse(parseCanonical(bytes, { maxBytes: MOST_BYTES }));
  return { ...rest, members: unpacked(fromBase64(members)) };
}
