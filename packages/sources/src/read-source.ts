// SPDX-License-Identifier: Apache-2.0
import { Worker } from "node:worker_threads";
import type { ReadSource, Snapshot } from "@koplamp/engine";
import { type DatasetSpec, type PackedBytes, PackedColumn } from "@koplamp/wire";
import { SourceError, type SourceErrorCode } from "./errors.ts";

/** What the thread is told. */
export interface SourceRequest {
  readonly spec: DatasetSpec;
  readonly columns: readonly string[];
}

/** What the thread answers: a snapshot, its columns as bytes that move without a copy, or the parts of a `SourceError`. */
export type SourceReply =
  | (Omit<Snapshot, "table"> & {
      readonly rows: number;
      readonly columns: Readonly<Record<string, PackedBytes>>;
    })
  | { readonly code: SourceErrorCode; readonly message: string; readonly hint: string };

const fromSource = import.meta.url.endsWith(".ts");
/**
 * A reader makes a string of every cell and keeps none, so a small space for what is young costs little: a million rows take
 * 300 MiB in place of 450 at the peak. Whoever declares forms of many columns needs the other one.
 */
const LIMITS = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 1024 };
const WORKER = new URL(fromSource ? "./worker.ts" : "./worker.js", import.meta.url);

/**
 * The named columns of a declared CSV, TSV, Parquet, JSON or JSON Lines file, canonical by kind, with the local
 * quality report and the digest of the file. Read in a thread of its own, by an engine that can open this file and
 * nothing else. Nothing in it comes from a question but the names of declared columns.
 * @throws {SourceError} naming line or row, column and reason, and no value.
 */
export const readSource: ReadSource = async (spec, columns) => {
  const request: SourceRequest = { spec, columns };
  const reply = await answerOf(
    new Worker(WORKER, {
      workerData: request,
      execArgv: fromSource ? ["--conditions=source"] : [],
      resourceLimits: LIMITS,
    }),
    spec.file,
  );
  if ("columns" in reply) return snapshotIn(reply);
  throw new SourceError(reply.code, reply.message, reply.hint);
};

function snapshotIn({
  rows,
  columns,
  quality,
  digest,
}: Extract<SourceReply, { readonly rows: number }>): Snapshot {
  const packed = Object.entries(columns).map(([name, cells]) => [name, new PackedColumn(cells)]);
  return { table: { rows, columns: Object.fromEntries(packed) }, quality, digest };
}

function answerOf(worker: Worker, file: string): Promise<SourceReply> {
  return new Promise((resolve, reject) => {
    const lost = () => {
      reject(
        new SourceError(
          "failed",
          `reading "${file}" stopped without an answer`,
          "there may be too little memory",
        ),
      );
    };
    worker.once("message", resolve);
    worker.once("error", lost);
    worker.once("exit", lost); // after an answer this changes nothing
  });
}
