// SPDX-License-Identifier: Apache-2.0
// Deconfliction between real processes, from the command line: two desks that look at the same hear of it, a third agency
// and the relay do not. A second federation asks the same as often and has nothing in its registers: it is the measure.
import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { nodePrimitives } from "@koplamp/pool";
import { type AuditedAct, type RunningFederation, startFederation } from "@koplamp/sdk";
import { openStore, readKeys } from "@koplamp/store";
import { concat, fromUtf8, utf8 } from "@koplamp/wire";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { main } from "../../packages/cli/src/index.ts";
import { type Country, foundCountry, logOf, PROGRAMS, type Ran, runNode, startCountry } from "./processes.ts";

const SLOW = 300_000;
const [ASKER, OTHER, THIRD] = ["politie", "belastingdienst", "douane"] as const;
const DESKS = [ASKER, OTHER];
const RUNS = 4;

const QUESTION = `koplamp: query/v1
id: crossed
class: E
purpose: lab
legalBasis: ["covenant art. 3"]
indication: desks have crossed each other unknowingly
necessity: neither can ask without telling
intendedEffect: { text: nobody is in the way of another, measure: meetings a month }
ask: { kind: deconflict, asker: ${ASKER}, with: ${OTHER} }
recipients: [${OTHER}, ${ASKER}]
expires: 2099-12-31
`;

/** A federation at work, and what came of each run of the question. */
interface World {
  readonly country: Country;
  readonly running: RunningFederation;
  /** What the relay received, a file a call; see the recorder. */
  readonly records: string;
  readonly runs: Run[];
}

interface Run {
  readonly planHash: string;
  readonly said: Ran;
  /** How many calls the relay had had when it was over. */
  readonly calls: number;
}

let busy: World;
let quiet: World;
beforeAll(async () => {
  quiet = await founded();
  await addAtThird(quiet);
  for (let number = 0; number < RUNS; number += 1) await ask(quiet);
  await quiet.running.stop();
  busy = await founded();
}, SLOW);

afterAll(async () => {
  for (const world of [quiet, busy]) {
    await world?.running.stop();
    await world?.country.remove();
  }
}, SLOW);

/** Two desks with people of their own, a third agency, and a relay that writes down what it receives. */
async function founded(): Promise<World> {
  const country = await foundCountry(3, "trial-2026", DESKS);
  const records = join(country.dir, "records");
  await mkdir(records);
  await writeFile(join(country.dir, "crossed.yaml"), QUESTION);
  const recorder = new URL("../../test/e2e/recorder.ts", import.meta.url);
  recorder.searchParams.set("to", records);
  const [program, ...args] = PROGRAMS.coordinator;
  const coordinator = [program, "--import", recorder.href, ...args] as const;
  const running = await startFederation(country.folders, { ...PROGRAMS, coordinator });
  return { country, running, records, runs: [] };
}

const nodeOf = ({ country }: World, party: string): string => country.folders.nodes.get(party) ?? "";
const keyOf = ({ country }: World, party: string, role: string): string =>
  join(country.folders.people.get(party) ?? "", `${role}.key`);

/** A command at the desk of an agency. */
async function at(world: World, party: string, ...args: readonly string[]): Promise<Ran> {
  const [stdout, stderr]: [string[], string[]] = [[], []];
  const exit = await main([...args, "--node", nodeOf(world, party)], {
    stdout: { write: (text) => stdout.push(text) },
    stderr: { write: (text) => stderr.push(text) },
    env: {},
    cwd: world.country.dir,
    onInterrupt: () => () => {},
  });
  return { stdout: stdout.join(""), stderr: stderr.join(""), exit };
}

/** Asks the question, with the approval of two people at both desks, until it has ended at both. */
async function ask(world: World): Promise<Run> {
  const key = ["--key", keyOf(world, ASKER, "analyst"), "--yes"];
  const asked = at(world, ASKER, "query", "run", "crossed.yaml", ...key);
  const [planHash = ""] = await Promise.all(DESKS.map((party) => approved(world, party)));
  const said = await asked;
  expect(said).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^released to politie: /m) });
  expect(await world.running.client(OTHER).outcomeOf(planHash)).toMatchObject({ status: "released" });
  const run = { planHash, said, calls: (await headersOf(world)).length };
  world.runs.push(run);
  return run;
}

