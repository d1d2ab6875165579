// SPDX-License-Identifier: Apache-2.0
// @ts-check
/**
 * What a match of two lists costs here and with @openmined/psi.js, on one machine and in one run. Here: relay and two nodes
 * as processes of their own, mutual TLS, evidence and ledgers; CPU time of all three and of the client that asks, from the
 * question to its answer and its bundle. There: both sides in one process, without a network. Runs come in pairs, one after the
 * other, after one pair that does not count; every answer is checked. psi.js has a folder and a lock file of its
 * own, bench/peers, and is installed there when it is absent. Its arithmetic is in peer-figures.ts.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { findNativeGroup } from "../packages/pool/src/index.ts";
import { FULL_BUCKET, runText, verdictsOf, verdictText } from "./peer-figures.ts";
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

const HELP = `npm run bench:peers -- [options]

CPU time of a match of two lists, here through real processes and with @openmined/psi.js, in pairs of runs; then every goal of
the project, met or missed by what was measured, or with the command that measures it.

  --items <n>      items of each list (default: ${FULL_BUCKET}, a full bucket: the goals are there)
  --beside <n>     lists of this size too: 100000 is padded to 131072
  --pairs <n>      pairs that count, after one that does not (default: 5)
  --backend <name> portable, native or both (default: both)
  --json           one JSON document on standard output

  npm run bench:peers                                    both backends: more than an hour
  npm run bench:peers -- --backend portable --pairs 1    one pair, which is no median
  npm run bench:peers -- --beside 100000                 what padding costs
  npm run bench:peers -- --items 2048 --pairs 3          whether it works
`;
const PEERS = fileURLToPath(new URL("../bench/peers", import.meta.url));
const BOTH = ["alice", "bob"];
const run = promisify(execFile);

const { values } = parseArgs({
  options: {
    items: { type: "string", default: String(FULL_BUCKET) },
    beside: { type: "string" },
    pairs: { type: "string", default: "5" },
    backend: { type: "string", default: "both" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) process.stdout.write(HELP);
else await measuredAll();

async function measuredAll() {
  const pairs = wholeOf("pairs", values.pairs, 1);
  const beside = values.beside === undefined ? [] : [wholeOf("beside", values.beside, 16)];
  const sizes = [wholeOf("items", values.items, 16), ...beside];
  const backends = backendsOf(values.backend).filter(isHere);
  await installed();
  const loads = [loadavg()[0] ?? 0];
  const runs = [];
  for (const backend of backends) {
    for (const items of sizes) {
      const found = await compared(backend, items, pairs);
      runs.push(found);
      if (!values.json) print(...runText(found));
    }
  }
  loads.push(loadavg()[0] ?? 0);
  const verdicts = verdictsOf(runs);
  const machine = await machineOf(loads);
  if (values.json) return print(JSON.stringify({ machine, runs, verdicts }));
  const { versions, cpuModel, cores, load } = machine;
  const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  print("", ...verdicts.map(verdictText), "");
  print(`${names.join(", ")}; ${cores} cores of ${cpuModel}; load ${load.join(" before, ")} after`);
}

/** @param {"portable" | "native"} backend */
function isHere(backend) {
  const { group, reason } = { reason: "", ...(backend === "native" ? findNativeGroup() : { group: true }) };
  if (group === undefined) process.stderr.write(`native: skipped: ${reason}\n`);
  return group !== undefined;
}

async function installed() {
  if (existsSync(join(PEERS, "node_modules"))) return;
  process.stderr.write("installing @openmined/psi.js into bench/peers\n");
  await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: PEERS });
}

/** @param {readonly number[]} loads */
async function machineOf(loads) {
  const versionIn = async (/** @type {string} */ file) => JSON.parse(await readFile(file, "utf8")).version;
  const own = fileURLToPath(new URL("../packages/sdk/package.json", import.meta.url));
  const native = findNativeGroup();
  return {
    versions: {
      node: process.versions.node,
      koplamp: await versionIn(own),
      "@openmined/psi.js": await versionIn(join(PEERS, "node_modules/@openmined/psi.js/package.json")),
      libsodium: native.group === undefined ? "absent" : native.version,
    },
    cpuModel: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    load: loads.map((load) => load.toFixed(1)),
  };
}

/** @param {"portable" | "native"} backend @param {number} items @param {number} pairs */
async function compared(backend, items, pairs) {
  const dir = await mkdtemp(join(tmpdir(), "koplamp-peers-"));
  try {
    const federation = await started(dir, backend, items);
    try {
      await psiJs(items); // what is read, compiled and allocated once is no pair's
      await federation.matched("pair");
      await federation.serves();
      const found = [];
      for (let pair = 0; pair < pairs; pair += 1)
        found.push({ theirs: await psiJs(items), ours: await federation.matched("pair") });
      await federation.matched("tokens"); // evaluates every item once
      const later = [];
      for (let time = 0; time < pairs; time += 1) later.push(await federation.matched("tokens"));
      return { backend, items, pairs: found, later, ...(await federation.peaks()) };
    } finally {
      await federation.stop();
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** CPU-ms of one intersection by psi.js. @param {number} items */
async function psiJs(items) {
  const { stdout } = await run(process.execPath, [join(PEERS, "psi-js.mjs"), String(items)]);
  const { cpuMs, right } = JSON.parse(stdout);
  if (!right) throw new Error("psi.js: not the intersection of the plain lists");
  return cpuMs;
}

/** @param {string} dir @param {"portable" | "native"} backend @param {number} items */
async function started(dir, backend, items) {
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
  const { running, pids, serves } = await startedWith({ dir, id: "peers", parties, backend });
  let asked = 0;
  return {
    serves,
    stop: () => running.stop(),
    peaks: async () => {
      const peaks = await Promise.all([...pids].map(async ([name, pid]) => [name, await peakOf(pid)]));
      const { relay = 0, ...nodes } = Object.fromEntries(peaks);
      return { nodeMiB: Math.max(...Object.values(nodes)), relayMiB: relay };
    },
    /** CPU-ms of one question, in all three processes and in this one, which asks. @param {"pair" | "tokens"} mode */
    matched: async (mode) => {
      const before = await cpuOf(pids);
      const client = process.cpuUsage();
      asked += 1;
      const outcome = await running.client("alice").run(questionOf(asked, mode), () => {});
      const { user, system } = process.cpuUsage(client);
      expectRight(outcome, items);
      const after = await cpuOf(pids);
      const spent = [...pids.keys()].map((name) => (after.get(name) ?? 0) - (before.get(name) ?? 0));
      return spent.reduce((sum, one) => sum + one, (user + system) / 1000);
    },
  };
}

/** @param {number} number @param {"pair" | "tokens"} mode */
function questionOf(number, mode) {
  const ask = `{ kind: match, key: [name], from: { alice: list, bob: list }, atLeast: 2, tell: nothing, mode: ${mode} }`;
  return {
    file: "peers.yaml",
    text: questionText({ id: `peers-${number}`, type: "F", ask, recipient: "alice" }),
  };
}

/** @param {any} outcome @param {number} items */
function expectRight(outcome, items) {
  const matches = outcome.result?.matches;
  const right =
    outcome.status === "released" &&
    matches?.length === items - Math.floor(items / 2) &&
    matches.every((/** @type {any} */ { key }) => Number(key[0].slice(5)) >= Math.floor(items / 2));
  if (!right) throw new Error(`not the answer of the plain lists: ${JSON.stringify(outcome).slice(0, 500)}`);
}
