// SPDX-License-Identifier: Apache-2.0
// Three real engines, of which anna and cleo are honest, and what is asked of them whatever bert or the relay does.
import type { PartyId } from "@koplamp/protocol";
import { QueryError } from "@koplamp/query";
import type { AnswerResult, Contract, Post } from "@koplamp/wire";
import type { NodePorts, Outcome, SessionChannel } from "../src/index.ts";
import { Federation, type Lists, type Machine, matchOf, type Wishes } from "./federation.ts";

const LISTS: Lists = { anna: ["x", "y", "z"], bert: ["y", "z", "q"], cleo: ["z", "r"] };
const PARTIES = ["anna", "bert", "cleo"];
export const HONEST = ["anna", "cleo"];
export const question = (id = "a-match") => matchOf(PARTIES, ["anna", "cleo"], { id });

/** What bert does with a message that it is about to send: gives what leaves instead, as often as listed. */
export type Deed = (to: PartyId, topic: string, body: Uint8Array) => readonly Uint8Array[];

/** A federation in which somebody deviates, and what the honest nodes' channels let out. */
export class Stage {
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

  /** Bytes that left an honest node, beyond what the contract lists for it: none, whatever anybody does. */
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
