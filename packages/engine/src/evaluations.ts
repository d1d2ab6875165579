// SPDX-License-Identifier: Apache-2.0

import type { PartyId } from "@koplamp/protocol";
import {
  type Allowance,
  cacheScope,
  type EvaluateSetup,
  evaluateAsker,
  evaluateHolder,
  inputRoot,
  type MeterRequest,
  MOST_ELEMENTS,
  meter,
  notFound,
  openShare,
  type SealedPart,
  type Spent,
  seekInputs,
  seekKnown,
} from "@koplamp/psi";
import {
  bucket,
  documentHash,
  type EntryDebit,
  hex,
  type InputList,
  NORM_VERSION,
  type PackedInputs,
  selectInputs,
  stretchOf,
} from "@koplamp/wire";
import { freshSalt, inputsEntry } from "./contribution.ts";
import { EngineError } from "./errors.ts";
import { takeEvaluated } from "./evaluated-before.ts";
import { exchange } from "./exchange.ts";
import { keySpecOf } from "./items.ts";
import { agreedKeySet, cacheNames, type KeptKeySet } from "./key-set.ts";
import { decodeMessage, encodeMessage, wantedForm } from "./messages.ts";
import type { NodePorts } from "./node-ports.ts";
import type { SessionPool } from "./ports.ts";
import type { QuestionRun } from "./question-run.ts";
import { checkQuota, elementsCost, Meter } from "./quota.ts";
import { repeated } from "./repeated.ts";
import { runSession, type SessionFacts, type SessionResult, type SessionSpec } from "./session.ts";

/** What a party's cache of s_x is for: 32 bytes that name it, and how its chunks are called at rest. */
export interface Cache {
  readonly scope: Uint8Array;
  /** What the names of its chunks begin with. */
  readonly prefix: string;
  /** Sealed chunks of all earlier sessions. */
  readonly chunks: () => readonly Uint8Array[];
  /** What they are called. */
  readonly names: () => readonly string[];
  /** Those of some names, a few at a time. */
  readonly parts: (names: readonly string[]) => Iterable<readonly Uint8Array[]>;
}

/** A cache that has s_x of every input of a list, and all of these where an earlier question has put them in its order. */
export interface Evaluated extends Cache {
  readonly part?: SealedPart;
}

/** Chunks that are open at a time where a cache is read in parts: 2^18 rows, 12 MiB. */
const PART = 32;

/**
 * Brings every party's s_x up to date: the key set, then the evaluations of all askers at once, each in sessions of at
 * most 2^16 elements. What shows of a list is the bucket of its new items, and whether it has any.
 */
export async function evaluated(node: NodePorts, run: QuestionRun, inputs: InputList): Promise<Evaluated> {
  const keySet = await agreedKeySet(node, run);
  const cache = cacheOf(node, run, keySet);
  const part = takeEvaluated(node.store, inputs, cache.names());
  const news = part === undefined ? await missing(node, cache, inputs) : new Uint32Array();
  let next = 0;
  const take: Take = (most) => {
    next += most;
    return selectInputs(inputs, news.subarray(next - most, next));
  };
  await evaluate(node, run, { keySet, cache, news: news.length, take });
  return part === undefined ? cache : { ...cache, part };
}

/** The next new inputs of a list, so many of them or all that are left. */
export type Take = (most: number) => PackedInputs;

/** What this node has to have evaluated. */
export interface ToEvaluate {
  readonly keySet: KeptKeySet;
  readonly cache: Cache;
  /** How many of its inputs are new. */
  readonly news: number;
  readonly take: Take;
}

