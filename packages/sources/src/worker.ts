// SPDX-License-Identifier: Apache-2.0
// The thread in which one source is read. It ends after one reply.
import { parentPort, workerData } from "node:worker_threads";
import { SourceError } from "./errors.ts";
import type { SourceReply, SourceRequest } from "./read-source.ts";
import { readSnapshot } from "./snapshot.ts";

const { spec, columns } = workerData as SourceRequest; // written by read-source.ts and nobody else

async function reply(): Promise<SourceReply> {
  try {
    return { snapshot: await readSnapshot(spec, columns) };
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

parentPort?.postMessage(await reply());
