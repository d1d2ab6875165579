// SPDX-License-Identifier: Apache-2.0
// @ts-check
/**
 * What a look-up costs between real processes: relay and two nodes on loopback, mutual TLS, every entry fsynced and
 * cosigned, from the question's file to its released answer. See docs/protocols/lookup.md.
 *
 *   npm run bench:lookup -- --rows 10000 --singles 20 --batches 5 --many 2048 --workers 1 --backend native
 *   npm run bench:lookup -- --rows 1000000 --workers 2 --json
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findNativeGroup } from "../packages/pool/src/index.ts";
import {
  backendsOf,
  cpuOf,
  peakOf,
  print,
  questionText,
  startedWith,
  wholeOf,
  writeColumn,
} from "./processes-measured.mjs";

const [ASKER, HOLDER] = ["asker", "holder"];
/** Of a question with many names: elements of a batch. */
const BATCH = 32;
/** Elements of one open look-up at most. */
const MOST_OPEN = 1024;
const WRONG = "not the answer of the plain list";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "10000" },
    singles: { type: "string", default: "20" },
    batches: { type: "string", default: "5" },
    many: { type: "string", default: "2048" },
    workers: { type: "string", default: "1" },
    backend: { type: "string", default: "native" },
    json: { type: "boolean", default: false },
  },
});
const rows = wholeOf("rows", values.rows, 1);
const singles = wholeOf("singles", values.singles, 0);
const batches = wholeOf("batches", values.batches, 0);
const many = wholeOf("many", values.many, 0);
const workers = wholeOf("workers", values.workers, 1);
if (many > rows) throw new Error("expected at most as many names as rows: each is asked once");
const [backend = "native", ...more] = backendsOf(values.backend);
if (more.length > 0) throw new Error("expected native or portable: one at a time");
if (backend === "native" && findNativeGroup().group === undefined)
  throw new Error("this machine has no native backend");

const dir = await mkdtemp(join(tmpdir(), "koplamp-lookups-"));
try {
  await measured(dir);
} finally {
  await rm(dir, { recursive: true, force: true });
}

/** @param {string} dir */
async function measured(dir) {
  const file = join(dir, "list.csv");
  await writeColumn(file, rows, (row) => `item ${row}`);
  const parties = [
    { id: ASKER ?? "", name: "Asker", datasets: {} },
    {
      id: HOLDER ?? "",
      name: "Holder",
      datasets: { list: /** @type {any} */ ({ file, columns: { name: { kind: "opaque" } } }) },
    },
  ];
  const { running, folders, pids, serves } = await startedWith({
    dir,
    id: "lookups",
    parties,
    backend,
    workers,
  });
  try {
    const desk = running.client(ASKER ?? "");
    const asked = partOf(desk, pids, join(folders.nodes.get(ASKER ?? "") ?? "", "log.jsonl"));
    const where = `${cpus().length} cores of ${cpus()[0]?.model}`;
    told(`${rows} rows, backend ${values.backend}, nodes with ${workers} workers, ${where}`);
    await asked("first (publishes)", 1, 1);
    await serves();
    const [holder, asker] = await Promise.all(
      [HOLDER, ASKER].map((party) => peakOf(pids.get(party ?? "") ?? 0)),
    );
    told(`  peak memory: holder ${holder?.toFixed(0)} MiB, asker ${asker?.toFixed(0)} MiB`);
    await openPart(desk, pids, singles, batches);
    await asked("one name", singles, 1);
    const batch = await asked(`${BATCH} names`, batches, BATCH);
    const all = await asked(`${many} names`, 1, many);
    const further = Math.ceil(many / BATCH) - 1;
    if (batch > 0 && further > 0)
      told(`each further round trip of ${BATCH} names in a session: mean ${ms((all - batch) / further)}`);
  } finally {
    await running.stop();
  }
}

/**
 * Asks `times` questions of `names` names one after another, checks every answer, prints what they took, and gives the p50 of
 * their sessions; 0 for none.
 * @param {import("../packages/sdk/src/index.ts").NodeClient} desk
 * @param {ReadonlyMap<string, number>} pids
 * @param {string} log
 */
function partOf(desk, pids, log) {
  let asked = 0;
  /** @param {string} title @param {number} times @param {number} names */
  return async (title, times, names) => {
    if (times === 0 || names === 0) return 0;
    const [load, before, took, phases] = [
      loadavg()[0],
      await cpuOf(pids),
      /** @type {number[]} */ ([]),
      new Map(),
    ];
    for (let at = 0; at < times; at += 1) {
      asked += 1;
      const began = performance.now();
      let [phase, since] = ["ask", began];
      const step = (/** @type {string} */ next) => {
        const now = performance.now();
        phases.set(phase, (phases.get(phase) ?? 0) + now - since);
        [phase, since] = [next, now];
      };
      const outcome = await desk.run(questionOf(asked, names), ({ party, phase: next }) => {
        if (party === ASKER) step(next);
      });
      step("");
      took.push(performance.now() - began);
      expectRight(outcome, names);
    }
    const after = await cpuOf(pids);
    const cpu = [...pids.keys()].map(
      (name) => `${name} ${ms(((after.get(name) ?? 0) - (before.get(name) ?? 0)) / times)}`,
    );
    const sessions = (await sessionsIn(log)).slice(-times);
    const rate = (1000 * names * times) / took.reduce((sum, one) => sum + one, 0);
    tellPart(title, took, rate);
    told(
      `${title}, ${times} times: p50 ${ms(at(took, 0.5))}, p95 ${ms(at(took, 0.95))}; ${rate.toFixed(1)} names a second`,
      `  session of questions alone: p50 ${ms(at(sessions, 0.5))}, p95 ${ms(at(sessions, 0.95))}`,
      `  phases at the asker, mean: ${[...phases].map(([name, sum]) => `${name} ${ms(sum / times)}`).join(", ")}`,
      `  CPU of a question: ${cpu.join(", ")}; load ${load?.toFixed(1)} to ${loadavg()[0]?.toFixed(1)}`,
    );
    return at(sessions, 0.5);
  };
}

