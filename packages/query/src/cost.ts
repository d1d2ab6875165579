// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import { counterOf, evaluatedRows, isPairProtocol, pairCountBlind, shardRows } from "@koplamp/psi";
import {
  type Contract,
  dealersOf,
  isUndealt,
  type LookupAsk,
  measuredColumns,
  type Plan,
} from "@koplamp/wire";
import { BULK } from "./bulk.ts";
import { DISTINCT, JOIN_PAIR } from "./choices.ts";
import { type SelectingAsk, selectingAsk } from "./joins.ts";
import { compare } from "./knowledge.ts";
import { usesTables } from "./thresholds.ts";

/** What a question costs, by public bounds. An estimate: performance.md, section 1. The figures are of who pays most. */
export interface Cost extends PartyCost {
  /** Elements that each holder evaluates for each asker, at most; empty without a key. */
  readonly evaluations: readonly {
    readonly holder: PartyId;
    readonly asker: PartyId;
    readonly amount: number;
  }[];
  /** How many kinds of messages follow on each other, at most. */
  readonly rounds: number;
  /** The same without what goes before a first question. */
  readonly repeatRounds: number;
  /** By party, in order. */
  readonly parties: readonly (PartyCost & { readonly party: PartyId })[];
}

/** What a question costs one party. */
export interface PartyCost {
  /** CPU seconds of one core the first time, when every key is new. */
  readonly firstSeconds: number;
  /** CPU seconds when nothing is new. */
  readonly repeatSeconds: number;
  readonly bytesOut: number;
  readonly bytesIn: number;
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
  bulk: 1.5,
  deal: 0.2,
  base: 100_000,
  correlation: 0.7,
};

/** The cost of a plan: by its contract, or by the description that the contract is made of. */
export function costOf(plan: Plan, contract: Pick<Contract, "egress" | "debits">): Cost {
  const { egress, debits } = contract;
  const named = [...plan.inputs, ...plan.recipients].map(({ party }) => party);
  const names = [...new Set([...named, ...dealersOf(plan.ask)])].sort();
  const parties = names.map((party) => ({ party, ...costAt(plan, contract, party) }));
  const most = (what: keyof PartyCost): number => Math.max(0, ...parties.map((row) => row[what]));
  return {
    firstSeconds: most("firstSeconds"),
    repeatSeconds: most("repeatSeconds"),
    bytesOut: most("bytesOut"),
    bytesIn: most("bytesIn"),
    evaluations: debits
      .filter(({ unit }) => unit === "evaluations" || unit === "lookups")
      .map(({ holder, asker, amount }) => ({ holder, asker, amount }))
      .sort((a, b) => compare([a.holder, a.asker], [b.holder, b.asker])),
    rounds: roundsOf(plan, egress),
    repeatRounds: roundsOf(
      plan,
      egress.filter(({ what }) => !PREPARATION.test(what)),
    ),
    parties,
  };
}

/** What goes before a first question: keys, evaluations, an index. */
const PREPARATION = /^(?:keyset|evaluate|index)\./;

/**
 * Each kind of message waits for those before it; who sends several of a kind does not wait between them. Sessions of
 * shards follow on each other, and what goes before them goes once.
 */
function roundsOf({ protocol }: Plan, egress: Contract["egress"]): number {
  const kinds = [...new Set(egress.map(({ what }) => what))];
  const before = kinds.filter((what) => what.includes("."));
  return before.length + protocol.shards * (kinds.length - before.length);
}

function costAt(plan: Plan, { egress }: Pick<Contract, "egress">, party: PartyId): PartyCost {
  const { first, repeat } = microsAt(plan, party);
  const bytes = (side: "from" | "to"): number =>
    egress.filter((row) => row[side] === party).reduce((sum, row) => sum + row.bytes, 0);
  return {
    firstSeconds: first / 1e6,
    repeatSeconds: repeat / 1e6,
    bytesOut: bytes("from"),
    bytesIn: bytes("to"),
  };
}

/** Microseconds the first time, and when nothing is new. */
interface Micros {
  readonly first: number;
  readonly repeat: number;
}

function microsAt(plan: Plan, party: PartyId): Micros {
  const selecting = selectingAsk(plan);
  if (plan.ask.kind === "lookup") return lookupMicros(plan, plan.ask, party);
  if (dealersOf(plan.ask).includes(party)) return always(longest(plan) * US.deal);
  if (!plan.inputs.some((input) => input.party === party)) return always(0);
  if (selecting !== undefined) return selectingMicros(plan, selecting, party);
  if (plan.ask.kind === "aggregate" || plan.ask.kind === "trend")
    return { first: sumMicros(plan), repeat: sumMicros(plan) };
  if (plan.protocol.id === BULK.protocol) return always(bulkMicros(plan));
  if (isPairProtocol(plan.protocol.id)) return always(pairMicros(plan, party));
  const each = usesTables(plan.ask, plan.protocol.id) ? placeMicros(plan, party) : tokenMicros(plan, party);
  return { first: each + evaluationMicros(plan, party), repeat: each };
}

function always(micros: number): Micros {
  return { first: micros, repeat: micros };
}

