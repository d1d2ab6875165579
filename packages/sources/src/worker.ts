// SPDX-License-Identifier: Apache-2.0
// The thread in which one source is read. It ends after one reply.
import { parentPort, workerData } from "node:worker_threads";
import { MemoryPieces } from "@koplamp/wire";
import { SourceError } from "./errors.ts";
import type { SourceReply, SourceRequest } from "./read-source.ts";
import { SealedFile } from "./scratch.ts";
import { type PackedSnapshot, readSnapshot } from "./snapshot.ts";

const { spec, columns, scratch } = workerData as SourceRequest; // written by read-source.ts and nobody else

function messageOf(
  { table: { rows, columns }, quality, digest }: PackedSnapshot,
  ends: readonly number[],
): SourceReply {
  const packed = Object.entries(columns).map(([name, column]) => [name, column.packed]);
  return { rows, columns: Object.fromEntries(packed), quality, digest, ends };
}

/** What moves to the other thread: every buffer once, since columns may be one and the same. */
function buffersOf(answer: SourceReply): ArrayBuffer[] {
  if (!("columns" in answer)) return [];
  const all = Object.values(answer.columns).flatMap(({ pages }) =>
    pages.flatMap((page) => (typeof page === "number" ? [] : [page.buffer as ArrayBuffer])),
  );
  return [...new Set(all)];
}

async function reply(): Promise<SourceReply> {
  const kept = scratch === undefined ? undefined : new SealedFile(scratch.kept);
  const passing = scratch === undefined ? undefined : new SealedFile(scratch.passing);
  try {
    const read = await readSnapshot(spec, columns, { kept, passing: passing ?? new MemoryPieces() });
    return messageOf(read, kept?.handle.ends ?? []);
  } catch (error) {
    if (error instanceof SourceError) return { code: error.code, message: error.message, hint: error.hint };
    // Its message may quote data: only its kind gets out.
    const kind = error instanceof Error ? error.name : typeof error;
    return {
      code: "failed",
      message: `"${spec.file}" cannot be read (${kind})`,
      hint: "report the form of the file",
    };
  }
}

const answer = await reply();
parentPort?.postMessage(answer, buffersOf(answer));