/**
 * Questions under one approval, each a round trip: from the desk's socket to the answer. Names one by one, and then batches,
 * in as many open look-ups as their elements take.
 * @param {import("../packages/sdk/src/index.ts").NodeClient} desk
 * @param {ReadonlyMap<string, number>} pids
 * @param {number} singles
 * @param {number} batches
 */
async function openPart(desk, pids, singles, batches) {
  for (const [times, names] of /** @type {const} */ ([
    [singles, 1],
    [batches, BATCH],
  ])) {
    const took = /** @type {number[]} */ ([]);
    const [load, before] = [loadavg()[0], await cpuOf(pids)];
    const most = Math.floor(MOST_OPEN / names);
    for (let left = times; left > 0; left -= most) await openOne(desk, Math.min(left, most), names, took);
    if (times === 0) continue;
    const after = await cpuOf(pids);
    const cpu = [...pids.keys()].map(
      (name) => `${name} ${ms(((after.get(name) ?? 0) - (before.get(name) ?? 0)) / times)}`,
    );
    const rate = (1000 * names * times) / took.reduce((sum, one) => sum + one, 0);
    const title = `${names === 1 ? "one name" : `${names} names`} in an open look-up`;
    tellPart(title, took, rate);
    told(
      `${title}, ${times} times: p50 ${ms(at(took, 0.5))}, p95 ${ms(at(took, 0.95))}; ${rate.toFixed(1)} names a second`,
      `  CPU of a question, opening and evidence included: ${cpu.join(", ")}; load ${load?.toFixed(1)} to ${loadavg()[0]?.toFixed(1)}`,
    );
  }
}

/**
 * @param {import("../packages/sdk/src/index.ts").NodeClient} desk
 * @param {number} times
 * @param {number} names
 * @param {number[]} took
 */
async function openOne(desk, times, names, took) {
  const opened = Promise.withResolvers();
  const text = questionOf(0, 0).text.replace("questions: names.csv", `open: ${times * names}`);
  const ending = desk.run({ file: "open.yaml", text }, ({ party, phase }) => {
    if (party === ASKER && phase === "open") opened.resolve(undefined);
  });
  await Promise.race([opened.promise, ending]);
  const [question] = await desk.inbox();
  for (let time = 0; time < times; time += 1) {
    const asked = Array.from({ length: names }, (_, at) => [nameOf(at, (took.length * 31 + at) % rows)]);
    const began = performance.now();
    const { answers } = await desk.lookUp(question?.planHash ?? "", asked);
    took.push(performance.now() - began);
    if (answers.length !== names || !answers.every(isRight)) throw new Error(WRONG);
  }
  const outcome = await ending; // its right is used up
  if (outcome.status !== "released") throw new Error(`${WRONG}: ${JSON.stringify(outcome).slice(0, 500)}`);
}

/** @param {any} answer */
function isRight({ key, hit }) {
  return hit === key[0].startsWith("item");
}

/** Half of the names are on the list. @param {number} number @param {number} names */
function questionOf(number, names) {
  const ask = `{ kind: lookup, key: [name], asker: ${ASKER}, holder: ${HOLDER}, questions: names.csv, tell: asker }`;
  const text = questionText({ id: `lookup-${number}`, type: "E", ask, recipient: ASKER ?? "" });
  const listed = Array.from({ length: names }, (_, at) => nameOf(at, (number * 31 + at) % rows));
  return { file: "lookup.yaml", text, questions: `name\n${listed.join("\n")}\n` };
}

/** @param {number} at @param {number} row */
function nameOf(at, row) {
  return at % 2 === 0 ? `item ${row}` : `none ${at}`;
}

/** @param {any} outcome @param {number} names */
function expectRight(outcome, names) {
  const answers = outcome.result?.answers;
  const right = outcome.status === "released" && answers?.length === names && answers.every(isRight);
  if (!right) throw new Error(`${WRONG}: ${JSON.stringify(outcome).slice(0, 500)}`);
}

/** How long each session ran, by the asker's own log: but for the first question, all are sessions of questions. @param {string} log */
async function sessionsIn(log) {
  const events = (await readFile(log, "utf8"))
    .split("\n")
    .filter((line) => line.startsWith("{") && line.includes('"session.'))
    .map((line) => JSON.parse(line));
  const began = new Map(
    events.filter(({ event }) => event === "session.begin").map((one) => [one.session, one]),
  );
  return events
    .filter(({ event }) => event === "session.end")
    .map((one) => Date.parse(one.time) - Date.parse(began.get(one.session).time));
}

/** Lines for people. @param {readonly string[]} lines */
function told(...lines) {
  if (!values.json) print(...lines);
}

/** One document for a part, for programs. @param {string} part @param {readonly number[]} took @param {number} perSecond */
function tellPart(part, took, perSecond) {
  const [p50Ms, p95Ms] = [at(took, 0.5), at(took, 0.95)];
  if (values.json) print(JSON.stringify({ part, times: took.length, p50Ms, p95Ms, perSecond }));
}

/** @param {readonly number[]} all @param {number} part */
function at(all, part) {
  const sorted = [...all].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
}

/** @param {number} value */
function ms(value) {
  return `${value < 100 ? value.toFixed(1) : value.toFixed(0)} ms`;
}
