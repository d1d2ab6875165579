// SPDX-License-Identifier: Apache-2.0
import { Worker } from "node:worker_threads";
import type { ReadSource, Snapshot } from "@koplamp/engine";
import { type ColumnPages, type DatasetSpec, PackedColumn } from "@koplamp/wire";
import { SourceError, type SourceErrorCode } from "./errors.ts";
import { type Handle, SealedFile } from "./scratch.ts";

/** What the thread is told. */
export interface SourceRequest {
  readonly spec: DatasetSpec;
  readonly columns: readonly string[];
  /** Files of the caller's, for columns that are too long for memory and for what is needed while they are read. */
  readonly scratch?: { readonly kept: Handle; readonly passing: Handle };
}

/** What the thread answers: a snapshot, its columns as bytes that move without a copy, or the parts of a `SourceError`. */
export type SourceReply =
  | (Omit<Snapshot, "table"> & {
      readonly rows: number;
      readonly columns: Readonly<Record<string, ColumnPages>>;
      /** Of the file of columns. */
      readonly ends: readonly number[];
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
export const readSource: ReadSource = (spec, columns) => read({ spec, columns }, undefined);

/**
 * As `readSource`, for a node: what is too long for memory stands in sealed files of its scratch folder, a long column for as long
 * as somebody holds it.
 */
export function readSourceIn(folder: string): ReadSource {
  return async (spec, columns) => {
    const [kept, passing] = [SealedFile.in(folder), SealedFile.in(folder)];
    try {
      const scratch = { kept: kept.handle, passing: passing.handle };
      return await read({ spec, columns, scratch }, kept);
    } catch (reason) {
      kept.close();
      throw reason;
    } finally {
      passing.close();
    }
  };
}

/** Closes the file of columns that nobody holds any more. */
const UNHELD = new FinalizationRegistry<SealedFile>((file) => file.close());

async function read(request: SourceRequest, kept: SealedFile | undefined): Promise<Snapshot> {
  const worker = new Worker(WORKER, {
    workerData: request,
    execArgv: fromSource ? ["--conditions=source"] : [],
    resourceLimits: LIMITS,
  });
  const reply = await answerOf(worker, request.spec.file);
  if ("columns" in reply) return snapshotIn(reply, kept);
  throw new SourceError(reply.code, reply.message, reply.hint);
}

function snapshotIn(
  { rows, columns, quality, digest, ends }: Extract<SourceReply, { readonly rows: number }>,
  kept: SealedFile | undefined,
): Snapshot {
  const pieces = kept === undefined ? undefined : { get: (at: number) => kept.get(at) };
  if (ends.length === 0) kept?.close();
  else kept?.resume(ends);
  if (pieces !== undefined && kept !== undefined) UNHELD.register(pieces, kept);
  const packed = Object.entries(columns).map(([name, pages]) => [name, new PackedColumn(pages, pieces)]);
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