/** Both people of a desk approve what waits there. Gives its plan. */
async function approved(world: World, party: string): Promise<string> {
  for (const end = Date.now() + 30_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const items = await world.running.client(party).inbox();
    const waiting = items.find(({ state }) => state === "waiting");
    if (waiting === undefined && Date.now() > end) expect.fail(`nothing waits at ${party}`);
    if (waiting === undefined) continue;
    const { planHash } = waiting;
    for (const role of ["lawful", "ethical"]) {
      const by = ["--role", role, "--key", keyOf(world, party, role), "--consider", "why=a test"];
      expect(await at(world, party, "approve", planHash, ...by)).toMatchObject({ exit: 0 });
    }
    return planHash;
  }
}

/** Puts in what a desk looks at, signed by its analyst. Gives its name. */
async function add(world: World, party: string, ...what: readonly string[]): Promise<string> {
  const mine = ["--case", `${party}-114`, "--desk", `${party}-desk`, "--by", "officer", "--json"];
  const key = ["--key", keyOf(world, party, "analyst")];
  const { exit, stdout, stderr } = await at(world, party, "interest", "add", ...what, ...mine, ...key);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
  return (JSON.parse(stdout) as { readonly id: string }).id;
}

/** The third agency, whose node signs for its analyst, looks at the vessel too. */
async function addAtThird(world: World): Promise<void> {
  const mine = ["--case", "114", "--desk", "desk", "--by", "officer"];
  expect(await at(world, THIRD, "interest", "add", ...VESSEL, ...mine)).toMatchObject({ exit: 0 });
}

async function withdraw(world: World, party: string, id: string, role: string): Promise<void> {
  const key = ["--key", keyOf(world, party, role), "--by", role];
  expect(await at(world, party, "interest", "withdraw", id.slice(0, 8), ...key)).toMatchObject({ exit: 0 });
}

const VESSEL = ["vessel", "9187629", "--expires", "2099-01-01"];
/** Two circles that overlap, and that both last from 11:30 to 12:00. */
const PLACES = [
  ["--near", "52.0907,5.1214,200", "--from", "2098-01-05T10:00:00Z", "--to", "2098-01-05T12:00:00Z"],
  ["--near", "52.0926,5.1230,200", "--from", "2098-01-05T11:30:00Z", "--to", "2098-01-05T14:00:00Z"],
] as const;

/** What somebody at a desk reads of a run: its answer again, in the words of the own register. */
async function resultAt(world: World, party: string, { planHash }: Run): Promise<readonly string[]> {
  const { exit, stdout } = await at(world, party, "result", planHash);
  expect(exit).toBe(0);
  return stdout.trimEnd().split("\n");
}

const register = async (party: string): Promise<string> => (await at(busy, party, "interest", "list")).stdout;

