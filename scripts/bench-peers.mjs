// SPDX-License-Identifier: Apache-2.0
// @ts-check
/**
 * What a match of two lists costs here and with @openmined/psi.js, on one machine and in one run. Here: relay and two nodes
 * as processes of their own, mutual TLS, evidence and ledgers; CPU time of all three and of the client
 * that asks, from the question to its answer and its bundle. There: both sides in one process, without a network. Pairs of runs, one after the other; every answer is
 * checked. psi.js has a folder and a lock file of its own, bench/peers, and is installed there when it is absent.
 *
 *   npm run bench:peers                                   98,304 items, 5 pairs, each backend: about an hour
 *   npm run bench:peers -- --items 10000 --pairs 3        a quick look
 *   npm run bench:peers -- --backend portable --json
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { findNativeGroup } from "../packages/pool/src/index.ts";
import { foundFolders, startFederation, trialTerms } from "../packages/sdk/src/index.ts";
import { cpuOf, programsIn, writeColumn } from "./processes-measured.mjs";

const run = promisify(execFile);
const PEERS = fileURLToPath(new URL("../bench/peers", import.meta.url));
const BOTH = ["alice", "bob"];
/** So many times less CPU than psi.js: at a full bucket, where the goals are. */
const GOALS = new Map([
  ["portable", { least: 6, aim: 7.5 }],
  ["native", { least: 7, aim: 8 }],
]);
/** CPU-µs per item and recipient of a later question over tokens of the epoch. */
const LATER = { most: 5, aim: 1 };
const FULL_BUCKET = 98_304;

