// SPDX-License-Identifier: Apache-2.0
// Three real engines, of which anna and cleo are honest, and what is asked of them whatever bert or the relay does.
import { setTimeout as sleep } from "node:timers/promises";
import type { PartyId } from "@koplamp/protocol";
import { QueryError, type Question } from "@koplamp/query";
import { type AnswerResult, type Contract, hex, type Post } from "@koplamp/wire";
import type { NodePorts, Outcome, SessionChannel } from "../src/index.ts";
import { Federation, type Lists, type Machine, matchOf, type Wishes } from "./federation.ts";

/** Within this time a question has ended wherever it had begun, its expiry included, on a machine that is busy too. */
const MOST_MS = 120_000;
const LISTS: Lists = { anna: ["x", "y", "z"], bert: ["y", "z", "q"], cleo: ["z", "r"] };
export const PARTIES: readonly PartyId[] = ["anna", "bert", "cleo"];
export const HONEST = ["anna", "cleo"];
export const question = (id = "a-match") => matchOf(PARTIES, ["anna", "cleo"], { id });

/** What bert does with a message that it is about to send: gives what leaves instead, as often as listed. */
export type Deed = (to: PartyId, topic: string, body: Uint8Array) => readonly Uint8Array[];

/** A federation in which somebody deviates, and what the honest nodes' channels let out. */
export class Stage {
  readonly all: Federation;
  /** What the honest nodes' channels, and those of whoever else is watched, let out. */
  readonly #channels: { readonly party: PartyId; readonly id: string; readonly channel: SessionChannel }[] =
    [];
  deed: Deed = (_to, _topic, body) => [body];

  constructor(wishes: Wishes = {}) {
    this.all = new Federation(LISTS, {
      graceMs: 100,
      ...wishes,
      ports: (ports, { party }) => this.#ports(this.#watched(ports, party), party),
    });
  }

  #ports(ports: NodePorts, party: PartyId): NodePorts {
    if (party !== "bert") return ports;
    const post: Post = {
      ...ports.post,
      send: async (to, topic, body) => {
        for (const other of this.deed(to, topic, body)) await ports.post.send(to, topic, other);
      },
    };
    return { ...ports, post };
  }

  #watched(ports: NodePorts, party: PartyId): NodePorts {
    const openChannel: NodePorts["openChannel"] = async (request) => {
      const channel = await ports.openChannel(request);
      this.#channels.push({ party, id: hex(request.session), channel });
      return channel;
    };
    return { ...ports, openChannel };
  }

  /** The same question, until it has ended at the honest nodes that had begun with it. */
  async ask(id = "a-match"): Promise<readonly Outcome<AnswerResult>[]> {
    try {
      const ends = await this.asked(question(id), ["cleo"]);
      return HONEST.flatMap((party) => ends.get(party) ?? []);
    } catch (reason) {
      if (reason instanceof QueryError) return []; // a question that never was: its author reads why
      throw reason;
    }
  }

  /**
   * Any question of anna's, until it has ended wherever it had begun: how it ended, by party. A wait that nothing ends
   * is ended by its expiry: time leaps again and again, for on a busy machine one leap may come before the wait.
   */
  async asked(
    what: Question,
    besides: readonly PartyId[] = ["bert", "cleo"],
  ): Promise<ReadonlyMap<PartyId, Outcome<AnswerResult>>> {
    this.#channels.length = 0;
    const endings = besides.map((party) => ({ party, ending: this.#endingAt(party) }));
    const stuck = setInterval(() => {
      this.all.clock.ahead += 40 * 86_400_000;
    }, 2000);
    try {
      const asked = this.all.ask("anna", what);
      const first = await Promise.race([asked, sleep(MOST_MS, undefined, { ref: false })]);
      if (first === undefined) throw new Error("the question did not end at anna");
      const ends = new Map([["anna", first]]);
      for (const { party, ending } of endings) {
        const outcome = await ending();
        if (outcome !== undefined) ends.set(party, outcome);
      }
      return ends;
    } finally {
      clearInterval(stuck);
    }
  }

  /** Waits for the end of the next question at a party; nothing, if it has not begun there. */
  #endingAt(party: PartyId): () => Promise<Outcome<AnswerResult> | undefined> {
    const { outcomes, progress } = this.all.machine(party);
    const [ended, said] = [outcomes.length, progress.length];
    const begun = () => progress.slice(said).some(({ phase }) => phase === "approve");
    return async () => {
      for (let ms = 0; ms < MOST_MS && begun() && outcomes.length === ended; ms += 5) await sleep(5);
      if (outcomes.length === ended && begun()) throw new Error(`the question did not end at ${party}`);
      return outcomes[ended];
    };
  }

  /** Bytes that left an honest node, beyond what the contract lists for it: none, whatever anybody does. */
  excess(contract: Contract, parties: readonly PartyId[] = HONEST): readonly string[] {
    return parties.flatMap((from) => {
      const listed = waysOf(contract.egress.filter((row) => row.from === from));
      return [...this.#left(from)].flatMap(([way, bytes]) => {
        const most = listed.get(way) ?? 0;
        return bytes <= most ? [] : [`${from} to ${way}: ${bytes} bytes, ${most} listed`];
      });
    });
  }

  /** Bytes that left a party, by recipient and way. Of a session that was tried again the attempt in which most left. */
  #left(from: PartyId): ReadonlyMap<string, number> {
    const { log } = this.all.machine(from);
    const most = new Map<string, number>();
    for (const { id, channel } of this.#channels.filter(({ party }) => party === from)) {
      const phase =
        log.find(({ session, event }) => session === id && event === "session.begin")?.phase ?? id;
      const name = phase.replace(/\/\d+$/, "");
      for (const [way, bytes] of waysOf(channel.egress()))
        most.set(`${way} ${name}`, Math.max(bytes, most.get(`${way} ${name}`) ?? 0));
    }
    const sums = new Map<string, number>();
    for (const [name, bytes] of most) {
      const way = name.split(" ").slice(0, 2).join(" ");
      sums.set(way, (sums.get(way) ?? 0) + bytes);
    }
    return sums;
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

/** The keys that a party was told, if it was told any. */
export const matches = (outcome: Outcome<AnswerResult> | undefined): unknown =>
  outcome?.status === "released" && outcome.result?.kind === "match"
    ? outcome.result.matches.map(({ key }) => key[0])
    : undefined;

/** What an honest node may end with: the true answer, or none, a reason and an event. */
export function judge(
  outcomes: readonly Outcome<AnswerResult>[],
  machines: readonly Machine[],
): readonly string[] {
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
