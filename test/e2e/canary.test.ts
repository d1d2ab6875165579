// SPDX-License-Identifier: Apache-2.0
// The relay is blind: of 10,000 planted identifiers, in twelve encodings, nothing is in what it received, opened,
// logged, stored or had in its memory. The same search finds what is there.
import { appendFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type Programs, type RunningFederation, readLab, startFederation } from "@koplamp/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { logOf, PROGRAMS } from "../../nodes/test/processes.ts";
import { type PlantedCountry, plantCountry } from "./country.ts";
import { elementNeedles } from "./elements.ts";
import { filesBelow, memoryIsReadable, memoryOf, openFilesOf } from "./haystack.ts";
import { leakOnce } from "./leaking-node.ts";
import { ENCODINGS, type Needle, needlesOf, type Planted } from "./needles.ts";
import { type Hay, type Hit, Scanner } from "./scan.ts";
import { askEverywhere, startTrial, type Trial } from "./trial.ts";

const SLOW = 400_000;
const MIB = 2 ** 20;
/** The step of a question at which the relay's memory is searched. */
const AMID = 3;
/** Findings that a failed test prints. */
const TOLD = 10;
const NOT_READABLE = "this machine does not let us read another process's memory";

let dir: string;
let country: PlantedCountry;
let planted: readonly Planted[];
let needles: readonly Needle[];
let scanner: Scanner;
let trial: Trial;
let statuses: ReadonlyMap<string, number | null>;
/** What was searched while the processes ran, and found there. */
const relayMemory: Found = { searches: 0, bytes: 0, hits: [] };
const nodeMemory: Found = { searches: 0, bytes: 0, hits: [] };
let relayFiles: readonly string[] | undefined;
let readable = false;

interface Found {
  searches: number;
  bytes: number;
  readonly hits: Hit[];
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "koplamp-canary-"));
  country = await plantCountry(join(dir, "country"));
  planted = country.registers.flatMap(({ identifiers }) => identifiers);
  const [query = ""] = country.questions;
  const lab = await readLab({ federation: country.federation, query });
  trial = await startTrial(lab, { programs: await recording("records"), registerSize: 4096 });
  const { coordinator, nodes } = trial.running;
  needles = [...needlesOf(planted), ...(await elements(trial))];
  scanner = new Scanner(needles);
  readable = await memoryIsReadable(coordinator.pid);
  await askEverything(trial.running);
  await searchMemory(coordinator.pid, relayMemory);
  await searchMemory(nodes.get("politie")?.pid ?? 0, nodeMemory);
  relayFiles = await openFilesOf(coordinator.pid);
  statuses = await trial.running.stop();
}, SLOW);