const { values } = parseArgs({
  options: {
    items: { type: "string", default: String(FULL_BUCKET) },
    pairs: { type: "string", default: "5" },
    backend: { type: "string", default: "both" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
const [items, pairs] = [wholeIn("items", 16), wholeIn("pairs", 1)];
const backends = ["portable", "native"].filter(
  (name) => values.backend === "both" || values.backend === name,
);

if (values.help) {
  print(
    "npm run bench:peers -- [--items <n>] [--pairs <n>] [--backend portable|native|both] [--json]",
    "  CPU of a match of two lists, here through real processes and with @openmined/psi.js, in pairs of runs.",
  );
} else if (backends.length === 0) {
  throw new Error(`expected portable, native or both, got "${values.backend}"`);
} else {
  await installed();
  for (const backend of backends) {
    if (backend === "native" && findNativeGroup().group === undefined)
      print("native: skipped: no system libsodium");
    else await compared(backend);
  }
}

/** @param {"items" | "pairs"} name @param {number} least */
function wholeIn(name, least) {
  const number = Number(values[name]);
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new Error(`expected a whole number of at least ${least} for --${name}, got "${values[name]}"`);
}

async function installed() {
  if (existsSync(join(PEERS, "node_modules"))) return;
  print("installing @openmined/psi.js into bench/peers");
  await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: PEERS });
}

/** @param {string} backend */
async function compared(backend) {
  const dir = await mkdtemp(join(tmpdir(), "koplamp-peers-"));
  try {
    const federation = await started(dir, backend);
    try {
      const theirs = [];
      const ours = [];
      for (let pair = 0; pair < pairs; pair += 1) {
        theirs.push(await psiJs());
        ours.push(await federation.matched("pair"));
      }
      await federation.matched("tokens"); // evaluates every item once
      const later = [];
      for (let time = 0; time < pairs; time += 1) later.push(await federation.matched("tokens"));
      shown(backend, { theirs, ours, later });
    } finally {
      await federation.stop();
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** CPU-ms of one intersection by psi.js. */
async function psiJs() {
  const { stdout } = await run(process.execPath, [join(PEERS, "psi-js.mjs"), String(items)]);
  const { cpuMs, right } = JSON.parse(stdout);
  if (!right) throw new Error("psi.js: not the intersection of the plain lists");
  return cpuMs;
}

/** @param {string} dir @param {string} backend */
async function started(dir, backend) {
  const first = { alice: 0, bob: Math.floor(items / 2) };
  for (const [party, from] of Object.entries(first))
    await writeColumn(join(dir, `${party}.csv`), items, (row) => `item ${from + row}`);
  const parties = BOTH.map((id) => ({
    id,
    name: id,
    datasets: {
      list: /** @type {any} */ ({ file: join(dir, `${id}.csv`), columns: { name: { kind: "opaque" } } }),
    },
  }));
  const federation = /** @type {any} */ ({ id: "peers", covenant: "default", parties });
  const folders = await foundFolders({
    dir: join(dir, "federation"),
    federation,
    covenant: "trial/peers",
    terms: trialTerms(federation.parties, ["lab"], 2 ** 20),
  });
  const running = await startFederation(folders, await programsIn(dir, backend === "portable"));
  const pids = new Map([
    ["relay", running.coordinator.pid],
    ...[...running.nodes].map(([party, { pid }]) => /** @type {const} */ ([party, pid])),
  ]);
  let asked = 0;
  return {
    stop: () => running.stop(),
    /** CPU-ms of one question, in all three processes and in this one, which asks. @param {"pair" | "tokens"} mode */
    matched: async (mode) => {
      const before = await cpuOf(pids);
      const client = process.cpuUsage();
      asked += 1;
      const outcome = await running.client("alice").run(questionOf(asked, mode), () => {});
      const { user, system } = process.cpuUsage(client);
      expectRight(outcome);
      const after = await cpuOf(pids);
      const spent = [...pids.keys()].map((name) => (after.get(name) ?? 0) - (before.get(name) ?? 0));
      return spent.reduce((sum, one) => sum + one, (user + system) / 1000);
    },
  };
}

/** @param {number} number @param {"pair" | "tokens"} mode */
function questionOf(number, mode) {
  const text = `koplamp: query/v1
id: peers-${number}
class: F
purpose: lab
legalBasis: [none]
indication: made up
necessity: made up
intendedEffect: { text: a figure, measure: it is written down }
ask: { kind: match, key: [name], from: { alice: list, bob: list }, atLeast: 2, tell: nothing, mode: ${mode} }
recipients: [alice]
release: { minCount: 1, minContributors: 1 }
expires: "2099-12-31"
`;
  return { file: "peers.yaml", text };
}

/** @param {any} outcome */
function expectRight(outcome) {
  const matches = outcome.result?.matches;
  const right =
    outcome.status === "released" &&
    matches?.length === items - Math.floor(items / 2) &&
    matches.every((/** @type {any} */ { key }) => Number(key[0].slice(5)) >= Math.floor(items / 2));
  if (!right) throw new Error(`not the answer of the plain lists: ${JSON.stringify(outcome).slice(0, 500)}`);
}

/** @param {string} backend @param {Readonly<Record<"theirs" | "ours" | "later", number[]>>} found */
function shown(backend, { theirs, ours, later }) {
  const ratio = median(theirs.map((cpu, at) => cpu / (ours[at] ?? Number.NaN)));
  const { least = 0, aim = 0 } = GOALS.get(backend) ?? {};
  const each = (/** @type {number[]} */ cpu, /** @type {number} */ parts) =>
    (median(cpu) * 1000) / items / parts;
  const laterUs = each(later, 1); // one recipient
  if (values.json) {
    const goals = {
      ratio: { least, aim, met: ratio >= least },
      later: { ...LATER, met: laterUs <= LATER.most },
    };
    print(
      JSON.stringify({
        backend,
        items,
        pairs,
        theirs,
        ours,
        later,
        ratio,
        laterUs,
        goals,
        load: loadavg()[0],
      }),
    );
    return;
  }
  print(
    `${items} by ${items} items, ${backend}, ${pairs === 1 ? "one pair, no median" : `medians of ${pairs} pairs`} (${cpus().length} cores of ${cpus()[0]?.model}, Node ${process.versions.node}, load ${loadavg()[0]?.toFixed(1)})`,
    `  @openmined/psi.js, raw        ${each(theirs, 1).toFixed(0)} CPU-µs an item of each`,
    `  match-pair/1, with proofs     ${each(ours, 1).toFixed(0)} CPU-µs an item of each, all processes`,
    `  times less                    ${ratio.toFixed(2)}, goal ${least} (aim ${aim}): ${words(ratio >= least)}`,
    `  match-tokens/1, a later one   ${laterUs.toFixed(2)} CPU-µs an item and recipient, goal ${LATER.most} (aim ${LATER.aim}): ${words(laterUs <= LATER.most)}`,
  );
}

/** @param {boolean} met */
function words(met) {
  if (items !== FULL_BUCKET)
    return `${met ? "met" : "missed"} at this size; the goal is for ${FULL_BUCKET} items`;
  return met ? "met" : "missed";
}

/** @param {readonly number[]} all */
function median(all) {
  return [...all].sort((a, b) => a - b)[Math.floor((all.length - 1) / 2)] ?? Number.NaN;
}

/** @param {readonly string[]} lines */
function print(...lines) {
  for (const line of lines) process.stdout.write(`${line}\n`);
}
