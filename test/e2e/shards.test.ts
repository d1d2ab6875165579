// SPDX-License-Identifier: Apache-2.0
// A question in several shards over real processes, of which one is killed in the middle and started again: the answer
// is that of the lab, at most one shard is run again, and the disks are in order.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type AnswerResult,
  answerOf,
  answerText,
  type Outcome,
  type RunningFederation,
  readLab,
  runLab,
  startFederation,
} from "@koplamp/sdk";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Country, foundCountry } from "../../nodes/test/processes.ts";
import { bookOf, crossedAt } from "../crash/books.ts";
import { broken, open } from "../crash/invariants.ts";
import { ORDER_FILE, type Order, type PlaceName } from "../crash/points.ts";
import { mortalPrograms } from "../crash/run.ts";

const SLOW = 120_000;
const ASKER = "politie";
const LABELS = ["0/4", "1/4", "2/4", "3/4"];

let country: Country;
let running: RunningFederation;

beforeAll(async () => {
  country = await foundCountry(3);
  running = await startFederation(country.folders, mortalPrograms());
}, SLOW);

afterAll(async () => {
  await running?.stop();
  await country?.remove();
}, SLOW);

const parties = (): readonly string[] => [...country.folders.nodes.keys()];
const dirOf = (party: string): string => country.folders.nodes.get(party) ?? country.folders.coordinator;
const books = () => Promise.all(parties().map((party) => bookOf(party, dirOf(party))));

/** The question in four shards; each time another by its name, or else the stored answer would stand. */
async function asked(id: string): Promise<{ readonly file: string; readonly text: string }> {
  const { text } = await country.question("match.yaml");
  const file = join(country.dir, "country", `${id}.yaml`);
  const whole = `${text.replace(/^id: .*$/m, `id: ${id}`)}\nshards: 4\n`;
  await writeFile(file, whole);
  return { file, text: whole };
}

/** The plan that a party's ledger has last. */
async function lastPlan(party: string): Promise<string> {
  const { entries } = await bookOf(party, dirOf(party));
  return entries.findLast(({ type }) => type === "plan")?.planHash ?? "";
}

it.each<readonly [string, PlaceName, string]>([
  [ASKER, "shard-begun", ASKER],
  ["belastingdienst", "shard-begun", "belastingdienst"],
  ["belastingdienst", "shard-kept", "belastingdienst"],
  ["coordinator", "shard-begun", "douane"],
])(
  "%s is killed at %s of %s, and is back: the question goes on from there",
  async (victim, place, trigger) => {
    const question = await asked(`${victim}-${place}`);
    const before = await books();
    const daemon = running.nodes.get(victim) ?? running.coordinator;
    const order: Order = { place, pid: daemon.pid };
    await writeFile(join(dirOf(trigger), ORDER_FILE), JSON.stringify(order));
    void running
      .client(ASKER)
      .run(question)
      .catch(() => {}); // its own node may be the one that dies
    await daemon.ended;
    await running.restart(victim);

    const planHash = await lastPlan("douane");
    const ends = await Promise.all(
      parties().map(
        async (party): Promise<readonly [string, Outcome<AnswerResult>]> => [
          party,
          await running.client(party).outcomeOf(planHash),
        ],
      ),
    );
    const lab = await readLab({ federation: country.file, query: question.file });
    const { answer } = await runLab(lab);
    const resultsOf = (text: string): unknown => JSON.parse(text).results;
    expect(resultsOf(answerText(answerOf(lab.question.id, Object.fromEntries(ends))))).toEqual(
      resultsOf(answerText(answer)),
    );
    const after = await books();
    expect(broken(after, before, crossedAt(country.folders.coordinator))).toEqual([]);
    expect(after.flatMap(open)).toEqual([]);
    for (const { entries } of after) {
      const labels = entries
        .filter(({ type, planHash: plan }) => type === "begin" && plan === planHash)
        .map(({ body }) => String(body["shard"]))
        .filter((label) => /^\d/.test(label));
      expect([
        LABELS,
        [...LABELS.slice(0, 3), "2/4/1", "3/4"],
        [...LABELS.slice(0, 2), "2/4/1", "3/4"],
      ]).toContainEqual(labels);
      if (place === "shard-begun") expect(labels).toContain("2/4/1");
    }
  },
  SLOW,
);
