// SPDX-License-Identifier: Apache-2.0
// A member that follows the protocol in everything but one message: every field of every message of the control plane,
// and messages lost, sent twice, from an earlier question, or to some only. Nobody gets a byte outside the contract.
import type { PartyId } from "@koplamp/protocol";
import { QueryError } from "@koplamp/query";
import type { AnswerResult, Contract, Post } from "@koplamp/wire";
import { expect } from "vitest";
import type { NodePorts, Outcome, SessionChannel } from "../src/index.ts";
import { deviationsOf } from "./deviations.ts";
import { Federation, type Lists, type Machine, matchOf, type Wishes } from "./federation.ts";

const LISTS: Lists = { anna: ["x", "y", "z"], bert: ["y", "z", "q"], cleo: ["z", "r"] };
const PARTIES = ["anna", "bert", "cleo"];
const HONEST = ["anna", "cleo"];
const question = (id = "a-match") => matchOf(PARTIES, ["anna", "cleo"], { id });

/** What bert does with a message that it is about to send: gives what leaves instead, as often as listed. */
type Deed = (to: PartyId, topic: string, body: Uint8Array) => readonly Uint8Array[];

/** A federation whose bert deviates, and what the honest nodes' channels let out. */
class Stage {
  readonly all: Federation;
  readonly #channels: { readonly party: PartyId; readonly channel: SessionChannel }[] = [];
  deed: Deed = (_to, _topic, body) => [body];

  constructor(wishes: Wishes = {}) {
    this.all = new Federation(LISTS, {
      graceMs: 100,
      ...wishes,
      ports: (ports, { party }) => this.#ports(ports, party),
    });
  }

  #ports(ports: NodePorts, party: PartyId): NodePorts {
    if (party === "bert") {
      const post: Post = {
        ...ports.post,
        send: async (to, topic, body) => {
          for (const other of this.deed(to, topic, body)) await ports.post.send(to, topic, other);
        },
      };
      return { ...ports, post };
    }
    const openChannel: NodePorts["openChannel"] = async (request) => {
      const channel = await ports.openChannel(request);
      this.#channels.push({ party, channel });
      return channel;
    };
    return { ...ports, openChannel };
  }

  /** The same question, until it has ended at the honest nodes; a wait that nothing ends is ended by its expiry. */
  async ask(id = "a-match"): Promise<readonly Outcome<AnswerResult>[]> {
    this.#channels.length = 0;
    const before = this.all.machine("cleo").outcomes.length;
    const stuck = setTimeout(() => {
      this.all.clock.ahead += 40 * 86_400_000;
    }, 2000);
    try {
      const anna = await this.all.ask("anna", question(id));
      if (anna.planHash === undefined) return [anna]; // it ended before anybody else was asked
      return [anna, ...(await this.all.outcomes(["cleo"], before + 1))];
    } catch (reason) {
      if (reason instanceof QueryError) return []; // a question that never was: its author reads why
      throw reason;
    } finally {
      clearTimeout(stuck);
    }
  }

  /** Bytes that left an honest node, beyond what the contract lists for it: none, whatever bert does. */
  excess(contract: Contract): readonly string[] {
    return HONEST.flatMap((from) => {
      const channels = this.#channels.filter(({ party }) => party === from);
      const left = waysOf(channels.flatMap(({ channel }) => channel.egress()));
      const listed = waysOf(contract.egress.filter((row) => row.from === from));
      return [...left].flatMap(([way, bytes]) => {
        const most = listed.get(way) ?? 0;
        return bytes <= most ? [] : [`${from} to ${way}: ${bytes} bytes, ${most} listed`];
      });
    });
  }
}

type Row = { readonly to: string; readonly channel: string; readonly what: string; readonly bytes: number };

/** Bytes by recipient and way. */
function waysOf(rows: readonly Row[]): ReadonlyMap<string, number> {
  const ways = new Map<string, number>();
  for (const { to, channel, what, bytes } of rows) {
    const way = `${to} ${channel}`;
    if (what !== "confirm") ways.set(way, (ways.get(way) ?? 0) + bytes);
  }
  return ways;
}

const matches = (outcome: Outcome<AnswerResult> | undefined): unknown =>
  outcome?.status === "released" && outcome.result?.kind === "match"
    ? outcome.result.matches.map(({ key }) => key[0])
    : undefined;