describe("two desks that look at the same vessel and place", () => {
  test(
    "hear of it by their own names, until one withdraws; the third, which looks at the vessel too, does not",
    async () => {
      const [vessel, place] = [await add(busy, ASKER, ...VESSEL), await add(busy, ASKER, ...PLACES[0])];
      await addAtThird(busy);
      const alone = await ask(busy);
      for (const party of DESKS)
        expect(await resultAt(busy, party, alone)).toEqual([`released to ${party}: no hit`]);

      await add(busy, OTHER, ...VESSEL);
      const theirs = await add(busy, OTHER, ...PLACES[1]);
      const both = await ask(busy);
      for (const [party, other] of [DESKS, DESKS.toReversed()]) {
        const lines = await resultAt(busy, party ?? "", both);
        const row = (kind: string): unknown =>
          expect.stringMatching(
            new RegExp(`^ +${kind} +${party}-114 +${party}-desk +contact each other: ${other} +hit$`),
          );
        expect(lines.toSorted()).toEqual([
          row("place"),
          row("vessel"),
          `released to ${party}: 2 answers, 2 hits`,
        ]);
        const met = new RegExp(`^\\w{8} +(?:vessel|place) +${party}-114 .* ${other} \\(20`, "gm");
        expect((await register(party ?? "")).match(met)).toHaveLength(2);
      }
      expect(both.said.stdout).toContain(`contact each other: ${OTHER}`);

      await withdraw(busy, ASKER, vessel, "analyst");
      const half = await ask(busy);
      for (const party of DESKS) expect((await resultAt(busy, party, half)).join()).toMatch(/1 hit,.*place/);
      await withdraw(busy, OTHER, theirs, "officer");
      const none = await ask(busy);
      for (const party of DESKS)
        expect(await resultAt(busy, party, none)).toEqual([`released to ${party}: no hit`]);
      expect(await register(ASKER)).toMatch(new RegExp(`^${place.slice(0, 8)} .* ${OTHER} `, "m"));
    },
    SLOW,
  );

  test("can prove it at home: every act of theirs is signed and stands in the own ledger", async () => {
    const acts = async (party: string): Promise<readonly string[]> => {
      const { exit, stdout } = await at(busy, party, "interest", "audit", "--json");
      expect(exit).toBe(0);
      const { acts: all } = JSON.parse(stdout) as { readonly acts: readonly AuditedAct[] };
      return all.map(
        ({ kind, act, by, party: with_, onRecord }) => `${kind} ${act} ${by ?? with_} ${onRecord}`,
      );
    };
    expect((await acts(ASKER)).toSorted()).toEqual([
      `presence add ${ASKER}-p1 holds`,
      `presence meet ${OTHER} holds`,
      `vessel add ${ASKER}-p1 holds`,
      `vessel meet ${OTHER} holds`,
      `vessel withdraw ${ASKER}-p1 holds`,
    ]);
    expect((await acts(OTHER)).toSorted()).toEqual([
      `presence add ${OTHER}-p1 holds`,
      `presence meet ${ASKER} holds`,
      `presence withdraw ${OTHER}-p4 holds`,
      `vessel add ${OTHER}-p1 holds`,
      `vessel meet ${ASKER} holds`,
    ]);
  });
});

describe("of four runs with news, hits and withdrawals, beside four about nothing,", () => {
  beforeAll(async () => void (await busy.running.stop()), SLOW);

  test("a third agency has the same in its state, at its desk and in its log", async () => {
    const [seen, measure] = [stateOf(busy, THIRD), stateOf(quiet, THIRD)];
    expect(seen).toEqual(measure);
    expect(seen["leaves"]).toEqual([]);
    expect(seen["sealed"]).toEqual([expect.stringMatching(/^interest\/\* \d+$/)]); // its own, which met nobody
    expect(await eventsOf(nodeOf(busy, THIRD))).toEqual(await eventsOf(nodeOf(quiet, THIRD)));
  });

  test("the relay was sent as many frames of the same sizes in each run, and logs the same", async () => {
    const [seen, measure] = [await framesOf(busy), await framesOf(quiet)];
    for (const run of measure) expect(run.length).toBeGreaterThan(20);
    expect(seen).toEqual(measure);
    const log = await eventsOf(busy.country.folders.coordinator);
    expect(log).toEqual(await eventsOf(quiet.country.folders.coordinator));
    expect(log.join()).not.toMatch(/interest|met/);
  });

  test("the ledgers of both desks, which the others witness, grew by entries of the same kinds and sizes", () => {
    for (const party of DESKS) {
      const [grown, measure] = [stateOf(busy, party)["leaves"], stateOf(quiet, party)["leaves"]];
      expect(measure?.filter((entry) => entry.startsWith("register "))).toHaveLength(2 * RUNS);
      expect(grown).toEqual(measure);
    }
  });
});

describe("when the state of a desk was changed behind its node's back", () => {
  test(
    "its audit tells which act does not hold, with exit code 5; that of the other desk holds",
    async () => {
      rewriteRegister(busy, ASKER, (text) => text.replaceAll("114", "999")); // its own case
      const again = await startCountry(busy.country);
      try {
        const { exit, stdout } = await at(busy, ASKER, "interest", "audit");
        expect(exit).toBe(5);
        expect(stdout).toMatch(/ vessel +added .* DOES NOT HOLD$/m);
        expect(await at(busy, OTHER, "interest", "audit")).toMatchObject({ exit: 0 });
      } finally {
        await again.stop();
      }
    },
    SLOW,
  );

  test("its node does not start where an entry of the ledger is another", async () => {
    const database = new DatabaseSync(fileOf(busy, OTHER));
    database.exec(`UPDATE leaves SET bytes = CAST(replace(bytes, '"register"', '"registry"') AS BLOB)`);
    database.close();
    expect(await runNode("start", "--config", join(nodeOf(busy, OTHER), "node.yaml"))).toMatchObject({
      exit: 1,
      stderr: expect.stringMatching(/^error: the state is damaged: an entry is not what was written\nhint: /),
    });
  });
});

