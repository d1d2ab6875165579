// @ts-check
/**
 * Runs the acceptance scenarios, through `koplamp lab run`, and compares each answer with
 * the known one. The scenarios and their data stand beside the project, in ../shared; without them nothing is run.
 *
 *   npm run accept              the names in test/acceptance.txt, but for those marked `nightly`
 *   ACCEPT=all npm run accept   those too
 */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";

const FOLDER = "../shared/acceptance";
const CHECK = `${FOLDER}/check.mjs`;

if (existsSync(CHECK)) {
  const nightly = process.env.ACCEPT === "all";
  const lines = readFileSync("test/acceptance.txt", "utf8").split("\n");
  const named = lines.map((line) => line.split("#")[0].trim().split(/\s+/)).filter(([name]) => name !== "");
  const names = named.filter(([, mark]) => nightly || mark !== "nightly").map(([name]) => name);
  const left = named.length - names.length;
  if (left > 0) process.stdout.write(`left out: ${left} marked nightly (ACCEPT=all runs them)\n`);
  const folders = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const unnamed = folders.map(({ name }) => name).filter((name) => !named.some(([known]) => known === name));
  if (unnamed.length > 0) process.stdout.write(`not in test/acceptance.txt: ${unnamed.join(", ")}\n`);
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
  process.exitCode = all && unnamed.length === 0 ? (status ?? 1) : 1;
} else {
  process.stdout.write("skipped: no ../shared beside the project\n");
}
