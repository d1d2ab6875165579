// @ts-check
/**
 * Runs the acceptance scenarios that this version answers, through `koplamp lab run`, and compares each answer with
 * the known one. The scenarios and their data stand beside the project, in ../shared; without them nothing is run.
 *
 *   npm run accept              the names in test/acceptance.txt, but for those marked `nightly`
 *   ACCEPT=all npm run accept   those too
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

const CHECK = "../shared/acceptance/check.mjs";

if (existsSync(CHECK)) {
  const all = process.env.ACCEPT === "all";
  const lines = readFileSync("test/acceptance.txt", "utf8").split("\n");
  const named = lines.map((line) => line.split("#")[0].trim().split(/\s+/)).filter(([name]) => name !== "");
  const names = named.filter(([, mark]) => all || mark !== "nightly").map(([name]) => name);
  const left = named.length - names.length;
  if (left > 0) process.stdout.write(`left out: ${left} marked nightly (ACCEPT=all runs them)\n`);
  const { status } = spawnSync(process.execPath, [CHECK, "--only", names.join(",")], { stdio: "inherit" });
  process.exitCode = status ?? 1;
} else {
  process.stdout.write("skipped: no ../shared beside the project\n");
}
