// SPDX-License-Identifier: Apache-2.0
// After the term: fifty questions, and nothing of any of them on the disk of any node. What was proven stays so.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readBundle } from "@koplamp/ledger";
import { openStore } from "@koplamp/store";
import { addPeriod, type Entry } from "@koplamp/wire";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agreed, type Made, made, verified } from "../../ledger/test/bundles.ts";
import { eraseInTime, eraseQuestions } from "../src/erasure.ts";
import { type NodePorts, openLedger } from "../src/index.ts";
import { changedLedger, countOf, type Federation, matchOf, primitives } from "./federation.ts";

const QUESTIONS = 50;
const PARTIES = ["anna", "bert"];
const LISTS = {
  anna: ["canary-anna-1", "canary-shared", "y"],
  bert: ["canary-bert-1", "canary-shared", "z"],
};
const DAY_MS = 86_400_000;

let folder = "";
let federation: Federation;
const nodes = new Map<string, NodePorts>();
const asked: Made[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "koplamp-erasure-"));
  federation = agreed(LISTS, { ports: onDisk });
  for (let at = 0; at < QUESTIONS; at += 1) {
    const asker = PARTIES[at % 2] ?? "anna";
    const id = `needle-${at}-of-the-plan`;
    const question = at % 4 < 2 ? matchOf(PARTIES, [asker], { id }) : countOf(PARTIES, [asker], { id });
    asked.push(await made(federation, asker, question));
  }
}, 120_000);

afterAll(async () => {
  await federation.close();
  for (const { store } of nodes.values()) store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The same node over a file. */
function onDisk(ports: NodePorts): NodePorts {
  const { me, membership, post, keys, clock, log } = ports;
  const store = openStore(join(folder, `${me}.sqlite`));
  const origin = `${membership.covenant.id}/${me}`;
  const ledger = openLedger({ me, origin, store, post, membership, keys, primitives, clock, log });
  const changed = { ...ports, store, ledger };
  nodes.set(me, changed);
  return changed;
}

/** Everything that one party has on disk: the file, and what SQLite writes beside it. */
function diskOf(party: string): Buffer {
  const files = readdirSync(folder).filter((name) => name.startsWith(`${party}.sqlite`));
  return Buffer.concat(files.map((name) => readFileSync(join(folder, name))));
}

/** What a disk must not hold after the term: texts, salts, and what was sealed for the questions. */
function needlesAt({ store }: NodePorts): readonly Buffer[] {
  const documents = asked.flatMap(({ bundle }) =>
    bundle.documents.filter(({ type }) => ["plan/v1", "approval/v1", "contract/v1"].includes(type)),
  );
  const salts = documents.flatMap(
    ({ bytes }) => /"salt":"([^"]+)"/.exec(Buffer.from(bytes).toString())?.[1] ?? [],
  );
  const ids = asked.map((_, at) => `needle-${at}-of-the-plan`);
  const names = ["kept/", "cache/", "outcome/"].flatMap((prefix) => store.sealedNames(prefix));
  const sealed = names.flatMap((name) => store.sealed(name) ?? []);
  return [
    ...[...ids, ...salts, ...names].map((text) => Buffer.from(text)),
    ...documents.map(({ bytes }) => Buffer.from(bytes).subarray(0, 64)),
    ...sealed.map((bytes) => Buffer.from(bytes).subarray(0, 24)),
  ];
}

const found = (disk: Buffer, needles: readonly Buffer[]): number =>
  needles.filter((needle) => disk.includes(needle)).length;

