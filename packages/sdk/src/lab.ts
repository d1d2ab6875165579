// SPDX-License-Identifier: Apache-2.0
import { randomFillSync } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { admitCharter } from "@koplamp/covenant";
import type { Primitives } from "@koplamp/crypto";
import type {
  Clock,
  EngineNode,
  KeptInterest,
  LogEvent,
  Outcome,
  Progress,
  ReadSource,
  Workers,
} from "@koplamp/engine";
import { type Backends, nodePrimitives, startThreads } from "@koplamp/pool";
import type { PartyId, Rng } from "@koplamp/protocol";
import { type Explanation, explain, type Federation, type Language, type Question } from "@koplamp/query";
import { type OpenSources, openSources, readSource } from "@koplamp/sources";
import { openStore } from "@koplamp/store";
import { Relay } from "@koplamp/transport";
import { type Answer, type AnswerResult, dealersOf, timeText } from "@koplamp/wire";
import type { Founded } from "./charter.ts";
import type { CheckedDataset } from "./check-lab.ts";
import { SdkError } from "./errors.ts";
import { answerOf, type Outcomes } from "./lab-answer.ts";
import { filesOf, fillRegister } from "./lab-interests.ts";
import { type LabNode, type LabWorld, startLabCoordinator, startLabNode } from "./lab-node.ts";
import { foundKept, foundOnce, storeIn } from "./lab-state.ts";
import { labTerms, termsFromFile } from "./lab-terms.ts";
import { checkNames, eachOf, type Lab, proposerOf } from "./read-lab.ts";

/** A question to a whole federation in one process. What is absent is as in lab-format.md. */
export interface LabRequest extends Lab {
  /** Keeps ledgers, quotas and caches in this folder; absent: in memory, and gone at the end. */
  readonly state?: string;
  /** Absent: threads, one a core, that live as long as the run. */
  readonly workers?: Workers;
  /** What multiplies points in those threads; absent: the system's libsodium, or else our kernel. */
  readonly backends?: Backends;
  readonly readSource?: ReadSource;
  readonly clock?: Clock;
  /** Absent: those of `node:crypto`. */
  readonly primitives?: Primitives;
  /** The language of the explanation. */
  readonly lang?: Language;
  /** Hears what everybody would learn, before anything runs. */
  readonly onExplained?: (explanation: Explanation) => void;
  readonly progress?: (progress: Progress) => void;
  readonly log?: (event: LogEvent) => void;
}

/** How a question to a lab ended. */
export interface LabRun {
  readonly answer: Answer;
  readonly outcomes: Outcomes;
  /** The evidence that the proposer's node gathered, for `koplamp verify`. */
  readonly bundle?: Uint8Array;
  readonly explanation: Explanation;
  /** The local reports of the datasets that the question reads, in the order of the question. */
  readonly qualities: readonly CheckedDataset[];
  /** The covenant's hash: what a verifier trusts. */
  readonly covenantHash: string;
  /** Each party's register of interests afterwards, where the question compared them: a result names what is in it. */
  readonly registers: ReadonlyMap<PartyId, readonly KeptInterest[]>;
}

const CLOCK: Clock = {
  now: () => Date.now(),
  sleep: (ms) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      if (ms >= LONG_MS) timer.unref();
    }),
};

/** A wait this long is a deadline for something else: it alone does not keep the process. */
const LONG_MS = 1_000;

/** How long the nodes of a question that ended at its proposer may take to end too. */
const LAST_MS = 10_000;

/**
 * Asks a question of a whole federation in one process: every party's node is the engine of a real node, with real
 * keys, sealed channels, witnesses and gate, over a relay in memory. The first recipient's analyst proposes.
 * @throws {SourceError}, {@link QueryError}, {@link SdkError} or {@link EngineError} before anything runs; later ends
 * are in the answer.
 */
export async function runLab(request: LabRequest): Promise<LabRun> {
  const { federation, question } = request;
  checkNames(federation, question);
  expectAsked(question);
  const sources = await readAll(request);
  const clock = request.clock ?? CLOCK;
  const rng: Rng = (length) => randomFillSync(new Uint8Array(length));
  const primitives = request.primitives ?? nodePrimitives();
  const founded = await found(request, { clock, rng, primitives });
  const world: LabWorld = {
    relay: new Relay(),
    membership: admitCharter(founded.charter, primitives),
    primitives,
    rng,
    clock,
    workers: request.workers ?? threads(request.backends ?? "auto"),
    log: request.log ?? (() => {}),
    progress: request.progress ?? (() => {}),
  };
  try {
    return await ask(request, world, founded, sources);
  } finally {
    if (request.workers === undefined) await world.workers.close();
    await world.relay.close();
  }
}

/** A lab runs from end to end: nobody is there to ask on. @throws {SdkError} `question`. */
function expectAsked({ ask }: Question): void {
  if (ask.kind !== "lookup" || ask.open !== true) return;
  const message = "expected the questions of this look-up in a file: in a lab nobody asks them one by one";
  throw new SdkError(
    "question",
    message,
    "questions: questions.csv, or ask it of real nodes: koplamp query run",
  );
}

function found(
  { federation, question, state }: LabRequest,
  { clock, rng, primitives }: Pick<LabWorld, "clock" | "rng" | "primitives">,
): Promise<Founded> {
  const founding = {
    primitives,
    id: `lab/${federation.id}`,
    parties: federation.parties,
    now: clock.now(),
    purpose: question.purpose,
    termsFor: (purposes: readonly string[]) => termsOf(federation, purposes),
  };
  return state === undefined ? foundOnce(founding, rng) : foundKept(state, founding, rng);
}