/** Writes every interest of a register anew, under the key of the node itself: what its operator could do. */
function rewriteRegister(world: World, party: string, change: (text: string) => string): void {
  const { storage } = readKeys(join(nodeOf(world, party), "keys"));
  const { aesGcmOpen, aesGcmSeal, hkdfExtract, hkdfExpand } = nodePrimitives();
  const store = openStore(fileOf(world, party));
  try {
    for (const name of store.sealedNames("interest/")) {
      const key = hkdfExpand(hkdfExtract(utf8(name), storage), utf8("koplamp.at-rest/v1"), 32);
      const [kept, nonce] = [store.sealed(name) ?? new Uint8Array(), new Uint8Array(randomBytes(12))];
      const opened = aesGcmOpen(key, kept.subarray(0, 12), utf8(name), kept.subarray(12));
      if (opened === undefined) throw new Error("expected an interest under the key of the node");
      store.putSealed(
        name,
        concat(nonce, aesGcmSeal(key, nonce, utf8(name), utf8(change(fromUtf8(opened))))),
      );
    }
  } finally {
    store.close();
  }
}

/** What a party keeps, a line each: what it is and how long, without what is random. */
function stateOf(world: World, party: string): Readonly<Record<string, readonly string[]>> {
  const database = new DatabaseSync(fileOf(world, party), { readOnly: true });
  const lines = (sql: string): readonly string[] =>
    database
      .prepare(sql)
      .all()
      .map((row) => String(row["line"]).replaceAll(/[0-9a-f]{16,}/g, "*"))
      .sort();
  try {
    return {
      leaves: lines("SELECT json_extract(bytes, '$.type') || ' ' || length(bytes) AS line FROM leaves"),
      sealed: lines("SELECT name || ' ' || length(bytes) AS line FROM sealed"),
      documents: lines("SELECT length(bytes) AS line FROM documents"),
      seen: lines("SELECT origin || ' ' || size AS line FROM seen"),
    };
  } finally {
    database.close();
  }
}

const fileOf = (world: World, party: string): string => join(nodeOf(world, party), "state", "node.db");

/** The events of a log, without its times, its places and the names of sessions. */
async function eventsOf(dir: string): Promise<readonly string[]> {
  const lines = await logOf(dir);
  return lines
    .map(({ time: _time, address: _address, session: _session, plan: _plan, ...event }) =>
      JSON.stringify(event),
    )
    .sort();
}

/** The calls that the relay had, in order. */
async function headersOf({ records }: World): Promise<readonly string[]> {
  const text = await readFile(join(records, "headers"), "utf8");
  return text.trimEnd().split("\n");
}

/**
 * The frames of sessions that the relay was sent in each run, by their sizes. How many frames a call takes along, and how
 * often somebody asks whether there are any, is a matter of time alone.
 */
async function framesOf(world: World): Promise<readonly (readonly number[])[]> {
  const paths = (await headersOf(world)).map((line) => (JSON.parse(line) as Headers)[":path"]);
  const frames = await Promise.all(
    paths.map(async (path, call) =>
      path.endsWith("/Push") ? messagesIn(await readFile(join(world.records, `received-${call + 1}`))) : [],
    ),
  );
  return world.runs.map(({ calls }, run) =>
    frames
      .slice(world.runs[run - 1]?.calls ?? 0, calls)
      .flat()
      .sort((a, b) => a - b),
  );
}

/** The lengths of the messages of a gRPC stream: each stands behind a flag and its length in 4 bytes. */
function messagesIn(stream: Buffer): readonly number[] {
  const lengths: number[] = [];
  for (let at = 0; at < stream.length; ) {
    const length = stream.readUInt32BE(at + 1);
    lengths.push(length);
    at += 5 + length;
  }
  return lengths;
}

interface Headers {
  readonly ":path": string;
}
