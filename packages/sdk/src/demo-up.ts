// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startFederation } from "./demo-federation.ts";
import { foundFolders } from "./demo-folder.ts";
import type { Programs } from "./demo-processes.ts";
import type { StoryOutput } from "./demo-story.ts";
import { trialTerms } from "./demo-terms.ts";
import { generateFederation } from "./generate.ts";
import { readFederationFile } from "./read-lab.ts";

/** A federation to run until it is stopped. */
export interface UpOptions extends StoryOutput {
  readonly programs: Programs;
  /** Its file; without one, a generated country. */
  readonly federation?: string;
  /** Where nodes and relay keep their files; without one, nothing stays. */
  readonly out?: string;
  /** The purposes that questions may name. */
  readonly purposes: readonly string[];
}

/** Rows of the largest register that a trial may bring. */
const REGISTER = 2 ** 20;

/** Starts relay and nodes of a federation, says how to ask, and stops them when told to. */
export async function runUp({
  programs,
  federation: given,
  out,
  purposes,
  print,
  stop,
}: UpOptions): Promise<boolean> {
  const dir = out ?? (await mkdtemp(join(tmpdir(), "koplamp-up-")));
  try {
    const file = given ?? join(dir, "country", "federation.yaml");
    if (given === undefined)
      await generateFederation({ parties: 4, rows: 300, overlap: 0.2, seed: 1 }, join(dir, "country"));
    const federation = await readFederationFile(file);
    const terms = trialTerms(federation.parties, purposes, REGISTER);
    const folders = await foundFolders({ dir, federation, covenant: `trial/${federation.id}`, terms });
    const running = await startFederation(folders, programs);
    try {
      print(`relay on 127.0.0.1:${folders.port}, process ${running.coordinator.pid}`);
      for (const [party, node] of running.nodes)
        print(`${party.padEnd(20)} process ${node.pid}   ${folders.nodes.get(party)}`);
      const [first = dir] = folders.nodes.values();
      const example = given === undefined ? join(dir, "country", "match.yaml") : "query.yaml";
      print("", `ask      koplamp query run ${example} --node ${first}`, `purpose  ${purposes.join(", ")}`);
      print(`verify   --trust ${folders.trust}`, "stop     Ctrl-C");
      await ended(stop);
    } finally {
      await running.stop();
    }
    return true;
  } finally {
    if (out === undefined) await rm(dir, { recursive: true, force: true });
  }
}

function ended(stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stop.aborted) resolve();
    else stop.addEventListener("abort", () => resolve(), { once: true });
  });
}
