// SPDX-License-Identifier: Apache-2.0
// Where to look: every file below a folder, and the memory of a process.
import { open, readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import type { Hay } from "./scan.ts";

const PART_BYTES = 16 * 2 ** 20;
const ENTRY_BYTES = 8;

/** The path and bytes of every file below a folder. */
export async function filesBelow(dir: string): Promise<readonly Hay[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  return Promise.all(paths.map(async (path) => ({ source: path, bytes: await readFile(path) })));
}

/**
 * The writable memory of a process that is in RAM, as it stands while the process is stopped: heaps, stacks and
 * buffers of all its threads. Parts of one run of pages overlap by `overlap` bytes.
 */
export async function memoryOf(pid: number, overlap: number): Promise<readonly Hay[]> {
  process.kill(pid, "SIGSTOP");
  try {
    await using memory = await open(`/proc/${pid}/mem`);
    const parts: Hay[] = [];
    for (const { start, bytes } of await runsOf(pid)) {
      for (let at = 0; at < bytes; at += PART_BYTES) {
        const carried = Math.min(at, overlap);
        const part = Buffer.alloc(Math.min(PART_BYTES, bytes - at) + carried);
        const { bytesRead } = await memory.read(part, 0, part.length, start + at - carried);
        const source = `memory ${(start + at).toString(16)}`;
        if (bytesRead < part.length)
          throw new Error(`expected ${part.length} B of ${source}, got ${bytesRead}`);
        parts.push({ source, bytes: part, carried });
      }
    }
    return parts;
  } finally {
    process.kill(pid, "SIGCONT");
  }
}

interface Run {
  readonly start: number;
  readonly bytes: number;
}

/** Runs of pages that the process has written, from its map and the kernel's page map. */
async function runsOf(pid: number): Promise<readonly Run[]> {
  const maps = await readFile(`/proc/${pid}/maps`, "utf8");
  const pageBytes =
    1024 * Number(/^KernelPageSize: +(\d+) kB$/m.exec(await readFile("/proc/self/smaps", "utf8"))?.[1]);
  await using pages = await open(`/proc/${pid}/pagemap`);
  const runs: Run[] = [];
  for (const [, from = "", to = ""] of maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw/gm)) {
    const [start, end] = [Number.parseInt(from, 16), Number.parseInt(to, 16)];
    const entries = Buffer.alloc(((end - start) / pageBytes) * ENTRY_BYTES);
    const { bytesRead } = await pages.read(entries, 0, entries.length, (start / pageBytes) * ENTRY_BYTES);
    runs.push(...presentRuns(entries.subarray(0, bytesRead), start, pageBytes));
  }
  return runs;
}

/** The two highest bits of a page's entry: it is in RAM, or swapped out. */
function presentRuns(entries: Buffer, start: number, pageBytes: number): readonly Run[] {
  const runs: Run[] = [];
  let from = -1;
  for (let page = 0; page <= entries.length / ENTRY_BYTES; page += 1) {
    const present = ((entries[page * ENTRY_BYTES + ENTRY_BYTES - 1] ?? 0) & 0xc0) !== 0;
    if (present && from < 0) from = page;
    if (present || from < 0) continue;
    runs.push({ start: start + from * pageBytes, bytes: (page - from) * pageBytes });
    from = -1;
  }
  return runs;
}

/** Whether this machine lets us read the memory of a process. */
export async function memoryIsReadable(pid: number): Promise<boolean> {
  return open(`/proc/${pid}/mem`).then(
    async (file) => {
      await file.close();
      return true;
    },
    () => false,
  );
}

/** The files that a process has open, where the system tells. */
export async function openFilesOf(pid: number): Promise<readonly string[] | undefined> {
  const names = await readdir(`/proc/${pid}/fd`).catch(() => undefined);
  if (names === undefined) return undefined;
  const paths = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => "")));
  return paths.filter((path) => path.startsWith("/") && !path.startsWith("/dev/"));
}
