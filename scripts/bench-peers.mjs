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
import { commandOf, OTHER_GOALS } from "./other-goals.ts";
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
  --pairs <n>      pairs that count, after one that does not (default: 5); 0 measures later questions alone
  --later <n>      later questions over tokens that count, told to one and told to both by turns (default: 21 of each)
  --backend <name> portable, native or both (default: both)
  --goals          run what measures the other goals too: hours
  --json           one JSON document on standard output

  npm run bench:peers                                    both backends: more than an hour
  npm run bench:peers -- --backend portable --pairs 1    one pair, which is no median
  npm run bench:peers -- --beside 100000                 what padding costs
  npm run bench:peers -- --items 2048 --pairs 3          whether it works
  npm run bench:peers -- --pairs 0                       what a later question costs, without psi.js
`;
const PEERS = fileURLToPath(new URL("../bench/peers", import.meta.url));
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const BOTH = ["alice", "bob"];
const run = promisify(execFile);

/** @typedef {"pair" | "tokens" | "blind"} Mode */

const { values } = parseArgs({
  options: {
    items: { type: "string", default: String(FULL_BUCKET) },
    beside: { type: "string" },
    pairs: { type: "string", default: "5" },
    later: { type: "string", default: "21" },
    backend: { type: "string", default: "both" },
    goals: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) process.stdout.write(HELP);
else await measuredAll();

async function measuredAll() {
  const counts = { pairs: wholeOf("pairs", values.pairs, 0), later: wholeOf("later", values.later, 1) };
  const beside = values.beside === undefined ? [] : [wholeOf("beside", values.beside, 16)];
  const sizes = [wholeOf("items", values.items, 16), ...beside];
  const backends = backendsOf(values.backend).filter(isHere);
  if (counts.pairs > 0) await installed();
  const loads = [loadavg()[0] ?? 0];
  const runs = [];
  for (const backend of backends) {
    for (const items of sizes) {
      const found = await compared(backend, items, counts);
      runs.push(found);
      if (!values.json) print(...runText(found));
    }
  }
  const printed = values.goals ? await others() : new Map();
  loads.push(loadavg()[0] ?? 0);
  const verdicts = verdictsOf(runs, printed);
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

/** What the commands of the other goals print. One that fails is said, and its goal is not measured. */
async function others() {
  const printed = new Map();
  for (const { run: args } of OTHER_GOALS) {
    process.stderr.write(`${commandOf(args)}\n`);
    try {
      const { stdout } = await run("npm", ["run", "-s", ...args], { cwd: ROOT, maxBuffer: 2 ** 26 });
      printed.set(args, stdout);
    } catch (error) {
      process.stderr.write(`  failed: ${error instanceof Error ? error.message.split("\n", 1)[0] : error}\n`);
    }
  }
  return printed;
}

async function installed() {
  if (existsSync(join(PEERS, "node_modules"))) return;
  process.stderr.write("installing @openmined/psi.js into bench/peers\n");
  await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: PEERS });
}

/** @param {readonly number[]} loads */
async function machineOf(loads) {
  const contentOf = async (/** @type {string} */ file) => JSON.parse(await readFile(file, "utf8"));
  const peer = (await contentOf(join(PEERS, "package.json"))).dependencies["@openmined/psi.js"];
  const own = fileURLToPath(new URL("../packages/sdk/package.json", import.meta.url));
  const native = findNativeGroup();
  return {
    versions: {
      node: process.versions.node,
      koplamp: (await contentOf(own)).version,
      "@openmined/psi.js": peer,
      libsodium: native.group === undefined ? "absent" : native.version,
    },
    cpuModel: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    load: loads.map((load) => load.toFixed(1)),
  };
}

/** @param {"portable" | "native"} backend @param {number} items @param {{ pairs: number, later: number }} counts */
async function compared(backend, items, counts) {
  const dir = await mkdtemp(join(tmpdir(), "koplamp-peers-"));
  try {
    const federation = await started(dir, backend, items);
    try {
      const pairs = counts.pairs === 0 ? [] : await inPairs(federation, backend, items, counts.pairs);
      await federation.matched("tokens"); // evaluates every item once
      await federation.serves();
      const later = [];
      for (let time = 0; time < counts.later; time += 1)
        later.push({
          one: await federation.matched("tokens"),
          both: await federation.matched("tokens", BOTH),
        });
      return { backend, items, pairs, later, ...(await federation.peaks()) };
    } finally {
      await federation.stop();
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** @param {Awaited<ReturnType<typeof started>>} federation @param {"portable" | "native"} backend @param {number} items @param {number} count */
async function inPairs(federation, backend, items, count) {
  await psiJs(items); // what is read, compiled and allocated once is no pair's
  await federation.matched("pair");
  await federation.serves();
  const found = [];
  for (let pair = 0; pair < count; pair += 1) {
    const [theirs, ours] = [await psiJs(items), await federation.matched("pair")];
    if (backend === "portable") found.push({ theirs, ours });
    else found.push({ theirs, ours, blind: await federation.matched("blind"), bare: bare(items) });
  }
  return found;
}

/** CPU-ms of one intersection by psi.js. @param {number} items */
async function psiJs(items) {
  const { stdout } = await run(process.execPath, [join(PEERS, "psi-js.mjs"), String(items)]);
  const { cpuMs, right } = JSON.parse(stdout);
  if (!right) throw new Error("psi.js: not the intersection of the plain lists");
  return cpuMs;
}

/** CPU-ms of what a count without proofs asks of the group, by the system's libsodium alone. @param {number} items */
function bare(items) {
  const { group } = findNativeGroup();
  if (group === undefined) throw new Error("this machine has no native backend");
  const uniform = Uint8Array.from({ length: 64 * items }, (_, at) => (at * 151 + (at >>> 8)) & 0xff);
  const key = group.reduce(new Uint8Array(64).fill(0xa5));
  const before = process.cpuUsage();
  for (const _party of BOTH) {
    const own = group.hashToGroup(uniform);
    group.mulSame(key, group.mulSame(key, own)); // blinded and answered, or the own tokens and unblinded
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
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
    /** CPU-ms of one question, in all three processes and in this one, which asks. @param {Mode} mode @param {readonly string[]} told */
    matched: async (mode, told = ["alice"]) => {
      const before = await cpuOf(pids);
      const client = process.cpuUsage();
      asked += 1;
      const outcome = await running.client("alice").run(questionOf(asked, mode, told), () => {});
      const { user, system } = process.cpuUsage(client);
      const after = await cpuOf(pids);
      expectRight(outcome, items, mode);
      for (const party of told.slice(1)) {
        const theirs = await running.client(party).outcomeOf(/** @type {any} */ (outcome).planHash);
        expectRight(theirs, items, mode);
      }
      const spent = [...pids.keys()].map((name) => (after.get(name) ?? 0) - (before.get(name) ?? 0));
      return spent.reduce((sum, one) => sum + one, (user + system) / 1000);
    },
  };
}

/** @param {number} number @param {Mode} mode @param {readonly string[]} told */
function questionOf(number, mode, told) {
  const kind =
    mode === "blind"
      ? "kind: overlap-count, shape: pairs, mode: pairs.blind"
      : `kind: match, atLeast: 2, tell: nothing, mode: ${mode}`;
  const ask = `{ ${kind}, key: [name], from: { alice: list, bob: list } }`;
  return {
    file: "peers.yaml",
    text: questionText({
      id: `peers-${number}`,
      type: mode === "blind" ? "B" : "F",
      ask,
      recipient: told.join(", "),
    }),
  };
}

/** @param {any} outcome @param {number} items @param {Mode} mode */
function expectRight(outcome, items, mode) {
  const common = items - Math.floor(items / 2);
  const { matches, pairs } = outcome.result ?? {};
  const isCommon = (/** @type {string} */ name) => {
    const number = Number(name.slice(5));
    return number >= Math.floor(items / 2) && number < items;
  };
  const right =
    outcome.status === "released" &&
    (mode === "blind"
      ? Object.values(pairs).join() === `${common}`
      : matches?.length === common && matches.every((/** @type {any} */ { key }) => isCommon(key[0])));
  if (!right) throw new Error(`not the answer of the plain lists: ${JSON.stringify(outcome).slice(0, 500)}`);
}
