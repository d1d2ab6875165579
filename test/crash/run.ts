// SPDX-License-Identifier: Apache-2.0
// Runs one row of the crash matrix: kill, wait, look at the disks, start again, ask again.
import { appendFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import {
  type AnswerResult,
  type Outcome,
  type Programs,
  type RunningFederation,
  startFederation,
} from "@koplamp/sdk";
import { expect } from "vitest";
import { type Country, foundCountry, logOf, PROGRAMS, runNode } from "../../nodes/test/processes.ts";
import { type Book, bookOf, crossedAt } from "./books.ts";
import { broken, open } from "./invariants.ts";
import { type Point, titleOf } from "./matrix.ts";
import { ORDER_FILE, type Order } from "./points.ts";

const PRELOAD = fileURLToPath(new URL("preload.ts", import.meta.url));
const ASKER = "politie";
/** A place that nobody comes to within this time is none. */
const REACHED_MS = 60_000;
/** Within this time after a death everybody else has one clear end: the grace of 2 s and what a busy machine adds. */
const END_MS = 30_000;

/** A federation whose processes can be told where to die. */
export interface Mortal extends AsyncDisposable {
  /** Runs a row, checks everything, and tells in a line what happened. */
  crash(point: Point): Promise<string>;
}

/**
 * Founds it, starts all its processes and asks once: keys are made and lists are evaluated. `graceSeconds`: how long a
 * line may be down.
 */
export async function startMortal(graceSeconds = 2): Promise<Mortal> {
  const country = await foundCountry(3, "trial-2026", [], graceSeconds);
  const running = await startFederation(country.folders, mortalPrograms());
  const matrix = new Matrix(country, running);
  await matrix.nextWorks("match");
  return {
    crash: (point) => matrix.crash(point),
    [Symbol.asyncDispose]: async () => {
      await running.stop();
      await country.remove();
    },
  };
}

/** The daemons, told where to die by a file in their folders. */
export function mortalPrograms(): Programs {
  return { node: preloaded(PROGRAMS.node), coordinator: preloaded(PROGRAMS.coordinator) };
}

function preloaded([program, ...args]: readonly [string, ...string[]]): [string, ...string[]] {
  return [program, "--import", PRELOAD, ...args];
}

class Matrix {
  readonly #country: Country;
  readonly #running: RunningFederation;
  #news = 0;
  #asked = 0;

  constructor(country: Country, running: RunningFederation) {
    this.#country = country;
    this.#running = running;
  }

  /** @throws when something is broken; whoever died lives again all the same. */
  async crash(point: Point): Promise<string> {
    const { victim } = point;
    const daemon = this.#daemon(victim);
    try {
      return await this.#crash(point);
    } catch (reason) {
      await rm(join(this.#dir(point.trigger ?? victim), ORDER_FILE), { force: true });
      await daemon.kill();
      if (this.#daemon(victim) === daemon) await this.#running.restart(victim);
      throw reason;
    }
  }

  async #crash(point: Point): Promise<string> {
    const { victim, question, news } = point;
    const atOnce = point.waits === true || point.back === true;
    const before = await this.#books();
    const since = await this.#failures();
    if (news !== undefined) await this.#append(news);
    await this.#order(point);
    const asked = this.#ask(question).catch(() => undefined); // its own node may be the one that dies
    await within(REACHED_MS, this.#daemon(victim).ended, `${victim} never came there`);
    const died = Date.now();
    const left = [...this.#country.folders.nodes.keys()].filter((party) => party !== victim);
    const planHash = lastPlan(await this.#book(left[0] ?? ASKER));
    if (atOnce) await this.#running.restart(victim);
    const ends = await within(END_MS, this.#ends(left, planHash), "the others did not end");
    const ms = Date.now() - died;
    await asked;
    await this.#expectEnds(point, ends, since, planHash);
    expect(this.#broken(await this.#books(), before)).toEqual([]);

    if (!atOnce) await this.#running.restart(victim);
    const after = await this.#books();
    expect(this.#broken(after, before)).toEqual([]);
    expect(after.flatMap(open)).toEqual([]);
    expectClosed(point, after, planHash);
    await Promise.all([this.nextWorks(question), this.#expectHealthy(victim)]);
    expect(this.#broken(await this.#books(), after)).toEqual([]);
    const told = ends.map(([party, { status }]) => `${party} ${status}`).join(", ");
    return `${titleOf(point)}: ${told} after ${(ms / 1000).toFixed(1)} s; started again, next one answered`;
  }

  /** The question is answered at every node. */
  async nextWorks(question: Point["question"]): Promise<void> {
    const { planHash = "", ...asked } = await this.#ask(question);
    expect(asked.status, asked.status === "failed" ? asked.message : "").toBe("released");
    const parties = [...this.#country.folders.nodes.keys()];
    for (const [, end] of await this.#ends(parties, planHash))
      expect(end).toMatchObject({ status: "released" });
  }

  /**
   * A match is asked about companies, as a count is: one key set, and one list that grows. Each question has a name of its
   * own: one that was answered before would start no session.
   */
  async #ask(question: Point["question"]): Promise<Outcome<AnswerResult>> {
    const { file, text } = await this.#country.question(`${question}.yaml`);
    this.#asked += 1;
    const named = text.replace(/^id: .*$/m, `id: ${question}-${this.#asked}`);
    const about =
      question === "match"
        ? named.replaceAll("accounts", "companies").replace("[account]", "[company]")
        : named;
    return await this.#running.client(ASKER).run({ file, text: about });
  }

  #ends(
    parties: readonly string[],
    planHash: string,
  ): Promise<readonly (readonly [string, Outcome<AnswerResult>])[]> {
    return Promise.all(
      parties.map(async (party) => [party, await this.#running.client(party).outcomeOf(planHash)] as const),
    );
  }

  /** As many rows as a cell must have: a list that grows by fewer is not counted again. */
  async #append(party: string): Promise<void> {
    const file = join(this.#country.dir, "country", "data", `${party}-companies.csv`);
    const rows = Array.from({ length: 10 }, (_, at) => `${60_000_000 + this.#news + at},2026-01\n`);
    this.#news += rows.length;
    await appendFile(file, rows.join(""));
  }

  async #order({ place, victim, trigger }: Point): Promise<void> {
    const order: Order = { place, pid: this.#daemon(victim).pid };
    await writeFile(join(this.#dir(trigger ?? victim), ORDER_FILE), JSON.stringify(order));
  }

  /** One clear end at each that lives: one line in its log, and who it was with what to do. */
  async #expectEnds(
    { victim, others }: Point,
    ends: readonly (readonly [string, Outcome<AnswerResult>])[],
    since: ReadonlyMap<string, number>,
    planHash: string,
  ): Promise<void> {
    const now = await this.#failures();
    for (const [party, end] of ends) {
      if (others !== "either") expect(end.status, party).toBe(endOf(others, party));
      const lines = (now.get(party) ?? 0) - (since.get(party) ?? 0);
      expect(lines, `failures in the log of ${party} for ${planHash}`).toBe(end.status === "failed" ? 1 : 0);
      if (end.status !== "failed") continue;
      expect(end.party, end.message).toBe(victim);
      expect([end.message, end.hint]).not.toContain("");
    }
  }

  async #failures(): Promise<ReadonlyMap<string, number>> {
    const counted = [...this.#country.folders.nodes].map(async ([party, dir]) => {
      const lines = await logOf(dir);
      return [party, lines.filter(({ event }) => event === "question.failed").length] as const;
    });
    return new Map(await Promise.all(counted));
  }

  async #expectHealthy(victim: string): Promise<void> {
    if (victim === "coordinator") return;
    const { exit, stdout } = await runNode("doctor", "--config", join(this.#dir(victim), "node.yaml"));
    expect(exit, stdout).toBe(0);
  }

  #broken(books: readonly Book[], before: readonly Book[]): readonly string[] {
    return broken(books, before, crossedAt(this.#country.folders.coordinator));
  }

  #books(): Promise<readonly Book[]> {
    return Promise.all([...this.#country.folders.nodes.keys()].map((party) => this.#book(party)));
  }

  #book(party: string): Promise<Book> {
    return bookOf(party, this.#dir(party));
  }

  #dir(name: string): string {
    const { nodes, coordinator } = this.#country.folders;
    return nodes.get(name) ?? coordinator;
  }

  #daemon(name: string): RunningFederation["coordinator"] {
    return this.#running.nodes.get(name) ?? this.#running.coordinator;
  }
}

function endOf(others: Exclude<Point["others"], "either">, party: string): string {
  if (others !== "no-answer") return others;
  return party === ASKER ? "failed" : "released";
}

/** What the dead node's ledger says of its session: as far as the table of crashes goes. */
function expectClosed({ victim, closed, others }: Point, books: readonly Book[], planHash: string): void {
  const said = (party: string) => {
    const entries = books.find((book) => book.party === party)?.entries ?? [];
    return entries.filter((entry) => entry.planHash === planHash);
  };
  if (others === "no-answer") {
    for (const { party } of books.filter((book) => book.party !== ASKER))
      expect(said(party).map(({ type }) => type)).toContain("undelivered");
  }
  if (closed === undefined) return;
  const about = said(victim);
  if (closed === "undelivered") expect(about.map(({ type }) => type)).toContain("undelivered");
  else expect(about.find(({ type }) => type === "abort")?.body["state"]).toBe(closed);
}

function lastPlan({ entries }: Book): string {
  return entries.findLast(({ planHash }) => planHash !== null)?.planHash ?? "";
}

async function within<T>(ms: number, wait: Promise<T>, late: string): Promise<T> {
  const over = new AbortController();
  const timer = sleep(ms, undefined, { signal: over.signal }).then(() => {
    throw new Error(`${late} within ${ms / 1000} s`);
  });
  timer.catch(() => {}); // the wait was first
  try {
    return await Promise.race([wait, timer]);
  } finally {
    over.abort();
  }
}
