// @ts-check
/**
 * Runs the acceptance scenarios, through `koplamp lab run`, and compares each answer with
 * the known one. The scenarios and their data stand beside the project, in ../shared; without them nothing is run.
 *
 *   npm run accept                     the names in test/acceptance.txt, but for those marked `nightly`
 *   ACCEPT=all npm run accept          those too
 *   npm run accept -- --backend wasm   with that backend and no other: native, kernel or wasm; `every` for each of them
 */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const FOLDER = "../shared/acceptance";
const CHECK = `${FOLDER}/check.mjs`;
const BACKENDS = ["native", "kernel", "wasm"];
const OWN = fileURLToPath(import.meta.url);

// The check gives its own words to the command that it runs: they come back here, and the backend goes behind them.
if (process.argv[2] === "--with") {
  const [backend = "", ...words] = process.argv.slice(3);
  await ended(["npx", "--no-install", "koplamp", ...words, "--backend", backend], "inherit");
} else if (existsSync(CHECK)) {
  const { values } = parseArgs({ options: { backend: { type: "string" } } });
  const backends = values.backend === "every" ? BACKENDS : [values.backend];
  for (const backend of backends) await accepted(backend);
} else {
  process.stdout.write("skipped: no ../shared beside the project\n");
}

/** @param {string | undefined} backend */
async function accepted(backend) {
  if (backend !== undefined) process.stdout.write(`backend ${backend}\n`);
  const nightly = process.env.ACCEPT === "all";
  const lines = readFileSync("test/acceptance.txt", "utf8").split("\n");
  const named = lines.map((line) => line.split("#")[0].trim().split(/\s+/)).filter(([name]) => name !== "");
  const names = named.filter(([, mark]) => nightly || mark !== "nightly").map(([name]) => name);
  const left = named.length - names.length;
  if (left > 0) process.stdout.write(`left out: ${left} marked nightly (ACCEPT=all runs them)\n`);
  const folders = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const unnamed = folders.map(({ name }) => name).filter((name) => !named.some(([known]) => known === name));
  if (unnamed.length > 0) process.stdout.write(`not in test/acceptance.txt: ${unnamed.join(", ")}\n`);
  const command = backend === undefined ? [] : ["--cli", `"${process.execPath}" "${OWN}" --with ${backend}`];
  const args = [realpathSync(CHECK), "--only", names.join(","), ...command];
  const { status, said } = await ended([process.execPath, ...args], "pipe");
  const all = said.includes(`${names.length} passed, 0 failed`); // a check that ran nothing has passed nothing
  if (status === 0 && !all)
    process.stdout.write(`expected ${names.length} scenarios to pass, got another end\n`);
  if (!all || unnamed.length > 0) process.exitCode = status || 1;
}

/** @param {readonly string[]} command @param {"inherit" | "pipe"} out */
async function ended([program = "", ...args], out) {
  const child = spawn(program, args, { stdio: ["ignore", out, "inherit"] });
  let said = "";
  child.stdout?.setEncoding("utf8").on("data", (text) => {
    said += text;
    process.stdout.write(text);
  });
  const status = await new Promise((resolve) => child.once("close", resolve));
  if (out === "inherit") process.exitCode = status ?? 1;
  return { status, said };
}
