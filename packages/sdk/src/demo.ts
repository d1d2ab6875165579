// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Federation } from "@koplamp/query";
import { type RunningFederation, startFederation } from "./demo-federation.ts";
import { type Folders, foundFolders } from "./demo-folder.ts";
import type { Programs } from "./demo-processes.ts";
import { demoTerms } from "./demo-questions.ts";
import { tellSteps } from "./demo-steps.ts";
import { Story, type StoryOutput } from "./demo-story.ts";
import { generateFederation } from "./generate.ts";
import { readFederationFile } from "./read-lab.ts";

/** How the demonstration runs. */
export interface DemoOptions extends StoryOutput {
  readonly programs: Programs;
  /** A folder to leave everything in; without one, nothing stays. */
  readonly keep?: string;
}

const ROWS = 150;
const SEED = 2026;
const PARTIES = 4;
/** How long processes may take to stop when somebody does not want to wait. */
const HURRY_MS = 2000;

/**
 * The story of section 8 of experience.md: four agencies and a relay as real processes, a refusal, four questions, the evidence,
 * and what each learned. Every step checks itself. It leaves no process behind, however it ends.
 * @returns whether every check held.
 * @throws {DemoError} naming the promise that did not hold.
 */
export async function runDemo(options: DemoOptions): Promise<boolean> {
  const dir = options.keep ?? (await mkdtemp(join(tmpdir(), "koplamp-demo-")));
  const story = new Story(options);
  let starting: Promise<RunningFederation> | undefined;
  try {
    options.print("Four agencies ask each other what none of them may show. All data are generated.");
    const { folders, federation } = await found(story, dir);
    const running = await story.step("The machines start", async (say) => {
      starting = startFederation(folders, options.programs);
      const started = await starting;
      const pids = [started.coordinator, ...started.nodes.values()].map(({ name, pid }) => `${name} ${pid}`);
      say(
        `five processes: ${pids.join(", ")}`,
        `mutual TLS 1.3 on 127.0.0.1:${folders.port}, each machine pinned by its card`,
        "nodes dial out only: the relay has no way to call them, and people reach their own node alone",
      );
      return started;
    });
    await tellSteps({ story, running, folders, federation });
    options.print("", `Everything held, in ${story.elapsed}.`, ...next(options.keep));
    return true;
  } finally {
    const left = await starting?.catch(() => undefined); // what was starting when somebody interrupted
    await left?.stop(options.stop.aborted ? HURRY_MS : undefined);
    if (options.keep === undefined) await rm(dir, { recursive: true, force: true });
  }
}

/** Step 1: data, keys, covenant. */
async function found(
  story: Story,
  dir: string,
): Promise<{ readonly folders: Folders; readonly federation: Federation }> {
  return await story.step("Keys and a covenant", async (say) => {
    const data = join(dir, "country");
    await generateFederation({ parties: PARTIES, rows: ROWS, overlap: 0.2, seed: SEED }, data);
    const federation = await readFederationFile(join(data, "federation.yaml"));
    const folders = await foundFolders({
      dir,
      federation,
      covenant: "country-2026",
      terms: demoTerms(federation, ROWS),
      people: federation.parties.slice(-1).map(({ id }) => id),
    });
    const names = federation.parties.map(({ id }) => id);
    say(
      `${names.join(", ")}: keys of machines and people, in files that only their owner may read`,
      `signed by ${names.length} of ${names.length}: covenant ${folders.covenantHash}`,
      "it allows fraud-2026 to count, to sum and to match; supervision-2026 to count and to sum",
      `each has accounts, companies, persons, ships and reports: ${ROWS} rows and more in each, seed ${SEED}`,
    );
    return { folders, federation };
  });
}

function next(keep: string | undefined): readonly string[] {
  const lines = [
    "koplamp lab run --federation examples/ships/federation.yaml --query examples/ships/query.yaml",
    "koplamp lab up         the same machines, until you stop them, to ask your own questions",
  ];
  return keep === undefined ? lines : [...lines, `everything is in ${keep}`];
}
