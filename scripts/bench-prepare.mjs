// SPDX-License-Identifier: Apache-2.0
// @ts-check
/**
 * What a node does with a list before its first message, in a process that does nothing else: reading, canonical values, one key
 * for rows that are alike, and the parts of the cut. CPU time, peak memory, and bytes of sealed files on the disk.
 */
import { readdirSync, readlinkSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CutList } from "../packages/engine/src/cut-list.ts";
import { longKeys } from "../packages/engine/src/long-keys.ts";
import { openScratch, readSourceIn } from "../packages/sources/src/index.ts";
import { peakOf, print, wholeOf, writeColumn } from "./processes-measured.mjs";

const HELP = `npm run bench:prepare -- [options]

A list of nine-digit numbers, each twice, as a node prepares it for a match in shards.

  --rows <n>   rows of the list (default: 1000000)
  --json       one JSON document on standard output

  npm run bench:prepare -- --rows 100000            whether it works
  npm run bench:prepare -- --rows 100000000         the goal: ten minutes, and 5 GB of disk
`;

/** Keys of a shard, about. */
const SHARD = 2 ** 18;
/** Spreads numbers over 2^32. */
const GOLDEN = 0x9e3779b1;
const CONTEXT = { covenantId: "c", purposeId: "p", epoch: "", keySpec: "opaque", normVersion: "norm/1" };

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "1000000" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) process.stdout.write(HELP);
else await measured(wholeOf("rows", values.rows, 2));

/** @param {number} rows */
async function measured(rows) {
  const dir = await mkdtemp(join(tmpdir(), "koplamp-prepare-"));
  try {
    const file = join(dir, "list.csv");
    await writeColumn(file, rows, (row) => String(100_000_000 + Math.floor(row / 2)));
    const [load, begun] = [loadavg()[0] ?? 0, performance.now()];
    const before = process.cpuUsage();
    const { keys, diskBytes } = await prepared(file, join(dir, "scratch"));
    if (keys !== Math.ceil(rows / 2)) throw new Error(`expected ${Math.ceil(rows / 2)} keys, got ${keys}`);
    const { user, system } = process.cpuUsage(before);
    const figures = {
      rows,
      keys,
      cpuUs: (user + system) / rows,
      wallS: (performance.now() - begun) / 1000,
      peakMiB: Math.round(await peakOf(process.pid)),
      diskBytes: diskBytes / rows,
    };
    if (values.json) return print(JSON.stringify(figures));
    const { cpuUs, wallS, peakMiB } = figures;
    print(
      `${rows} rows: ${cpuUs.toFixed(1)} CPU-µs a row, ${wallS.toFixed(0)} s, peak ${peakMiB} MiB, ${figures.diskBytes.toFixed(1)} bytes of disk a row`,
      `${cpus().length} cores of ${cpus()[0]?.model}, Node ${process.versions.node}; load ${load.toFixed(1)} before, ${loadavg()[0]?.toFixed(1)} after`,
    );
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** @param {string} file @param {string} folder */
async function prepared(file, folder) {
  const scratch = openScratch(folder);
  let diskBytes = 0;
  const look = () => {
    diskBytes = Math.max(diskBytes, onDisk(folder));
  };
  const looking = setInterval(look, 200).unref(); // a thread reads, and this one has time
  const pause = async () => {
    look();
    await new Promise((resolve) => setImmediate(resolve));
  };
  const spec = /** @type {any} */ ({ file, nulls: [], columns: { name: { kind: "opaque" } } });
  const { table } = await readSourceIn(folder)(spec, ["name"]);
  const keys = await longKeys(table, ["name"], CONTEXT, { scratch, pause: everyNth(pause) });
  const shards = 2 ** Math.max(1, Math.ceil(Math.log2(keys.count / SHARD)));
  const cut = new CutList(scratch, keys.head, shards);
  try {
    for (const stretch of keys.stretches()) {
      const from = cut.count;
      const partAt = Uint16Array.from(stretch.ends, (_, at) => partOf(from + at, shards));
      cut.put(stretch, partAt);
    }
    cut.end();
    look();
    for (let part = 0; part < shards; part += 1) cut.part(part); // as each session does
    return { keys: keys.count, diskBytes };
  } finally {
    clearInterval(looking);
    cut.close();
  }
}

/** @param {number} key @param {number} shards */
function partOf(key, shards) {
  return Math.floor(((Math.imul(key, GOLDEN) >>> 0) / 2 ** 32) * shards);
}

/** Looks at the disk now and then, and lets other work go on each time. @param {() => Promise<void>} pause */
function everyNth(pause) {
  let times = 0;
  return async () => {
    times += 1;
    if (times % 64 === 0) await pause();
    else await new Promise((resolve) => setImmediate(resolve));
  };
}

/** Bytes of the files of this process that have no name any more. @param {string} folder */
function onDisk(folder) {
  const open = readdirSync("/proc/self/fd").flatMap((name) => {
    const path = `/proc/self/fd/${name}`;
    try {
      return readlinkSync(path).startsWith(folder) ? [statSync(path).size] : [];
    } catch {
      return []; // it was that of this very look
    }
  });
  return open.reduce((sum, size) => sum + size, 0);
}
