// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import { isPairProtocol, matchPair, pairCountBlind } from "@koplamp/psi";
import { type Contract, measuredColumns, type Plan } from "@koplamp/wire";
import { BULK } from "./bulk.ts";
import { DISTINCT, JOIN_PAIR } from "./choices.ts";
import { type SelectingAsk, selectingAsk } from "./joins.ts";
import { usesTables } from "./thresholds.ts";

/** What a question costs the party that pays most, by public bounds. An estimate: performance.md, section 1. */
export interface Cost {
  /** CPU seconds of one core the first time, when every key is new. */
  readonly firstSeconds: number;
  /** CPU seconds when nothing is new. */
  readonly repeatSeconds: number;
  readonly bytesOut: number;
  readonly bytesIn: number;
  /** Elements that each holder evaluates for each asker, at most; empty without a key. */
  readonly evaluations: readonly {
    readonly holder: PartyId;
    readonly asker: PartyId;
    readonly amount: number;
  }[];
}

/** Microseconds of the default backend: hash to group, fixed and variable base, decode, sum per item and weight. */
const US = {
  hash: 38,
  fixed: 57,
  variable: 156,
  decode: 10.5,
  sum: 136,
  token: 3,
  place: 50,
  cell: 8,
  context: 500_000,
  product: 25_000,
  bulk: 2.5,
};

/** The cost of a plan. */
export function costOf(plan: Plan, { egress, debits }: Contract): Cost {
  const parties = [...new Set([...plan.inputs, ...plan.recipients].map(({ party }) => party))];
  const bytes = (side: "from" | "to"): number =>
    Math.max(
      0,
      ...parties.map((party) =>
        egress.filter((row) => row[side] === party).reduce((sum, row) => sum + row.bytes, 0),
      ),
    );
  const { first, repeat } = microsOf(plan);
  return {
    firstSeconds: first / 1e6,
    repeatSeconds: repeat / 1e6,
    bytesOut: bytes("from"),
    bytesIn: bytes("to"),
    evaluations: debits
      .filter(({ unit }) => unit === "evaluations" || unit === "lookups")
      .map(({ holder, asker, amount }) => ({ holder, asker, amount })),
  };
}

function microsOf(plan: Plan): { readonly first: number; readonly repeat: number } {
  const selecting = selectingAsk(plan);
  if (selecting !== undefined) return selectingMicros(plan, selecting);
  if (plan.ask.kind === "aggregate" || plan.ask.kind === "trend")
    return { first: sumMicros(plan), repeat: sumMicros(plan) };
  if (plan.ask.kind === "lookup") return lookupMicros(plan, plan.ask.elements);
  if (plan.protocol.id === BULK.protocol) return { first: bulkMicros(plan), repeat: bulkMicros(plan) };
  if (isPairProtocol(plan.protocol.id)) return { first: pairMicros(plan), repeat: pairMicros(plan) };
  const each = usesTables(plan.ask, plan.protocol.id) ? placeMicros(plan) : tokenMicros(plan);
  return { first: each + evaluationMicros(plan), repeat: each };
}

/** Evaluations as in a match, and products of ciphertexts with plain numbers: one for each 8,192 rows, group and number. */
function selectingMicros(plan: Plan, ask: SelectingAsk): { readonly first: number; readonly repeat: number } {
  const { inputs, protocol } = plan;
  const cells = ask.domain.reduce((product, { values }) => product * values.length, 1);
  const rows = Math.max(...inputs.map(({ rowsPadded }) => rowsPadded));
  const groups = protocol.id === DISTINCT.protocol ? 1 : Math.min(cells, MOST_GROUPS);
  const products = Math.ceil((rows * groups) / 8192) * (ask.measures.length + 1);
  const sums = US.context + products * US.product;
  if (protocol.id !== JOIN_PAIR.protocol) return { first: evaluationMicros(plan) + sums, repeat: sums };
  const both = pairMicros(plan) + sums;
  return { first: both, repeat: both };
}

/** Most groups for which rows are selected one by one, as far as an estimate knows. */
const MOST_GROUPS = 32;

/** A key for each question: it costs the same every time. A party that sends and receives pays both. */
function pairMicros({ inputs, recipients, protocol }: Plan): number {
  const blind = protocol.id === pairCountBlind.id;
  const masks = blind ? 2 * US.variable : US.fixed + US.variable;
  const asking = US.hash + masks + US.decode + (blind ? 0 : 2 * US.sum);
  const answering = US.decode + US.variable + (blind ? 0 : US.sum);
  const both = protocol.id === matchPair.id && recipients.length === 2;
  const costs = inputs.map(({ party, rowsPadded: mine }) => {
    const theirs = inputs.find((other) => other.party !== party)?.rowsPadded ?? 0;
    const receiving = mine * asking;
    const sending = mine * (US.hash + US.variable) + theirs * answering;
    return both ? receiving + sending : Math.max(receiving, sending);
  });
  return Math.max(...costs);
}

/** Whoever has more to do: the recipient encodes, the sender makes tokens, and both hash their lists. */
function bulkMicros({ inputs }: Plan): number {
  return Math.max(...inputs.map(({ rowsPadded }) => rowsPadded)) * US.bulk;
}

/** The index once an epoch, at the holder; then what a question costs whoever pays more for it. */
function lookupMicros(
  { inputs }: Plan,
  elements: number,
): { readonly first: number; readonly repeat: number } {
  const rows = inputs.reduce((sum, { rowsPadded }) => sum + rowsPadded, 0);
  const asking = US.hash + 2 * US.fixed + US.decode + 2 * US.sum;
  const answering = US.decode + US.variable + US.sum;
  const repeat = elements * Math.max(asking, answering);
  return { first: rows * (US.hash + US.variable + US.token) + repeat, repeat };
}

/** A party's own tables; the coordinator's search is no party's cost. */
function placeMicros({ inputs }: Plan): number {
  return Math.max(...inputs.map(({ rowsPadded }) => rowsPadded)) * US.place;
}

function evaluationMicros({ inputs }: Plan): number {
  const others = inputs.length - 1;
  const asking = US.hash + 2 * US.fixed + US.variable + others * (US.decode + 2 * US.sum);
  const answering = US.decode + US.variable + US.sum;
  const all = inputs.reduce((sum, { rowsPadded }) => sum + rowsPadded, 0);
  return Math.max(...inputs.map(({ rowsPadded }) => rowsPadded * asking + (all - rowsPadded) * answering));
}

function tokenMicros({ inputs, recipients }: Plan): number {
  const all = inputs.reduce((sum, { rowsPadded }) => sum + rowsPadded, 0);
  return all * US.token * Math.max(1, recipients.length);
}

function sumMicros({ ask, inputs }: Plan): number {
  if (ask.kind !== "aggregate" && ask.kind !== "trend") return 0;
  const cells = ask.domain.reduce((product, { values }) => product * values.length, 1);
  const columns = ask.measures.reduce((sum, measure) => sum + numbersOf(measure), 2);
  const blocks = Math.ceil((cells * columns) / 8188);
  return US.context + blocks * 8192 * US.cell + blocks * inputs.length * 8192;
}

/** Numbers in a cell for a measure: a product of any two of its columns, where it takes products. */
function numbersOf(measure: string): number {
  const columns = measuredColumns(measure).length;
  return /^(?:count|sum|mean)/.test(measure) ? 1 : ((columns + 1) * (columns + 2)) / 2;
}