describe("retention", () => {
  it("leaves everything until the term is over, and nothing after it", async () => {
    const needles = new Map(PARTIES.map((party) => [party, needlesAt(port(party))]));
    for (const party of PARTIES) {
      const all = needles.get(party) ?? [];
      expect(all.length).toBeGreaterThan(QUESTIONS * 10);
      expect(found(diskOf(party), all)).toBe(all.length); // the search finds what is there
      expect(eraseQuestions(port(party))).toEqual([]);
    }
    federation.clock.ahead += 31 * DAY_MS; // the agreement says 30 days for answers
    for (const party of PARTIES) {
      const { store } = port(party);
      expect(store.sealedNames("outcome/").length).toBe(QUESTIONS);
      expect(eraseQuestions(port(party)).length).toBe(QUESTIONS);
      expect(store.sealedNames("outcome/")).toEqual([]);
      expect(found(diskOf(party), needles.get(party)?.slice(0, 1) ?? [])).toBe(1); // and 90 for the rest
    }
    federation.clock.ahead += 60 * DAY_MS;
    for (const party of PARTIES) {
      expect(eraseQuestions(port(party)).length).toBe(QUESTIONS);
      expect(eraseQuestions(port(party))).toEqual([]);
      const disk = diskOf(party);
      expect(found(disk, needles.get(party) ?? []), party).toBe(0);
      expect(disk.includes("canary-")).toBe(false);
      expect(disk.includes("needle-")).toBe(false);
    }
  }, 60_000);

  it("is on record in every ledger, and a bundle with these entries proves it", async () => {
    const [one] = asked;
    if (one === undefined) throw new Error("expected a bundle");
    const { made: at } = one.bundle.index;
    const erasure = (bytes: Uint8Array, when?: string) => {
      const report = verified(bytes, one.covenant, when === undefined ? {} : { at: when });
      return [
        report.verdict,
        ...Object.values(report.lines.find(({ promise }) => promise === "erasure") ?? {}),
      ];
    };
    const year = addPeriod(at, "P1Y");
    expect(erasure(one.bytes)).toContain("SKIP");
    expect(erasure(one.bytes).join()).toContain(
      `the result is kept until ${addPeriod(at, "P30D").slice(0, 10)}`,
    );
    expect(erasure(one.bytes, year).slice(0, 1)).toEqual(["FAILED"]);
    const proven = await federation.machine("bert").node.proveErasure(one.bytes);
    expect(erasure(proven).slice(0, 1)).toEqual(["VERIFIED"]);
    expect(erasure(proven, year)).toContain("erased at 2 of 2 nodes");
    expect(readBundle(primitives, proven).index.by).toBe("bert");
    const again = await federation.machine("anna").node.proveErasure(proven);
    expect(readBundle(primitives, again).entries.length).toBe(one.bundle.entries.length + 2 * PARTIES.length);
    const { entries } = readBundle(primitives, proven);
    const some = one.repacked({
      made: year,
      entries: entries.filter(({ party, entry }) => party !== "anna" || entry.type !== "erase"),
    });
    expect(erasure(some).slice(0, 1)).toEqual(["FAILED"]); // made when it was overdue at anna
  }, 60_000);

  it("is proven for bundles of the own agreement that are whole", async () => {
    const [one] = asked;
    if (one === undefined) throw new Error("expected a bundle");
    const { node } = federation.machine("anna");
    const leftOut = one.bundle.documents.filter(({ type }) => type === "plan/v1");
    const documents = one.bundle.documents.filter(({ type }) => type !== "plan/v1");
    await expect(node.proveErasure(one.repacked({ documents, leftOut }))).rejects.toThrow(
      "leaves no document out",
    );
    await expect(node.proveErasure(new Uint8Array(10))).rejects.toThrow("expected a bundle");
    const other = agreed({ anna: ["x", "y"], bert: ["y"] });
    const foreign = await made(other, "anna", matchOf(["anna", "bert"], ["anna"]));
    await other.close();
    await expect(node.proveErasure(foreign.bytes)).rejects.toThrow("of another agreement");
  }, 30_000);

  it("waits longer where an extension is on record, as often as the agreement lets it", () => {
    const [, one] = asked;
    if (one === undefined) throw new Error("expected a bundle");
    const { made: at, planHash } = one.bundle.index;
    const until = addPeriod(at, "P2Y");
    const extended = (count: number): Uint8Array =>
      one.rewritten((entry) => {
        if (entry.type !== "plan") return [entry];
        const extend = (what: string): Entry => {
          const body = { what, until, reasonHash: planHash, count };
          return { ...entry, type: "extend", verb: "alteration", body };
        };
        return [entry, extend("question"), extend("result")];
      });
    const verdict = (bytes: Uint8Array) =>
      verified(bytes, one.covenant, { at: addPeriod(at, "P1Y") }).lines.find(
        ({ promise }) => promise === "erasure",
      )?.verdict;
    expect([verdict(extended(1)), verdict(extended(2))]).toEqual(["SKIP", "FAIL"]);
  }, 60_000);

  it("goes on by itself while a node runs, also after a crash between disk and ledger", async () => {
    const small = agreed({ anna: ["x", "y"], bert: ["y"] });
    const { bundle } = await made(small, "anna", matchOf(["anna", "bert"], ["anna"]));
    await small.outcomes(["bert"]);
    const { ports, log, store } = small.machine("bert");
    const { planHash } = bundle.index;
    const woken = [
      Promise.withResolvers<void>(),
      Promise.withResolvers<void>(),
      Promise.withResolvers<void>(),
    ];
    let sleeps = 0;
    let broken = true;
    const told: string[] = [];
    const erasing = {
      ...ports,
      clock: {
        now: () => small.clock.now(),
        sleep: () => woken[sleeps++]?.promise ?? new Promise(() => {}),
      },
      ledger: changedLedger(ports.ledger, {
        append: (drafts) => {
          if (broken) throw new Error("the power is gone");
          return ports.ledger.append(drafts);
        },
      }),
    };
    const stop = eraseInTime(erasing, [(hash) => void told.push(hash)]);
    const look = async (): Promise<void> => {
      woken[sleeps - 1]?.resolve();
      await new Promise((resolve) => setTimeout(resolve, 5));
    };
    expect(store.document(planHash)).toBeDefined();
    small.clock.ahead += 91 * DAY_MS;
    await look(); // an hour later
    const isRecorded = () => ports.ledger.entriesOf(planHash).some(({ entry }) => entry.type === "erase");
    expect([store.document(planHash), isRecorded()]).toEqual([undefined, false]);
    expect(log.at(-1)?.event).toBe("erase.failed");
    broken = false;
    await look();
    expect([isRecorded(), told]).toEqual([true, [planHash]]);
    stop();
    await small.close();
  }, 30_000);
});

function port(party: string): NodePorts {
  const ports = nodes.get(party);
  if (ports === undefined) throw new Error(`expected a node of ${party}`);
  return ports;
}
