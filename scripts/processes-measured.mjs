// SPDX-License-Identifier: Apache-2.0
// @ts-check
// What benchmarks between real processes share: how these are started, and what they spend.
import { createWriteStream } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const TICKS = 100; // of /proc/*/stat, a second

/** CPU-ms of each process since it began. @param {ReadonlyMap<string, number>} pids */
export async function cpuOf(pids) {
  const spent = new Map();
  for (const [name, pid] of pids) {
    const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /s, "").split(" ");
    spent.set(name, ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS);
  }
  return spent;
}

/** The most memory that a process ever had, in MiB. @param {number} pid */
export async function peakOf(pid) {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) / 1024;
}

/**
 * The programs of a federation. Without the native library where the portable backend is asked for: an empty file stands
 * in its place. @param {string} dir @param {boolean} portable
 */
export async function programsIn(dir, portable) {
  const lib = join(dir, "lib");
  await mkdir(lib, { recursive: true });
  for (const name of ["libsodium.so.26", "libsodium.so.23"]) await writeFile(join(lib, name), "");
  const path = (/** @type {string} */ file) => fileURLToPath(new URL(`../${file}`, import.meta.url));
  const node = (/** @type {string} */ file) =>
    /** @type {[string, ...string[]]} */ ([
      "env",
      ...(portable ? [`LD_LIBRARY_PATH=${lib}`] : []),
      process.execPath,
      "--conditions=source",
      path(file),
    ]);
  return { node: node("nodes/src/main.ts"), coordinator: node("coordinator/src/main.ts") };
}

/** A CSV file with one column. @param {string} file @param {number} count @param {(row: number) => string} nameOf */
export async function writeColumn(file, count, nameOf) {
  const out = createWriteStream(file);
  out.write("name\n");
  for (let row = 0; row < count; row += 1) {
    if (!out.write(`${nameOf(row)}\n`))
      await new Promise((resolve) => out.once("drain", () => resolve(undefined)));
  }
  await new Promise((resolve) => out.end(() => resolve(undefined)));
}
