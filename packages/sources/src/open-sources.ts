// SPDX-License-Identifier: Apache-2.0
import { stat } from "node:fs/promises";
import type { ReadSource, Snapshot, Sources } from "@koplamp/engine";
import { didYouMean } from "@koplamp/query";
import type { DatasetSpec } from "@koplamp/wire";
import { SourceError } from "./errors.ts";

/** The datasets of one node, each read once and kept until its file changes. */
export interface OpenSources extends Sources {
  /** While any hold is open, what was read stays in force whatever happens to the file. Gives a way to let go. */
  hold(): () => void;
}

interface Kept {
  readonly state: string;
  readonly snapshot: Promise<Snapshot>;
}

/**
 * Keeps the snapshots of declared datasets: every question that runs at one time sees the same rows. A file that
 * changed is read again, but not while a question holds what was read. A reading that failed is not kept.
 */
export function openSources(
  specs: Readonly<Record<string, DatasetSpec>>,
  readSource: ReadSource,
): OpenSources {
  const kept = new Map<string, Kept>();
  let holds = 0;
  const read = (dataset: string, spec: DatasetSpec, state: string): Promise<Snapshot> => {
    const snapshot = readSource(spec, Object.keys(spec.columns));
    const entry = { state, snapshot };
    kept.set(dataset, entry);
    snapshot.catch(() => {
      if (kept.get(dataset) === entry) kept.delete(dataset);
    });
    return snapshot;
  };
  return {
    specs,
    snapshot: async (dataset) => {
      const spec = declared(specs, dataset);
      const held = holds > 0 ? kept.get(dataset) : undefined;
      if (held !== undefined) return held.snapshot;
      const state = await stateOf(spec.file);
      const known = kept.get(dataset);
      return known?.state === state || (known !== undefined && holds > 0)
        ? known.snapshot
        : read(dataset, spec, state);
    },
    hold: () => {
      let open = true;
      holds += 1;
      return () => {
        if (open) holds -= 1;
        open = false;
      };
    },
  };
}

function declared(specs: Readonly<Record<string, DatasetSpec>>, dataset: string): DatasetSpec {
  const spec = Object.hasOwn(specs, dataset) ? specs[dataset] : undefined;
  if (spec !== undefined) return spec;
  const names = Object.keys(specs);
  throw new SourceError(
    "unknown-dataset",
    `there is no dataset "${dataset.slice(0, 64)}"${didYouMean(dataset, names)}`,
    names.length === 0 ? "no dataset is declared here" : `datasets: ${names.join(", ")}`,
  );
}

/** What a write changes. A file that is not there has a state as well: reading it says what is wrong. */
async function stateOf(file: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
  } catch {
    return "none";
  }
}
