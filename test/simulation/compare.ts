// SPDX-License-Identifier: Apache-2.0
// A random case, asked of a whole lab: engines, sealed channels, ledgers, witnesses and gate as in any other run.
import type { Primitives } from "@koplamp/crypto";
import type { ReadSource, Workers } from "@koplamp/engine";
import { nodePrimitives, startThreads } from "@koplamp/pool";
import { readQuestion } from "@koplamp/query";
import { runLab } from "@koplamp/sdk";
import {
  type AnswerResult,
  type Cell,
  type ColumnSpec,
  type Counted,
  canonicalise,
  type DatasetSpec,
} from "@koplamp/wire";
import { toyPrimitives } from "../toy/primitives.ts";
import { toyWorkers } from "../toy/workers.ts";
import type { Case } from "./cases.ts";
import type { PlainQuestion, Pool } from "./plaintext.ts";

const COLUMNS: Readonly<Record<string, ColumnSpec>> = {
  name: { kind: "opaque" },
  ship: { kind: "imo" },
  group: { kind: "category" },
  month: { kind: "month" },
  amount: { kind: "integer", min: 0, max: 1000 },
  open: { kind: "boolean" },
};

/** What the lab computes with. */
export interface Means {
  readonly workers: Workers;
  readonly primitives: Primitives;
}

/** Toy group, toy sums, toy signatures and seals: whole labs by the hundred. Every line of protocol code runs. */
export function toyMeans(): Means {
  return { workers: toyWorkers(), primitives: toyPrimitives() };
}

/** ristretto255, SEAL and `node:crypto`, in worker threads as in any lab. */
export function realMeans(): Means {
  const registry = new URL("../../packages/sdk/src/jobs.ts", import.meta.url);
  return { workers: startThreads({ registry, size: 2 }), primitives: nodePrimitives() };
}

/** Recipient to result as the lab gave it, in the form of the oracle. */
export async function labResults(
  { pool, question, mode, shards }: Case,
  means: Means,
): Promise<Readonly<Record<string, unknown>>> {
  const cut = shards === undefined ? {} : { shards };
  const holders = Object.keys(pool).map((id) => ({ id, name: id, datasets: { rows: datasetOf(id) } }));
  const strangers = question.recipients.filter((id) => pool[id] === undefined);
  const parties = [...holders, ...strangers.map((id) => ({ id, name: id, datasets: {} }))];
  const { answer } = await runLab({
    federation: { id: "random", covenant: "default", parties },
    question: readQuestion(questionText(Object.keys(pool), question, { mode, ...cut }), {
      file: "case",
      lab: true,
    }),
    ...means,
    readSource: readerOf(pool),
  });
  if (answer.status !== "released") throw new Error(`${answer.status}: ${JSON.stringify(answer.refusal)}`);
  return Object.fromEntries(
    Object.entries(answer.results).map(([party, result]) => [party, comparable(result, question)]),
  );
}

function datasetOf(party: string): DatasetSpec {
  return { file: party, nulls: [], columns: COLUMNS };
}

/** Tables from memory, canonical as a source gives them. */
function readerOf(pool: Pool): ReadSource {
  return async ({ file }, columns) => {
    const rows = pool[file] ?? [];
    const canonical = (column: string) => rows.map((row): Cell => cellOf(column, row[column] ?? ""));
    return {
      table: {
        rows: rows.length,
        columns: Object.fromEntries(columns.map((name) => [name, canonical(name)])),
      },
      quality: {},
      digest: new Uint8Array(32),
    };
  };
}

function cellOf(column: string, raw: string): string | null {
  const found = canonicalise(COLUMNS[column] ?? { kind: "opaque" }, raw);
  return found.kind === "value" ? found.value : null;
}

/** The question as its analyst would write it. JSON is YAML. */
function questionText(
  parties: readonly string[],
  question: PlainQuestion,
  { mode, shards = 1 }: Pick<Case, "mode" | "shards">,
): string {
  const from = Object.fromEntries(parties.map((party) => [party, "rows"]));
  const { recipients } = question;
  const cut = question.kind === "match" && shards > 1 ? { shards } : {};
  const head = { koplamp: "query/v1", id: "case", recipients, ...cut };
  if (!("measures" in question)) return JSON.stringify({ ...head, ask: askOf(question, from, mode, shards) });
  const { kind, groupBy, measures, minCount } = question;
  const domain = Object.fromEntries(groupBy.map((column) => [column, question.domain[column]]));
  const sums = { kind, from, groupBy, domain, measures };
  if (kind === "join-aggregate") {
    const ask = { ...sums, key: question.key, ...(mode === null ? {} : { mode }) };
    return JSON.stringify({ ...head, ask, release: { minCount } });
  }
  const { where, minContributors, distinctBy } = question;
  const ask = { ...sums, where, ...(distinctBy === undefined ? {} : { distinctBy }) };
  return JSON.stringify({ ...head, ask, release: { minCount, minContributors } });
}

/** How a match is answered: where it names no mode, some take one session only. */
function matchMode(mode: Case["mode"], shards: number): object {
  if (mode === "bulk.nobody") return { mode: "bulk", dealer: "nobody" };
  if (mode === "pair" || mode === "bulk") return { mode };
  return shards > 1 ? { mode: "tokens" } : {};
}

function askOf(
  question: Exclude<PlainQuestion, { measures: unknown }>,
  from: object,
  mode: Case["mode"],
  shards: number,
): object {
  const { key, atLeast } = question;
  if (question.kind === "match") {
    return { kind: "match", key, from, atLeast, tell: question.tell, ...matchMode(mode, shards) };
  }
  const { shape } = question;
  const named = shape === "pairs" ? mode?.startsWith("pairs.") : mode !== null;
  return {
    kind: "overlap-count",
    key,
    from,
    shape,
    ...(shape === "atLeast" || (shape === "histogram" && atLeast > 1) ? { atLeast } : {}),
    ...(named === true ? { mode } : {}),
  };
}

/** A result with nothing in it that has an order; absent counts are 0. */
function comparable(result: AnswerResult, question: PlainQuestion): unknown {
  if (result.kind === "match") {
    return Object.fromEntries(
      result.matches.map(({ key, holders }) => [
        JSON.stringify(key),
        typeof holders === "object" ? [...holders].sort().join(",") : (holders ?? ""),
      ]),
    );
  }
  if ("cells" in result) {
    const columns = "groupBy" in question ? question.groupBy : [];
    return Object.fromEntries(
      result.cells.map((cell) => [
        JSON.stringify(columns.map((column) => cell.group[column])),
        "withheld" in cell
          ? "withheld"
          : Object.fromEntries(Object.entries(cell.measures).map(([name, value]) => [name, String(value)])),
      ]),
    );
  }
  if (result.kind === "trend" || result.kind === "lookup") throw new Error(`no ${result.kind} was asked`);
  const counts = result.histogram ?? result.pairs ?? result.atLeast ?? {};
  const number = (count: Counted) => (typeof count === "object" ? "withheld" : Number(count));
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, number(count)]));
}
