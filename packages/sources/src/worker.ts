// SPDX-License-Identifier: Apache-2.0
// The thread in which one source is read. It ends after one reply.
import { parentPort, workerData } from "node:worker_threads";
import { SourceError } from "./errors.ts";
import type { SourceReply, SourceRequest } from "./read-source.ts";
import { type PackedSnapshot, readSnapshot } from "./snapshot.ts";

const { spec, columns } = workerData as SourceRequest; // written by read-source.ts and nobody else

function messageOf({ table: { rows, columns }, quality, digest }: PackedSnapshot): SourceReply {
  const packed = Object.entries(columns).map(([name, column]) => [name, column.packed]);
  return { rows, columns: Object.fromEntries(packed), quality, digest };
}

/** What moves to the other thread: every buffer once, since columns may be one and the same. */
function buffersOf(answer: SourceReply): ArrayBuffer[] {
  if (!("columns" in answer)) return [];
  const all = Object.values(answer.columns).flatMap(({ bytes, ends }) => [bytes.buffer, ends.buffer]);
  return [...new Set(all)];
}

async function reply(): Promise<SourceReply> {
  try {
    return messageOf(await readSnapshot(spec, columns));
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