/** Evaluations as in a match, and products of ciphertexts with plain numbers: one for each 8,192 rows, group and number. */
function selectingMicros(plan: Plan, ask: SelectingAsk, party: PartyId): Micros {
  const { inputs, protocol } = plan;
  const cells = ask.domain.reduce((product, { values }) => product * values.length, 1);
  const rows = Math.max(...inputs.map(({ rowsPadded }) => rowsPadded));
  const groups = protocol.id === DISTINCT.protocol ? 1 : Math.min(cells, MOST_GROUPS);
  const products = Math.ceil((rows * groups) / 8192) * (ask.measures.length + 1);
  const sums = US.context + products * US.product;
  if (protocol.id !== JOIN_PAIR.protocol)
    return { first: evaluationMicros(plan, party) + sums, repeat: sums };
  return always(pairMicros(plan, party) + sums);
}

/** Most groups for which rows are selected one by one, as far as an estimate knows. */
const MOST_GROUPS = 32;

/** A key for each question: it costs the same every time. A party that sends and receives pays both, for each pair. */
function pairMicros(plan: Plan, party: PartyId): number {
  const blind = plan.protocol.id === pairCountBlind.id;
  const masks = blind ? 2 * US.variable : US.fixed + US.variable;
  const asking = US.hash + masks + US.decode + (blind ? 0 : 2 * US.sum);
  const answering = US.decode + US.variable + (blind ? 0 : US.sum);
  const rows = (who: PartyId): number => rowsAt(plan, who);
  return waysOf(plan).reduce((sum, { from, to }) => {
    if (to === party) return sum + rows(party) * asking;
    return from === party ? sum + rows(party) * (US.hash + US.variable) + rows(to) * answering : sum;
  }, 0);
}

/** Without a dealer each makes its half of the correlation: so much at once, and so much an item. */
function bulkMicros(plan: Plan): number {
  const dealt = longest(plan) * US.bulk;
  return isUndealt(plan.ask)
    ? dealt + plan.protocol.shards * US.base + longest(plan) * US.correlation
    : dealt;
}

/** Rows of the longer list: the recipient encodes, the sender makes tokens, and both hash their own. */
function longest(plan: Plan): number {
  return Math.max(...plan.inputs.map(({ party }) => rowsAt(plan, party)));
}

/** Rows of a party as they are padded: in shards, where a list goes in sessions of its own or between pairs, and is long. */
function rowsAt({ inputs, protocol }: Plan, party: PartyId): number {
  const { shards } = protocol;
  const rowsPadded = Object.fromEntries(inputs.map((input) => [input.party, input.rowsPadded]));
  if (shards > 1) return shards * shardRows(rowsPadded[party] ?? 0, shards);
  if (!isPairProtocol(protocol.id) || protocol.id === BULK.protocol) return rowsPadded[party] ?? 0;
  return evaluatedRows({ parties: Object.keys(rowsPadded), rowsPadded }, party);
}

/** Whose list goes to whom: to each recipient of a match, in a count to one of each pair, in a join to who selects. */
function waysOf(plan: Plan): readonly { readonly from: PartyId; readonly to: PartyId }[] {
  const parties = plan.inputs.map(({ party }) => party);
  const recipients = plan.recipients.map(({ party }) => party);
  const pairs = parties.flatMap((left, at) => parties.slice(at + 1).map((right) => [left, right] as const));
  return pairs.flatMap((pair) => {
    const all = pair.map((to) => ({ from: pair.find((other) => other !== to) ?? "", to }));
    if (plan.ask.kind === "match") return all.filter(({ to }) => recipients.includes(to));
    if (plan.ask.kind !== "overlap-count") return all.filter(({ to }) => !recipients.includes(to));
    return all.filter(({ to }) => counterOf(pair, recipients) === to);
  });
}

/** The index once an epoch, at the holder; then what the questions cost each of the two. */
function lookupMicros({ inputs }: Plan, { asker, elements }: LookupAsk, party: PartyId): Micros {
  if (party === asker) return always(elements * (US.hash + 2 * US.fixed + US.decode + 2 * US.sum));
  const rows = inputs.reduce((sum, { rowsPadded }) => sum + rowsPadded, 0);
  const repeat = elements * (US.decode + US.variable + US.sum);
  return { first: rows * (US.hash + US.variable + US.token) + repeat, repeat };
}

/** A party's own tables; the coordinator's search is no party's cost. */
function placeMicros(plan: Plan, party: PartyId): number {
  return rowsAt(plan, party) * US.place;
}

function evaluationMicros(plan: Plan, party: PartyId): number {
  const { rowsPadded: rows = 0 } = plan.inputs.find((input) => input.party === party) ?? {};
  const others = plan.inputs.length - 1;
  const asking = US.hash + 2 * US.fixed + US.variable + others * (US.decode + 2 * US.sum);
  const answering = US.decode + US.variable + US.sum;
  return rows * asking + (allRows(plan) - rows) * answering;
}

/** A list for each recipient, and at a recipient the lists of all. */
function tokenMicros(plan: Plan, party: PartyId): number {
  const recipients = plan.recipients.length;
  const compared = plan.recipients.some((one) => one.party === party) ? allRows(plan) : 0;
  return (rowsAt(plan, party) * recipients + compared) * US.token;
}

function allRows({ inputs }: Plan): number {
  return inputs.reduce((sum, { rowsPadded }) => sum + rowsPadded, 0);
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