/** Evaluates what is new at all parties, each in sessions of its own. */
export async function evaluate(
  node: NodePorts,
  run: QuestionRun,
  { keySet, cache, news, take }: ToEvaluate,
): Promise<void> {
  const { contributors } = run;
  const others = contributors.filter((party) => party !== node.me);
  const mine = news === 0 ? 0 : bucket(news);
  const words = await exchange(node.post, run.topic("wanted"), encodeMessage({ elements: mine }), others);
  const wanted = new Map([[node.me, mine]]);
  for (const [party, body] of words)
    wanted.set(party, admitted(party, run, decodeMessage(wantedForm, party, body)));
  for (const [asker, elements] of wanted) if (asker !== node.me) checkQuota(node, run, asker, elements);
  const sessions = contributors.map((asker) =>
    new Evaluation(node, run, { keySet, cache, asker, total: wanted.get(asker) ?? 0 }).run(take),
  );
  await run.all(sessions); // an asker's own sessions follow each other; those of different askers share nothing
}

/** A padded number of elements that fits the plan: no more than the asker's whole list. */
function admitted(
  party: PartyId,
  { plan }: QuestionRun,
  { elements }: { readonly elements: number },
): number {
  const most = plan.inputs.find((input) => input.party === party)?.rowsPadded ?? 0;
  if (elements === 0 || (elements <= most && bucket(elements) === elements)) return elements;
  throw new EngineError(
    "garbage",
    party,
    `${party} wants more evaluated than the plan says, or an unpadded number`,
    "ask again",
  );
}

export function cacheOf(node: NodePorts, { plan, own }: QuestionRun, keySet: KeptKeySet): Cache {
  const keySpec = keySpecOf(plan.ask, own?.input ?? plan.inputs[0]);
  const scope = cacheScope(node.primitives.sha256, keySet.context, keySpec, NORM_VERSION);
  const prefix = `${cacheNames(keySet)}${hex(scope)}/`;
  const { store } = node;
  const read = (names: readonly string[]): readonly Uint8Array[] =>
    names.flatMap((name) => store.sealed(name) ?? []);
  const names = (): readonly string[] => store.sealedNames(prefix);
  const chunks = (): readonly Uint8Array[] => read(names());
  function* parts(some: readonly string[]): Generator<readonly Uint8Array[]> {
    for (let from = 0; from < some.length; from += PART) yield read(some.slice(from, from + PART));
  }
  return { scope, prefix, chunks, names, parts };
}

/** Inputs that go to a worker at a time. */
const STRETCH = 2 ** 16;

/** Begins to look inputs up: a worker holds their indices, and never a long list. */
export async function seek(pool: SessionPool, inputs: InputList | PackedInputs): Promise<void> {
  const { length } = inputs.ends;
  for (let from = 0; from === 0 || from < length; from += STRETCH) {
    await pool.run(seekInputs, [stretchOf(inputs, from, Math.min(length, from + STRETCH)), from, length]);
  }
}

/** Positions of the inputs that were never evaluated under this key. */
async function missing(
  node: NodePorts,
  { scope, names, parts }: Cache,
  inputs: InputList,
): Promise<Uint32Array> {
  const pool = await node.workers.session({ cacheKey: node.keys.storage.slice() });
  try {
    await seek(pool, inputs);
    for (const chunks of parts(names())) await pool.run(seekKnown, [scope, chunks]);
    return (await pool.run(notFound, [])) as Uint32Array; // safe because the job's type says so
  } finally {
    await pool.wipe();
  }
}

interface EvaluationParts {
  readonly keySet: KeptKeySet;
  readonly cache: Cache;
  readonly asker: PartyId;
  /** Padded elements in all sessions together. */
  readonly total: number;
}

/** All sessions of one asker, seen from one node. */
class Evaluation {
  readonly #node: NodePorts;
  readonly #run: QuestionRun;
  readonly #parts: EvaluationParts;

  constructor(node: NodePorts, run: QuestionRun, parts: EvaluationParts) {
    this.#node = node;
    this.#run = run;
    this.#parts = parts;
  }

