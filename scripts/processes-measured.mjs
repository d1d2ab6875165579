// SPDX-License-Identifier: Apache-2.0
// @ts-check
// What benchmarks between real processes share: how these are started, and what they spend.
import { execFile } from "node:child_process";
import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { foundFolders, startFederation, trialTerms } from "../packages/sdk/src/index.ts";

const run = promisify(execFile);

const TICKS = 100; // of /proc/*/stat, a second

/** CPU-ms of each process since it began. @param {ReadonlyMap<string, number>} pids */
export async function cpuOf(pids) {
  const spent = new Map();
  for (const [name, pid] of pids) {
    const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /s, "").split(" ");
    spent.set(name, ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS);
  }
  return spent;
}

/** The most memory that a process ever had, in MiB. @param {number} pid */
export async function peakOf(pid) {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) / 1024;
}

/** What nodes are told to take, by the name of a benchmark's flag: that backend or none. */
const BACKENDS = new Map(
  /** @type {const} */ ([
    ["portable", "kernel"],
    ["native", "native"],
  ]),
);

/** What a node's own words call them. */
const GROUPS = new Map([
  ["kernel", "kernel"],
  ["native", "sodium-native"],
]);

/** The backends of a flag. @param {string} flag @returns {("portable" | "native")[]} */
export function backendsOf(flag) {
  const all = [...BACKENDS.keys()];
  const chosen = all.filter((name) => flag === "both" || flag === name);
  if (chosen.length > 0) return chosen;
  throw new Error(`expected ${all.join(", ")} or both for --backend, got "${flag}"`);
}

/**
 * A federation as processes of its own, for a trial: nodes that take one backend or do not work at all.
 * @param {{ dir: string, id: string, parties: import("../packages/query/src/index.ts").FederationParty[],
 *   backend: "portable" | "native", workers?: number, registerSize?: number }} request
 */
export async function startedWith({ dir, id, parties, backend, workers = 1, registerSize = 2 ** 20 }) {
  const kind = BACKENDS.get(backend) ?? "auto";
  const folders = await foundFolders({
    dir: join(dir, "federation"),
    federation: { id, covenant: "default", parties },
    covenant: `trial/${id}`,
    terms: trialTerms(parties, ["lab"], registerSize),
    workers,
    backend: kind,
  });
  const running = await startFederation(folders, { node: NODE, coordinator: RELAY });
  const pids = new Map([
    ["relay", running.coordinator.pid],
    ...[...running.nodes].map(([party, { pid }]) => /** @type {const} */ ([party, pid])),
  ]);
  return { running, folders, pids, serves: () => expectBackend(kind, folders.nodes, pids) };
}

const path = (/** @type {string} */ file) => fileURLToPath(new URL(`../${file}`, import.meta.url));
const program = (/** @type {string} */ file) =>
  /** @type {[string, ...string[]]} */ ([process.execPath, "--conditions=source", path(file)]);
const NODE = program("nodes/src/main.ts");
const RELAY = program("coordinator/src/main.ts");

/**
 * What multiplies points at every node, once each has answered a question: by its own doctor, and by the system's library,
 * which is in its memory or is not. @throws {Error} when it is another than was asked for.
 * @param {string} kind @param {ReadonlyMap<string, string>} dirs @param {ReadonlyMap<string, number>} pids
 */
async function expectBackend(kind, dirs, pids) {
  for (const [party, dir] of dirs) {
    const [command, ...first] = NODE;
    const args = [...first, "doctor", "--json", "--config", join(dir, "node.yaml")];
    const { stdout } = await run(command, args, { cwd: dir });
    const found = JSON.parse(stdout).findings.find((/** @type {any} */ one) => one.check === "group")?.found;
    const mapped = /libsodium\.so/.test(await readFile(`/proc/${pids.get(party)}/maps`, "utf8"));
    if (found === `${GROUPS.get(kind)} multiplies points` && mapped === (kind === "native")) continue;
    const has = mapped ? "has the system's libsodium loaded" : "has no libsodium of the system loaded";
    throw new Error(`expected ${kind} at ${party}, whose doctor says "${found}", and whose process ${has}`);
  }
}

/** The text of a question. @param {{ id: string, type: "B" | "E" | "F", ask: string, recipient: string }} question */
export function questionText({ id, type, ask, recipient }) {
  return `koplamp: query/v1
id: ${id}
class: ${type}
purpose: lab
legalBasis: [none]
indication: made up
necessity: made up
intendedEffect: { text: a figure, measure: it is written down }
ask: ${ask}
recipients: [${recipient}]
release: { minCount: 1, minContributors: 1 }
expires: "2099-12-31"
`;
}

/** A whole number from a flag. @param {string} flag @param {string | undefined} text @param {number} least */
export function wholeOf(flag, text, least) {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new Error(`expected a whole number of at least ${least} for --${flag}, got "${text}"`);
}

// Whoever read the first lines and went away ends no measurement half-way, with processes and a folder left.
process.stdout.on("error", (/** @type {NodeJS.ErrnoException} */ error) => {
  if (error.code !== "EPIPE") throw error;
});

/** @param {readonly string[]} lines */
export function print(...lines) {
  for (const line of lines) process.stdout.write(`${line}\n`);
}

/** A CSV file with one column. @param {string} file @param {number} count @param {(row: number) => string} nameOf */
export async function writeColumn(file, count, nameOf) {
  const out = createWriteStream(file);
  out.write("name\n");
  for (let row = 0; row < count; row += 1) {
    if (!out.write(`${nameOf(row)}\n`))
      await new Promise((resolve) => out.once("drain", () => resolve(undefined)));
  }
  await new Promise((resolve) => out.end(() => resolve(undefined)));
}
