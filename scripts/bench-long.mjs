// SPDX-License-Identifier: Apache-2.0
// @ts-check
/**
 * A match of two long lists through real processes: CPU time and peak memory of each, by the length of the lists. Every answer is
 * checked. The lists have few items in common: what an answer takes by itself is no part of this.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
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

const HELP = `npm run bench:long -- [options]

One question of two long lists, through a relay and two nodes as processes of their own: CPU time of all three and peak memory of
each. Each size has processes of its own.

  --items <list>   items of each list, as in 1000000,3000000 (default: 1000000,3000000,10000000)
  --shards <n>     more shards than the lists need: a power of two (default: what they need)
  --mode <name>    bulk, pair or tokens (default: bulk)
  --common <n>     items that both have (default: 1000)
  --backend <name> portable or native (default: portable)
  --json           one JSON document on standard output

  npm run bench:long -- --items 100000              whether it works
  npm run bench:long -- --items 10000000 --shards 64
`;

const MODES = ["bulk", "pair", "tokens"];

const { values } = parseArgs({
  options: {
    items: { type: "string", default: "1000000,3000000,10000000" },
    shards: { type: "string" },
    mode: { type: "string", default: "bulk" },
    common: { type: "string", default: "1000" },
    backend: { type: "string", default: "portable" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) process.stdout.write(HELP);
else await measuredAll();

async function measuredAll() {
  const sizes = values.items.split(",").map((text) => wholeOf("items", text, 16));
  const common = wholeOf("common", values.common, 0);
  backendsOf(values.backend); // before a list is written
  if (!MODES.includes(values.mode))
    throw new Error(`expected ${MODES.join(", ")} for --mode, got "${values.mode}"`);
  const before = loadavg()[0] ?? 0;
  const runs = [];
  for (const items of sizes) {
    const run = await measured(items, Math.min(common, items));
    runs.push(run);
    if (!values.json) print(textOf(run));
  }
  const load = [before, loadavg()[0] ?? 0].map((one) => one.toFixed(1));
  const [cpuModel = "unknown", cores] = [cpus()[0]?.model, cpus().length];
  if (values.json) return print(JSON.stringify({ cpuModel, cores, node: process.versions.node, load, runs }));
  print(`${cores} cores of ${cpuModel}, Node ${process.versions.node}; load ${load.join(" before, ")} after`);
}

/** @param {number} items @param {number} common */
async function measured(items, common) {
  const dir = await mkdtemp(join(tmpdir(), "koplamp-long-"));
  try {
    const first = { alice: 0, bob: items - common };
    for (const [party, from] of Object.entries(first))
      await writeColumn(join(dir, `${party}.csv`), items, (row) => String(100_000_000 + from + row));
    const parties = Object.keys(first).map((id) => {
      const list = { file: join(dir, `${id}.csv`), columns: { name: { kind: "opaque" } } };
      return { id, name: id, datasets: { list: /** @type {any} */ (list) } };
    });
    const [backend = "portable"] = backendsOf(values.backend);
    const registerSize = 2 ** Math.ceil(Math.log2(2 * items));
    const { running, pids } = await startedWith({ dir, id: "long", parties, backend, registerSize });
    try {
      const idle = await peaks(pids);
      const begun = performance.now();
      const spent = await cpuOf(pids);
      const outcome = /** @type {any} */ (await running.client("alice").run(question(), () => {}));
      const matches = outcome.result?.matches?.length;
      if (matches !== common)
        throw new Error(`expected ${common} matches, got ${matches ?? outcome.message}`);
      const after = await cpuOf(pids);
      const cpuMs = [...pids.keys()].reduce((sum, name) => sum + after.get(name) - spent.get(name), 0);
      const wallS = (performance.now() - begun) / 1000;
      return {
        items,
        common,
        mode: values.mode,
        shards: values.shards,
        cpuMs,
        wallS,
        idle,
        peak: await peaks(pids),
      };
    } finally {
      await running.stop();
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** MiB of each process. @param {ReadonlyMap<string, number>} pids */
async function peaks(pids) {
  const all = [...pids].map(async ([name, pid]) => [name, Math.round(await peakOf(pid))]);
  return Object.fromEntries(await Promise.all(all));
}

function question() {
  const ask = `{ kind: match, key: [name], from: { alice: list, bob: list }, atLeast: 2, tell: nothing, mode: ${values.mode} }`;
  const text = questionText({ id: "long", type: "F", ask, recipient: "alice" });
  return {
    file: "long.yaml",
    text: values.shards === undefined ? text : `${text}shards: ${values.shards}\n`,
  };
}

/** @param {Awaited<ReturnType<typeof measured>>} run */
function textOf({ items, mode, shards, cpuMs, wallS, idle, peak }) {
  const memory = Object.entries(peak).map(([name, mib]) => `${name} ${mib} (idle ${idle[name]})`);
  const cut = shards === undefined ? "" : `, ${shards} shards`;
  return `${items} items each, ${mode}${cut}: ${((cpuMs * 1000) / items).toFixed(1)} CPU-µs an item, ${wallS.toFixed(0)} s; MiB: ${memory.join(", ")}`;
}
