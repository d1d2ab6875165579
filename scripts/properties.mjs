// SPDX-License-Identifier: Apache-2.0
// @ts-check
/**
 * The tests of the protocols and their properties with a backend that nodes take, in the place of the toy group on which
 * they run otherwise: what is said of every answer, and of every message, holds on ristretto255 too.
 *
 *   npm run properties                        every backend: native, kernel and wasm, each in its turn
 *   npm run properties -- --backend kernel    that one
 */
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";

const BACKENDS = ["native", "kernel", "wasm"];
const TESTS = [
  "packages/crypto",
  "packages/psi",
  "packages/aggregate",
  "packages/engine",
  "test/simulation/oracle",
];
/** Curve arithmetic takes some hundred times as long as the toy's. */
const TIMEOUT_MS = 600_000;

const { values } = parseArgs({ options: { backend: { type: "string", default: "every" } } });
const backends = values.backend === "every" ? BACKENDS : [values.backend];
for (const backend of backends) {
  process.stdout.write(`backend ${backend}\n`);
  if ((await ended(backend)) !== 0) process.exitCode = 1;
}

/** @param {string} backend */
async function ended(backend) {
  const args = [
    "--no-install",
    "vitest",
    "run",
    "--project",
    "unit",
    `--test-timeout=${TIMEOUT_MS}`,
    ...TESTS,
  ];
  const env = { ...process.env, KOPLAMP_TEST_GROUP: backend };
  const child = spawn("npx", args, { stdio: "inherit", env });
  return await new Promise((resolve) => child.once("close", resolve));
}