afterAll(async () => {
  await trial?.[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
}, SLOW);

/** The relay's own program, with what it receives and opens written down in a folder. */
async function recording(name: string): Promise<Programs> {
  await mkdir(join(dir, name));
  const recorder = new URL("./recorder.ts", import.meta.url);
  recorder.searchParams.set("to", join(dir, name));
  const [program, ...args] = PROGRAMS.coordinator;
  return { ...PROGRAMS, coordinator: [program, "--import", recorder.href, ...args] };
}

/** What the matching protocols make of every identifier, under the plans of the questions. */
async function elements({ running, folders }: Trial): Promise<readonly Needle[]> {
  const charter = join(folders.coordinator, "charter");
  const made: Needle[] = [];
  let first = 0;
  for (const { question: file, identifiers } of country.registers) {
    const [asker = ""] = folders.nodes.keys();
    const { plan } = await running.client(asker).explain({ file, text: await readFile(file, "utf8") });
    made.push(...(await elementNeedles(plan, charter, { identifiers, first })));
    first += identifiers.length;
  }
  return made;
}

/** Every question, one after the other. The relay's memory is searched in the middle of each. */
async function askEverything(running: RunningFederation): Promise<void> {
  for (const query of country.questions) {
    const { question } = await readLab({ federation: country.federation, query });
    let steps = 0;
    let amid: Promise<void> | undefined;
    const outcomes = await askEverywhere(running, question, query, () => {
      steps += 1;
      if (steps === AMID) amid = searchMemory(running.coordinator.pid, relayMemory);
    });
    await amid;
    for (const outcome of Object.values(outcomes)) expect(outcome).toMatchObject({ status: "released" });
  }
}

async function searchMemory(pid: number, found: Found): Promise<void> {
  if (!readable) return;
  const parts = await memoryOf(pid, scanner.overlap);
  found.searches += 1;
  found.bytes += bytesOf(parts);
  found.hits.push(...search(parts));
}

function search(parts: readonly Hay[]): readonly Hit[] {
  return parts.flatMap((part) => scanner.find(part));
}

function bytesOf(parts: readonly Hay[]): number {
  return parts.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

/** What was found, in words: the first of them, and no identifier. */
function told(hits: readonly Hit[]): readonly string[] {
  const first = hits
    .slice(0, TOLD)
    .map(({ needle, source, offset }) => `${needle.encoding} in ${source} at ${offset}`);
  return hits.length > TOLD ? [...first, `and ${hits.length - TOLD} more`] : first;
}

/** Identifiers of one register. */
function identifiersOf(dataset: string): readonly Planted[] {
  return country.registers.find((register) => register.dataset === dataset)?.identifiers ?? [];
}

test("10,000 identifiers of five kinds were planted, and each is searched for in twelve encodings", () => {
  expect(country.registers.length).toBe(5);
  for (const { identifiers } of country.registers) expect(identifiers.length).toBeGreaterThan(1000);
  expect(new Set(planted.map(({ canonical }) => canonical)).size).toBeGreaterThanOrEqual(10_000);
  expect(new Set(ENCODINGS.map(({ name }) => name)).size).toBe(12);
  const [one] = identifiersOf("cases");
  const own = needles.filter((needle) => planted[needle.planted] === one);
  expect(new Set(own.map(({ encoding }) => encoding)).size).toBe(12 + 1); // and the protocols' own
});

test("nothing is in what the relay received, in frames or in metadata", async () => {
  const parts = (await filesBelow(join(dir, "records"))).filter(
    ({ source }) => basename(source) !== "opened",
  );
  expect(parts.length).toBeGreaterThan(100);
  expect(bytesOf(parts)).toBeGreaterThan(2 * MIB);
  expect(told(search(parts))).toEqual([]);
  report("received", parts.length, "streams", bytesOf(parts));
});

test("nothing is in what the relay opened as a party of the protocols", async () => {
  const parts = (await filesBelow(join(dir, "records"))).filter(
    ({ source }) => basename(source) === "opened",
  );
  expect(bytesOf(parts)).toBeGreaterThan(MIB / 2);
  expect(told(search(parts))).toEqual([]);
  report("opened", parts.length, "file", bytesOf(parts));
});

test("nothing is in what the relay logged and stored, and it writes nowhere else", async () => {
  const { coordinator } = trial.folders;
  const parts = await filesBelow(coordinator);
  expect(parts.map(({ source }) => basename(source))).toContain("log.jsonl");
  expect((await logOf(coordinator)).length).toBeGreaterThan(10);
  expect(told(search(parts))).toEqual([]);
  const elsewhere = (relayFiles ?? []).filter((file) => !file.startsWith(join(dir, "records")));
  expect(elsewhere.filter((file) => !file.startsWith(coordinator))).toEqual([]);
  expect([...statuses.values()]).toEqual([0, 0, 0, 0]);
  report("stored", parts.length, "files", bytesOf(parts));
});

test("nothing is in the relay's memory, in the middle of each question and at the end", ({ skip }) => {
  skip(!readable, NOT_READABLE);
  expect(relayMemory.searches).toBe(country.questions.length + 1);
  expect(relayMemory.bytes / relayMemory.searches).toBeGreaterThan(50 * MIB);
  expect(told(relayMemory.hits)).toEqual([]);
  report("memory", relayMemory.searches, "times", relayMemory.bytes);
});

test("the same search of an agency's own memory finds its identifiers", ({ skip }) => {
  skip(!readable, NOT_READABLE);
  expect(new Set(nodeMemory.hits.map(({ needle }) => needle.planted)).size).toBeGreaterThan(1000);
});

test("the same search finds a leak of every kind in every encoding, among the relay's files", async () => {
  const copy = join(dir, "leaking");
  await cp(trial.folders.coordinator, copy, { recursive: true });
  const firsts = country.registers.flatMap(({ identifiers: [first] }) =>
    first === undefined ? [] : [first],
  );
  const leaks = needles.filter(({ planted: index }) => firsts.some((first) => first === planted[index]));
  for (const { bytes } of leaks) {
    await appendFile(
      join(copy, "log.jsonl"),
      Buffer.concat([Buffer.from('{"event":"'), bytes, Buffer.from('"}\n')]),
    );
  }
  const found = new Set(search(await filesBelow(copy)).map(({ needle }) => needle));
  expect(leaks.filter((leak) => !found.has(leak)).map(({ encoding }) => encoding)).toEqual([]);
  expect(new Set(leaks.map(({ encoding }) => encoding)).size).toBe(12 + 1);
});

test("base64 is found at every alignment, and a number in a longer one is not", async () => {
  const file = join(dir, "alignments");
  const [ship] = identifiersOf("ships");
  const hitsIn = async (text: string): Promise<number> => {
    await writeFile(file, text);
    return search([{ source: file, bytes: Buffer.from(text) }]).length;
  };
  for (const before of ["", " ", "  ", "   "]) {
    const plain = `${before}${ship?.canonical} end`;
    expect(await hitsIn(Buffer.from(plain).toString("base64"))).toBe(1);
    expect(await hitsIn(Buffer.from(`${before}1${ship?.canonical} end`).toString("base64"))).toBe(0);
    expect(await hitsIn(Buffer.from(`${before}${ship?.canonical}1 end`).toString("base64"))).toBe(0);
  }
  expect(await hitsIn(`"${ship?.canonical}"`)).toBe(1);
  expect(await hitsIn(`"1${ship?.canonical}"`)).toBe(0);
});

test("what lies across two parts of one source is found", () => {
  const [person] = identifiersOf("persons");
  const bytes = Buffer.from(`${" ".repeat(500)}"${person?.canonical}"${" ".repeat(500)}`);
  for (let cut = 490; cut < 520; cut += 1) {
    const carried = Math.min(cut, scanner.overlap);
    const parts = [
      { source: "memory", bytes: bytes.subarray(0, cut) },
      { source: "memory", bytes: bytes.subarray(cut - carried), carried },
    ];
    expect(new Set(search(parts).map(({ needle }) => needle)).size).toBe(1);
  }
});

test("the same search finds one plain frame, and one plain word in a sealed one", {
  timeout: SLOW,
}, async () => {
  const leak = identifiersOf("accounts")[0]?.canonical ?? "";
  const alone = { ...trial.folders, nodes: new Map() };
  const running = await startFederation(alone, await recording("sabotage"));
  try {
    await leakOnce(trial.folders, "politie", "douane", leak);
    await expect
      .poll(async () => sourcesOf(await filesBelow(join(dir, "sabotage"))))
      .toEqual(["opened", "received"]);
    const found: Found = { searches: 0, bytes: 0, hits: [] };
    await searchMemory(running.coordinator.pid, found);
    expect(found.hits.length > 0).toBe(readable);
  } finally {
    await running.stop();
  }
});

function sourcesOf(parts: readonly Hay[]): readonly string[] {
  const names = search(parts).map(({ source }) => basename(source).replace(/-\d+$/, ""));
  return [...new Set(names)].sort();
}

function report(what: string, count: number, unit: string, bytes: number): void {
  process.stdout.write(`canary: ${what} ${count} ${unit}, ${(bytes / MIB).toFixed(1)} MiB\n`);
}