  /** `take`: gives this node's own inputs that are new, used where it is the asker. */
  async run(take: Take): Promise<void> {
    const { asker, total } = this.#parts;
    const { me, progress, clock } = this.#node;
    const begin = clock.now();
    for (let from = 0; from < total; from += MOST_ELEMENTS) {
      const elements = Math.min(MOST_ELEMENTS, total - from);
      const own = asker === me ? take(elements) : undefined;
      const attempt = (label: string): Promise<void> =>
        own === undefined ? this.#hold(label, elements) : this.#ask(label, elements, own);
      progress({ party: me, phase: `evaluate for ${asker}`, done: from / total });
      const label = `evaluate/${asker}/${from / MOST_ELEMENTS}`;
      await repeated(this.#node, this.#run, { label, parties: this.#run.contributors, attempt });
      const perSecond = Math.round(((from + elements) * 1000) / Math.max(1, clock.now() - begin));
      progress({
        party: me,
        phase: `evaluate for ${asker}`,
        done: (from + elements) / total,
        rate: `${perSecond}/s`,
      });
    }
  }

  async #ask(label: string, elements: number, inputs: PackedInputs): Promise<void> {
    const { keySet, cache } = this.#parts;
    const { keys, ledger, rng, store } = this.#node;
    const { planHash, own } = this.#run;
    const { salt, text } = freshSalt(this.#node);
    const { output, session } = await runSession(this.#node, this.#run, {
      ...this.#common(label),
      secrets: () => ({ cacheKey: keys.storage.slice(), salt }),
      start: async (facts, pool) => {
        await pool.run(openShare, [keySet.context, keySet.sealedShare]);
        const root = (await pool.run(inputRoot, [inputs])) as Uint8Array; // safe because the job's type says so
        if (own !== undefined) ledger.append([inputsEntry(planHash, own.input, root, text)]);
        return evaluateAsker({ ...this.#setup(facts, elements), inputs, scope: cache.scope }, rng);
      },
    });
    output.forEach((chunk, at) => {
      store.putSealed(`${cache.prefix}${session}/${at}`, chunk);
    });
  }

  async #hold(label: string, elements: number): Promise<void> {
    const { keySet, asker } = this.#parts;
    const { keys, rng } = this.#node;
    const debits: readonly EntryDebit[] = [{ asker, unit: "elements", amount: elements }];
    const allowed = new Meter(this.#node.me, asker, elements);
    const result = await runSession(this.#node, this.#run, {
      ...this.#common(label),
      debits,
      costOf: () => [elementsCost(this.#node, this.#run, asker, elements)],
      hostJobs: { [meter.name]: (request: MeterRequest) => allowed.draw(request) },
      secrets: () => ({ cacheKey: keys.storage.slice() }),
      start: async (facts, pool) => {
        await pool.run(openShare, [keySet.context, keySet.sealedShare]);
        return evaluateHolder(this.#setup(facts, elements), rng);
      },
    });
    this.#logSpent(result);
  }

  #common(label: string): Pick<SessionSpec<never>, "label" | "parties" | "line" | "prefix"> {
    const { asker } = this.#parts;
    const line = ({ id, to }: { readonly id: string; readonly to: PartyId }): boolean =>
      id.startsWith("tests.") && to === asker;
    return { label, parties: this.#run.contributors, line, prefix: "evaluate." };
  }

  #setup({ session, transcript }: SessionFacts, elements: number): EvaluateSetup {
    const { keySet, asker } = this.#parts;
    const { plan, planHash, contributors } = this.#run;
    const allowance: Allowance = {
      asker,
      ceiling: elements,
      plan: planHash,
      session,
      validUntil: plan.expires,
    };
    const { me } = this.#node;
    return { me, parties: contributors, transcript, asker, keys: keySet.keys, elements, allowance };
  }

  #logSpent({ output, logged }: SessionResult<Spent>): void {
    const { ledger, primitives } = this.#node;
    const allowance = documentHash(primitives.sha256, ledger.leaf(logged[0]?.index ?? 0));
    const body = { allowance, metered: output.metered, root: `sha256:${hex(output.request)}` };
    ledger.append([{ type: "spent", verb: "none", planHash: this.#run.planHash, body }]);
  }
}
