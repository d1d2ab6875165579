// @ts-check
/**
 * Runs the acceptance scenarios that this version answers, through `koplamp lab run`, and compares each answer with
 * the known one. The scenarios and their data stand beside the project, in ../shared; without them nothing is run.
 *
 *   npm run accept              the names in test/acceptance.txt, but for those marked `nightly`
 *   ACCEPT=all npm run accept   those too
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";

const CHECK = "../shared/acceptance/check.mjs";

if (existsSync(CHECK)) {
  const nightly = process.env.ACCEPT === "all";
  const lines = readFileSync("test/acceptance.txt", "utf8").split("\n");
  const named = lines.map((line) => line.split("#")[0].trim().split(/\s+/)).filter(([name]) => name !== "");
  const names = named.filter(([, mark]) => nightly || mark !== "nightly").map(([name]) => name);
  const left = named.length - names.length;
  if (left > 0) process.stdout.write(`left out: ${left} marked nightly (ACCEPT=all runs them)\n`);
  const args = [realpathSync(CHECK), "--only", names.join(",")];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    said += text;
    process.stdout.write(text);
  });
  const status = await new Promise((resolve) => child.once("close", resolve));
  const all = said.includes(`${names.length} passed, 0 failed`); // a check that ran nothing has passed nothing
  if (status === 0 && !all)
    process.stdout.write(`expected ${names.length} scenarios to pass, got another end\n`);
  process.exitCode = all ? (status ?? 1) : 1;
} else {
  process.stdout.write("skipped: no ../shared beside the project\n");
}