/** The lab's own terms, or those of the federation's covenant file. */
async function termsOf({ covenant, parties }: Federation, purposes: readonly string[]) {
  const own = labTerms(parties, purposes);
  return covenant === "default" ? own : termsFromFile(covenant.file, own);
}

function threads(backends: Backends): Workers {
  const end = import.meta.url.endsWith(".ts") ? "./jobs.ts" : "./jobs.js";
  return startThreads({ registry: new URL(end, import.meta.url), size: availableParallelism(), backends });
}

type LabSources = ReadonlyMap<PartyId, OpenSources>;

/**
 * Reads what the question needs, before anything else: in a lab one person owns all data and is told what is wrong
 * with them, where a node would tell only its own people. What was read stays in force for the run.
 */
async function readAll({
  federation,
  question,
  readSource: read = readSource,
}: LabRequest): Promise<LabSources> {
  const opened = new Map(federation.parties.map(({ id, datasets }) => [id, openSources(datasets, read)]));
  for (const own of opened.values()) own.hold();
  await eachOf(filesOf(question), async ({ party, dataset }) => opened.get(party)?.snapshot(dataset));
  return opened;
}

async function ask(
  request: LabRequest,
  world: LabWorld,
  founded: Founded,
  sources: LabSources,
): Promise<LabRun> {
  const nodes = new Map<PartyId, LabNode>();
  const coordinator = startLabCoordinator(world, founded.coordinator);
  try {
    for (const [id, own] of sources) {
      const keys = founded.keys[id];
      if (keys === undefined) throw new Error(`expected keys for ${id}`);
      const store = openStore(await storePath(request.state, id));
      nodes.set(id, startLabNode(world, id, keys, { store, sources: own }));
    }
    return await answered(request, world, nodes, sources);
  } finally {
    await Promise.all([...nodes.values()].map((node) => node.close(LAST_MS)));
    await coordinator.close();
  }
}

async function storePath(state: string | undefined, party: PartyId): Promise<string> {
  if (state === undefined) return ":memory:";
  const path = storeIn(state, party);
  await mkdir(dirname(path), { recursive: true });
  return path;
}

async function answered(
  request: LabRequest,
  { membership, clock }: LabWorld,
  nodes: ReadonlyMap<PartyId, LabNode>,
  sources: LabSources,
): Promise<LabRun> {
  const { question } = request;
  for (const [party, listed] of request.interests ?? [])
    fillRegister(nodeOf(nodes, party), listed, timeText(clock.now()));
  const proposer = proposerOf(question);
  const proposing = nodeOf(nodes, proposer);
  const { plan, contract } = await proposing.explain(question);
  const options = { lang: request.lang ?? "en", covenant: membership.covenant };
  const explanation = explain(contract, plan, options);
  request.onExplained?.(explanation);
  const others = othersOf(question, nodes);
  const own = await proposing.ask(question);
  const outcomes = { [proposer]: own, ...(await ended(others, own, clock)) };
  return {
    answer: answerOf(question.id, outcomes),
    outcomes,
    ...(own.status === "released" && own.bundle !== undefined ? { bundle: own.bundle } : {}),
    explanation,
    qualities: await qualitiesOf(question, sources),
    covenantHash: membership.covenantHash,
    registers: new Map(
      [...(request.interests ?? new Map()).keys()].map((party) => [party, nodeOf(nodes, party).interests()]),
    ),
  };
}

function nodeOf(nodes: ReadonlyMap<PartyId, LabNode>, party: PartyId): EngineNode {
  const node = nodes.get(party)?.node;
  if (node === undefined) throw new Error(`expected a node of ${party}`);
  return node;
}

type Ending = readonly [PartyId, Outcome<AnswerResult>];

/** How the question ends at every other node that takes part. */
function othersOf(question: Question, nodes: ReadonlyMap<PartyId, LabNode>): readonly Promise<Ending>[] {
  const { ask: asked, sources, recipients } = question;
  const proposer = proposerOf(question);
  const parties = new Set([...sources.map(({ party }) => party), ...recipients, ...dealersOf(asked)]);
  return [...parties]
    .filter((party) => party !== proposer)
    .map(
      (party) =>
        new Promise((resolve) => nodes.get(party)?.node.onOutcome((outcome) => resolve([party, outcome]))),
    );
}

/** The endings of the others. A question that failed before it was proposed has none. */
async function ended(
  others: readonly Promise<Ending>[],
  own: Outcome<AnswerResult>,
  clock: Clock,
): Promise<Outcomes> {
  const found: Ending[] = [];
  const all = Promise.all(others.map(async (other) => found.push(await other)));
  await Promise.race([all, clock.sleep(own.status === "failed" ? LAST_MS / 5 : LAST_MS)]);
  return Object.fromEntries(found);
}

/** The reports of what the question read. It has been read before: this waits for nothing. */
async function qualitiesOf(question: Question, sources: LabSources): Promise<readonly CheckedDataset[]> {
  const reports = filesOf(question).map(async ({ party, dataset }) => {
    const snapshot = await sources.get(party)?.snapshot(dataset);
    const { table, quality } = snapshot ?? { table: { rows: 0 }, quality: {} };
    return { party, dataset, rows: table.rows, quality };
  });
  return Promise.all(reports);
}
