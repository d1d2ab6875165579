// @ts-check
/**
 * Builds the WebAssembly kernel of packages/pool from its AssemblyScript and checks the text of it against the rules of
 * constant time (scripts/constant-time.mjs).
 *
 *   node scripts/kernel.mjs             builds and writes it
 *   node scripts/kernel.mjs --check     exits 1 when the committed file is not what the sources give
 *   node scripts/kernel.mjs CHECKED X   one for tests, to X, that traps where a bound of a limb does not hold
 *   node scripts/kernel.mjs UNFUSED X   one that rounds as a machine does that does not fuse multiply and add
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { violations } from "./constant-time.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SOURCE = "packages/pool/kernel/index.ts";
const FILE = `${ROOT}packages/pool/kernel/kernel.wasm`;
const OPTIONS =
  "-O3 --noAssert --runtime stub --enable simd,relaxed-simd --initialMemory 64 --maximumMemory 192";
/** Functions whose inputs are public: weights and points of proofs, where messages end, and which elements are summed. */
const PUBLIC = ["kernel/msm/", "kernel/batch-hash/", "kernel/picks/"];

/** @param {readonly string[]} more @returns {Promise<{ wasm: Uint8Array, wat: string }>} */
async function build(more) {
  /** @type {Map<string, Uint8Array | string>} */
  const files = new Map();
  const { error, stderr } = await asc.main(
    [
      SOURCE,
      ...OPTIONS.split(" "),
      ...more,
      "--disableWarning",
      "112",
      "--disableWarning",
      "201",
      "--outFile",
      "kernel.wasm",
      "--textFile",
      "kernel.wat",
    ],
    {
      readFile: (name) => readOrNull(`${ROOT}${name}`),
      writeFile: (name, content) => void files.set(name, content),
      listFiles: () => [],
    },
  );
  const [wasm, wat] = [files.get("kernel.wasm"), files.get("kernel.wat")];
  if (error !== null || !(wasm instanceof Uint8Array) || typeof wat !== "string") {
    throw new Error(`${error?.message ?? "no output"}\n${stderr.toString()}`);
  }
  return { wasm, wat };
}

/** @param {string} path */
function readOrNull(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null; // how the compiler asks whether a file is there
  }
}

/** @param {string} message @param {string} hint */
function fail(message, hint) {
  process.stderr.write(`error: ${message}\nhint: ${hint}\n`);
  process.exitCode = 1;
}

async function main() {
  const [, , mode = "", to] = process.argv;
  if (to !== undefined) {
    writeFileSync(to, (await build(["--use", `${mode}=1`])).wasm);
    return;
  }
  const { wasm, wat } = await build([]);
  const found = violations(wat, PUBLIC);
  if (found.length > 0) {
    fail(`the kernel breaks the rules of constant time:\n  ${found.join("\n  ")}`, "see docs/adr/0012");
  } else if (mode !== "--check") {
    writeFileSync(FILE, wasm);
  } else if (Buffer.compare(readFileSync(FILE), wasm) !== 0) {
    fail("packages/pool/kernel/kernel.wasm is not what its sources give", "npm run kernel");
  }
}

await main();