/** What an honest node may end with: the true answer, or none, a reason and an event. */
function judge(outcomes: readonly Outcome<AnswerResult>[], machines: readonly Machine[]): readonly string[] {
  return outcomes.flatMap((outcome, at) => {
    const machine = machines[at];
    const told = matches(outcome);
    if (told !== undefined) {
      return JSON.stringify(told) === JSON.stringify(TRUTH[at]) ? [] : [`${machine?.party} was told ${told}`];
    }
    const said = outcome.status === "released" ? "nothing" : endOf(outcome);
    const logged = machine?.log.some(({ event }) => /failed|refused/.test(event)) === true;
    return said !== "internal" && said !== "nothing" && logged
      ? []
      : [`${machine?.party} ended with ${said}`];
  });
}

const TRUTH = [["y", "z"], ["z"]];

function endOf(outcome: Exclude<Outcome<AnswerResult>, { status: "released" }>): string {
  return outcome.status === "refused" ? outcome.rule : outcome.code;
}

/** All that bert says in an honest run, one of each kind: the number of a session or of a checkpoint is no kind. */
async function spoken(): Promise<ReadonlyMap<string, { readonly topic: string; readonly body: Uint8Array }>> {
  const stage = new Stage();
  const said = new Map<string, { topic: string; body: Uint8Array }>();
  stage.deed = (_to, topic, body) => {
    const kind = kindOf(topic);
    if (!said.has(kind)) said.set(kind, { topic, body });
    return [body];
  };
  const outcomes = await stage.ask();
  expect(outcomes.map(matches)).toEqual([["y", "z"], ["z"]]);
  await stage.all.close();
  return said;
}

const kindOf = (topic: string): string =>
  topic
    .replace(/[0-9a-f]{16,}/g, "#")
    .replace(/\d+\/\d+\/[a-z]+$/, "#")
    .replace(/\/\d+/g, "/#");

/** Tries deeds one by one on one kind of message. Gives what went wrong. */
async function tried(kind: string, deeds: readonly NamedDeed[]): Promise<readonly string[]> {
  const faults: string[] = [];
  let stage = new Stage();
  for (const [name, deed] of deeds) {
    const { contract } = await stage.all.machine("anna").node.explain(question());
    let done = false;
    stage.deed = (to, topic, body) => {
      if (kindOf(topic) !== kind) return [body];
      done = true;
      return deed(to, topic, body);
    };
    const outcomes = await stage.ask();
    const machines = HONEST.map((party) => stage.all.machine(party));
    const wrong = [
      ...judge(outcomes, machines),
      ...stage.excess(contract),
      ...(done ? [] : ["was not tried"]),
    ];
    faults.push(...wrong.map((what) => `${kind}, ${name}: ${what}`));
    await stage.all.close();
    stage = new Stage();
  }
  await stage.all.close();
  return faults;
}

/** What came of deviations from everything that a member says: how many were tried, and what went wrong. */
export interface Tried {
  readonly cases: number;
  readonly kinds: number;
  readonly faults: readonly string[];
}

/** Tries one deviation in `every`, of every kind of message. */
export async function deviate(every: number): Promise<Tried> {
  const said = [...(await spoken())];
  const chosen = said.map(([kind, { topic, body }], number) => {
    const some = deviationsOf(topic, body).filter((_one, at) => at % every === number % every);
    return { kind, deeds: some.map(({ name, body: other }): NamedDeed => [name, () => [other]]) };
  });
  return together(chosen);
}

/** Messages lost, said twice, said before, said to one and not to another. */
export async function misdeliver(): Promise<Tried> {
  const said = [...(await spoken())];
  return together(
    said.map(([kind, { body: earlier }]) => ({
      kind,
      deeds: [
        ["lost", () => []],
        ["said twice", (_to, _topic, body) => [body, body]],
        ["said in an earlier question", () => [earlier]],
        ["said to one only", (to, _topic, body) => (to === "anna" ? [body] : [])],
      ],
    })),
  );
}

type NamedDeed = readonly [name: string, deed: Deed];

/** All kinds side by side: most of the time is spent waiting for what never comes. */
async function together(
  chosen: readonly { readonly kind: string; readonly deeds: readonly NamedDeed[] }[],
): Promise<Tried> {
  const faults = await Promise.all(chosen.map(({ kind, deeds }) => tried(kind, deeds)));
  const cases = chosen.reduce((sum, { deeds }) => sum + deeds.length, 0);
  return { cases, kinds: chosen.length, faults: faults.flat() };
}
