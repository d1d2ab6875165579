// SPDX-License-Identifier: Apache-2.0
// A coordinator that is not what it says, in a question in which it counts: three honest nodes, and how it ends there.
import type { PartyId } from "@koplamp/protocol";
import type { AnswerResult, Line } from "@koplamp/wire";
import type { CoordinatorPorts, Outcome } from "../src/index.ts";
import { countOf, type Federation, type Wishes } from "./federation.ts";
import { PARTIES, Stage } from "./hostile-stage.ts";

/** What is asked, of all three, for anna and cleo. */
const counted = (id = "a-count") => countOf(PARTIES, ["anna", "cleo"], { id });
const TRUTH = { "1": 3, "2": 1, "3": 1 };

/** One way in which a coordinator deviates. */
export interface Script {
  readonly name: string;
  /** How it is started, and what it makes of letters, frames and presence. */
  readonly wishes?: Wishes;
  /** What it does besides, once all run. */
  readonly besides?: (all: Federation) => void;
  /** It may count falsely, and nobody can see it: assumption A7, printed with the contract. */
  readonly false?: true;
  /** An honest question comes before. */
  readonly again?: true;
}

/** How one script ended: what is wrong with that, and the codes and answers. */
export interface Endured {
  readonly faults: readonly string[];
  readonly ends: readonly string[];
}

/** Runs one question under a script. */
export async function endured(script: Script): Promise<Endured> {
  const stage = new Stage(script.wishes);
  try {
    if (script.again === true) await stage.asked(counted("a-first"));
    script.besides?.(stage.all);
    const outcomes = await stage.asked(counted());
    const contract = [...outcomes.values()].find((outcome) => outcome.contract !== undefined)?.contract;
    const excess = contract === undefined ? [] : stage.excess(contract, PARTIES);
    const wrong = [...outcomes].flatMap(([party, end]) => judged(script, party, end, stage.all));
    const faults = [...excess, ...wrong].map((fault) => `${script.name}: ${fault}`);
    return { faults, ends: [...outcomes.values()].map(codeOf) };
  } catch (reason) {
    return { faults: [`${script.name}: ${reason}`], ends: [] };
  } finally {
    await stage.all.close();
  }
}

/** The true answer where one is due, or none with a reason and an event that names it. */
function judged(
  script: Script,
  party: PartyId,
  end: Outcome<AnswerResult>,
  all: Federation,
): readonly string[] {
  if (end.status === "released") {
    const due = party !== "bert";
    if (!due) return end.result === undefined ? [] : [`${party} was told something`];
    if (script.false === true || isTrue(end.result)) return [];
    return [`${party} was told ${JSON.stringify(end.result)}`];
  }
  const logged = all.machine(party).log.some(({ event }) => /failed|refused/.test(event));
  return logged && codeOf(end) !== "internal"
    ? []
    : [`${party} ended with ${codeOf(end)}, logged: ${logged}`];
}

function isTrue(result: AnswerResult | undefined): boolean {
  return result?.kind === "overlap-count" && JSON.stringify(result.histogram) === JSON.stringify(TRUTH);
}

const codeOf = (end: Outcome<AnswerResult>): string => (end.status === "failed" ? end.code : end.status);

/** Wishes for a coordinator that starts otherwise. */
export const hub = (change: (ports: CoordinatorPorts) => Partial<CoordinatorPorts>): Wishes => ({
  hub: (ports) => ({ ...ports, ...change(ports) }),
});

/** What leaves the coordinator in place of one of its letters: recipient, topic and body, as often as listed. */
export type Said = readonly (readonly [to: PartyId, topic: string, body: Uint8Array])[];

/** Wishes for a coordinator that says other things than it should. */
export const says = (change: (to: PartyId, topic: string, body: Uint8Array) => Said): Wishes => ({
  post: (post, party) =>
    party !== "coordinator"
      ? post
      : {
          ...post,
          send: async (to, topic, body) => {
            for (const [other, name, bytes] of change(to, topic, body)) await post.send(other, name, bytes);
          },
        },
});

/** Wishes for nodes whose lines the relay changes. */
export const lines = (change: (line: Line, party: PartyId) => Partial<Line>): Wishes => ({
  line: (line, party) => {
    const open: Line = {
      party: line.party,
      post: (to, envelope) => line.post(to, envelope),
      posts: () => line.posts(),
      push: (frame) => line.push(frame),
      pull: (session, done) => line.pull(session, done),
      onPresence: (listener) => line.onPresence(listener),
      close: () => line.close(),
    };
    return { ...open, ...change(line, party) };
  },
});

/** Runs many, a few side by side: most of the time is spent waiting for what never comes. */
export async function tried(runs: readonly (() => Promise<Endured>)[]): Promise<Endured> {
  const left = [...runs];
  const done: Endured[] = [];
  const work = async (): Promise<void> => {
    for (let run = left.shift(); run !== undefined; run = left.shift()) done.push(await run());
  };
  await Promise.all(Array.from({ length: 4 }, work));
  const ends = new Set(done.flatMap((one) => one.ends));
  return { faults: done.flatMap(({ faults }) => faults), ends: [...ends].sort() };
}
