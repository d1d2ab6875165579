// SPDX-License-Identifier: Apache-2.0
// A process of its own that runs the tests of one switch after the other, as `run.ts` asks it by messages. Vitest stays, so
// that what no switch changes is transformed once; each test file still has a fresh process and fresh modules.
import { join } from "node:path";
import { createVitest, type TestModule, type Vitest } from "vitest/node";
import { SWITCHES } from "./switches.ts";

const ROOT = join(import.meta.dirname, "../..");

/** What became of the tests of a switch. */
export interface Outcome {
  /** How many ran. */
  readonly ran: number;
  /** What each red one said. */
  readonly failed: readonly string[];
  /** Why a file could not be loaded. */
  readonly broken: readonly string[];
}

/** What to run: the test of a switch with its measure taken out, or with the program as it is. */
export interface Request {
  readonly id: string;
  readonly whole: boolean;
}

/** Runs the test of a switch. Before and after, what it edits is forgotten by Vitest. */
async function weakened(vitest: Vitest, { id, whole }: Request): Promise<Outcome> {
  const one = SWITCHES.find((known) => known.id === id);
  if (one === undefined) throw new Error(`expected the id of a switch, got ${id}`);
  const forget = (): void => {
    for (const { file } of one.edits) vitest.invalidateFile(join(ROOT, file));
  };
  process.env["KOPLAMP_SWITCH"] = whole ? "" : id; // for vitest.config.ts, and for the programs that tests start
  if (!whole) forget(); // and not either where it is to be seen that it was
  vitest.setGlobalTestNamePattern(new RegExp(one.test.name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
  try {
    const { testModules } = await vitest.runTestSpecifications(
      await vitest.globTestSpecifications([join(ROOT, one.test.file)]),
    );
    // Vitest gives the files of earlier runs too.
    return outcomeOf(testModules.filter(({ moduleId }) => moduleId === join(ROOT, one.test.file)));
  } finally {
    forget();
  }
}

function outcomeOf(modules: readonly TestModule[]): Outcome {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const ran = tests.map((test) => test.result()).filter(({ state }) => state !== "skipped");
  return {
    ran: ran.length,
    failed: ran
      .filter(({ state }) => state === "failed")
      .map(({ errors }) => (errors ?? []).map(({ stack, message }) => stack ?? message).join("\n")),
    broken: modules.flatMap((module) => module.errors().map(({ message }) => message)),
  };
}

process.env["KOPLAMP_SWITCH"] = "";
const vitest = await createVitest({
  root: ROOT,
  config: join(import.meta.dirname, "vitest.config.ts"),
  watch: false,
  reporters: [{}],
  maxWorkers: 1,
});
await vitest.standalone();
process.on("message", async (request: Request) => {
  const outcome = await weakened(vitest, request);
  if (process.connected) process.send?.(outcome);
});
process.once("disconnect", () => void vitest.close());
process.send?.("ready");
