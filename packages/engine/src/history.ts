// SPDX-License-Identifier: Apache-2.0
// What was answered from this node's data, and a no where two answers would tell something by their difference. Sealed at
// this node alone; nothing of it stands in a ledger.
import {
  addPeriod,
  base64,
  canonicalBytes,
  fromBase64,
  fromHex,
  type Hash,
  hex,
  parseCanonical,
  periodStart,
  timeText,
} from "@koplamp/wire";
import { z } from "zod";
import { putAtRest, readAtRest } from "./at-rest.ts";
import { EngineError } from "./errors.ts";
import { differenceOf, type Members, type Release } from "./history-rule.ts";
import type { NodePorts } from "./node-ports.ts";
import type { Refusal } from "./outcome.ts";
import type { Predicate } from "./predicate.ts";
import type { QuestionRun } from "./question-run.ts";

const PREFIX = "history/";
const MOST_BYTES = 2 ** 28;
/** Pairs of cells of two answers that are compared: so many take some ten seconds, and nothing else goes on meanwhile. */
const MOST_PAIRS = 10 ** 8;

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
  cells: z.array(z.strictObject({ predicate: z.array(condition), members: z.string() })),
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
    const before = keptRelease(node, name);
    const difference = isComparable(before, release) ? differenceOf(before, release) : "size";
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

/** Whether comparing two answers ends soon; of different things there is nothing to compare. */
function isComparable(before: Release, now: Release): boolean {
  return before.about !== now.about || before.cells.length * now.cells.length <= MOST_PAIRS;
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

function refusalFor(party: string, dataset: string, difference: "party" | "rows" | "size"): Refusal {
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

function plain({ about, contributors, told, minCount, noisy, cells }: Release): z.infer<typeof KEPT> {
  return {
    about,
    contributors: [...contributors],
    told,
    minCount,
    noisy,
    cells: cells.map(({ predicate, members }) => ({
      predicate: predicate.map(({ column, op, value }) => ({ column, op, value })),
      members: base64(packed(members)),
    })),
  };
}

function keptRelease(node: NodePorts, name: string): Release {
  const bytes = readAtRest(node, name);
  if (!(bytes instanceof Uint8Array)) {
    throw new EngineError("integrity", node.me, "what was answered before is not what was written");
  }
  const { cells, ...rest } = KEPT.parse(parseCanonical(bytes, { maxBytes: MOST_BYTES }));
  return {
    ...rest,
    cells: cells.map(({ predicate, members }) => ({
      predicate: predicate satisfies Predicate,
      members: unpacked(fromBase64(members)),
    })),
  };
}

const NAME_BYTES = 8;
const MEMBER_BYTES = 12;

/** Eight bytes of name and four of value each. */
function packed(members: Members): Uint8Array {
  const bytes = new Uint8Array(members.size * MEMBER_BYTES);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [member, value] of members) {
    bytes.set(fromHex(member), at);
    view.setUint32(at + NAME_BYTES, value);
    at += MEMBER_BYTES;
  }
  return bytes;
}

function unpacked(bytes: Uint8Array): Members {
  const members = new Map<string, number>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; at += MEMBER_BYTES) {
    members.set(hex(bytes.subarray(at, at + NAME_BYTES)), view.getUint32(at + NAME_BYTES));
  }
  return members;
}
