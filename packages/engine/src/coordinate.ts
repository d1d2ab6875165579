// SPDX-License-Identifier: Apache-2.0
import { type Channel, drive, type PartyId } from "@koplamp/protocol";
import { COORDINATOR } from "@koplamp/psi";
import { canonicalBytes, fromHex, hex } from "@koplamp/wire";
import { tellBoot } from "./boots.ts";
import type { CoordinatorPorts } from "./coordinator-ports.ts";
import { lineOf, roleOf } from "./coordinator-roles.ts";
import { asEngineError, EngineError, unreachable } from "./errors.ts";
import { SHUT } from "./gate.ts";
import { decodeMessage, encodeMessage, type Stop, stopForm, type Ticket, ticketForm } from "./messages.ts";
import { topicsOf } from "./question-run.ts";
import { signedReceipt } from "./receipts.ts";
import { deriveSession, type Received, type SessionFacts } from "./session.ts";

/** Questions whose tickets have not all come; the oldest makes room. */
const MOST_OPEN = 256;

/**
 * The coordinator's own roles inside protocols: it counts pseudonyms and adds ciphertexts. It knows a session by the
 * tickets that its parties sent and plays only when all of them say the same; it never decides, and its gate never
 * opens. Returns a way to stop.
 */
export function startCoordinator(ports: CoordinatorPorts): { close(): Promise<void> } {
  const open = new Map<string, Map<PartyId, Ticket>>();
  const playing = new Set<Promise<void>>();
  const heard: Heard = new Map();
  tellBoot(ports); // before anybody's first letter: what an earlier process had taken is lost
  const stop = ports.post.listen("ticket/", (from, topic, body) => {
    const tickets = open.get(topic) ?? new Map<PartyId, Ticket>();
    open.set(topic, tickets);
    const [oldest] = open.keys();
    if (open.size > MOST_OPEN && oldest !== undefined) open.delete(oldest);
    tickets.set(from, decodeMessage(ticketForm, from, body)); // attacker-controlled
    const ready = agreed(tickets);
    if (ready === "waiting") return;
    open.delete(topic);
    const run = ready === "different" ? refuse(ports, tickets) : play(ports, ready, { tickets, heard });
    playing.add(run);
    void run.finally(() => playing.delete(run));
  });
  return {
    close: async () => {
      stop();
      await Promise.allSettled(playing);
    },
  };
}

/** Questions in which this coordinator plays in several sessions, by their topics: each rejects when a party stops it. */
type Heard = Map<string, Promise<never>>;

/**
 * What a party says when it stops a question. Where a question has several sessions it is heard once for all of them: from
 * one to the next nothing may be missed.
 */
function stopOf(ports: CoordinatorPorts, ticket: Ticket, heard: Heard): Promise<never> {
  const topics = topicsOf(ticket);
  const before = heard.get(topics);
  if (before !== undefined) return before;
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => forget(ports, topics, heard));
  for (const party of ticket.parties) void hearStop(ports, party, ticket, reject);
  heard.set(topics, promise);
  const [oldest] = heard.keys();
  if (heard.size > MOST_OPEN && oldest !== undefined) forget(ports, oldest, heard);
  return promise;
}

/** No session of a question is to come: nobody waits for its letters any more. */
function forget({ post }: CoordinatorPorts, topics: string, heard: Heard): void {
  heard.delete(topics);
  post.fail(topics, new EngineError("stopped", COORDINATOR, "the session is over"));
}

/** Whether a question has other sessions of this kind: each is of one of several shards. */
function isOfSeveral({ label }: Ticket): boolean {
  const [, shards] = /^\d+\/(\d+)/.exec(label) ?? [];
  return Number(shards) > 1;
}

/** The tickets' common content once every party that they name has sent one. */
function agreed(tickets: ReadonlyMap<PartyId, Ticket>): Ticket | "waiting" | "different" {
  const [first, ...rest] = tickets.values();
  if (first === undefined) return "waiting";
  if (rest.some((ticket) => plain(ticket) !== plain(first))) return "different";
  if (![...tickets.keys()].every((party) => first.parties.includes(party))) return "different";
  return first.parties.every((party) => tickets.has(party)) ? first : "waiting";
}

function plain({ nonce: _nonce, ...ticket }: Ticket): string {
  return hex(canonicalBytes(ticket));
}

async function refuse(ports: CoordinatorPorts, tickets: ReadonlyMap<PartyId, Ticket>): Promise<void> {
  const error = new EngineError(
    "integrity",
    COORDINATOR,
    `${[...tickets.keys()].sort().join(", ")} do not ask the coordinator for the same session`,
    "one of the nodes runs another version, or is not honest",
  );
  for (const [party, ticket] of tickets) await tellStop(ports, [party], ticket, error);
}

/** One session, from its tickets to the receipts. Whatever happens is told to its parties, and kept from nobody. */
async function play(
  ports: CoordinatorPorts,
  ticket: Ticket,
  { tickets, heard }: { readonly tickets: ReadonlyMap<PartyId, Ticket>; readonly heard: Heard },
): Promise<void> {
  const { parties, planHash, label } = ticket;
  const halt = Promise.withResolvers<never>();
  halt.promise.catch(() => {}); // it need not be awaited by anybody
  const over = Promise.withResolvers<void>();
  const watching = ports.presence.watch(parties, over.promise, (peer) =>
    halt.reject(unreachable(peer, `${peer} was given up: its line is down`)),
  );
  stopOf(ports, ticket, heard).catch(halt.reject);
  try {
    const nonce = ports.rng(16);
    await Promise.all(parties.map((to) => ports.post.send(to, `${topicsOf(ticket)}ready/${label}`, nonce)));
    const nonces = new Map([...tickets].map(([party, sent]) => [party, fromHex(sent.nonce)]));
    const facts = deriveSession(ports.primitives.sha256, {
      ...ticket,
      nonces: nonces.set(COORDINATOR, nonce),
    });
    ports.log({ event: "session.begin", party: COORDINATOR, session: facts.session, plan: planHash });
    await playSession(ports, ticket, facts, halt.promise);
    ports.log({ event: "session.end", party: COORDINATOR, session: facts.session, plan: planHash });
  } catch (reason) {
    const error = asEngineError(reason, COORDINATOR);
    ports.log({
      event: "session.abort",
      party: COORDINATOR,
      plan: planHash,
      code: error.code,
      peer: error.party,
    });
    await tellStop(ports, parties, ticket, error);
  } finally {
    over.resolve();
    if (!isOfSeveral(ticket)) forget(ports, topicsOf(ticket), heard);
    await watching;
  }
}

async function playSession(
  ports: CoordinatorPorts,
  ticket: Ticket,
  facts: SessionFacts,
  stopped: Promise<never>,
): Promise<void> {
  const { session, transcript } = facts;
  const { parties } = ticket;
  const channel = await ports.openChannel({ session: fromHex(session), transcript, peers: parties, stopped });
  const received: Received[] = [];
  try {
    const pool = await ports.workers.session({});
    const receive: Channel["receive"] = async (from) => {
      const message = await channel.receive(from);
      const before = received.filter((one) => one.from === from).length;
      const line = lineOf(ticket, from, message.type, before);
      const frame = channel.receivedFrame(from);
      if (line !== undefined) received.push({ from, disclosure: line, frame, bytes: message.bytes.length });
      return message;
    };
    const { send, seal, release } = channel;
    await drive(roleOf(ticket, facts, ports.rng), {
      channel: { send, seal, release, receive },
      pool,
      gate: SHUT,
    });
    await sendReceipts(ports, ticket, session, received);
  } catch (reason) {
    channel.abort(reason instanceof Error ? reason : new Error("aborted"));
    throw reason;
  } finally {
    await channel.close();
  }
}

async function sendReceipts(
  ports: CoordinatorPorts,
  ticket: Ticket,
  session: string,
  received: readonly Received[],
): Promise<void> {
  const { planHash } = ticket;
  const receipts = received.map((one) => {
    const signed = signedReceipt(ports, { ...one, planHash, session, to: COORDINATOR });
    const topic = `${topicsOf(ticket)}receipt/${session}/${one.disclosure}`;
    return ports.post.send(one.from, topic, encodeMessage(signed));
  });
  await Promise.all(receipts);
}

async function hearStop(
  { post }: CoordinatorPorts,
  party: PartyId,
  ticket: Ticket,
  stop: (reason: Error) => void,
): Promise<void> {
  try {
    const body = await post.receive(party, `${topicsOf(ticket)}stop`);
    const { code, party: whose, message, hint } = decodeMessage(stopForm, party, body);
    // Of a lost peer each party hears as such, whoever tells it first: a question in several shards outlives that.
    if (code === "unreachable") stop(new EngineError(code, whose, message, hint));
    else stop(new EngineError("stopped", party, message, hint));
  } catch (reason) {
    // The wait ended with the session: then this changes nothing. Whatever else it was ends the session too.
    stop(asEngineError(reason, COORDINATOR));
  }
}

async function tellStop(
  { post }: CoordinatorPorts,
  parties: readonly PartyId[],
  ticket: Ticket,
  { code, party, message, hint }: EngineError,
): Promise<void> {
  const body = encodeMessage({ code, party, message, hint, rule: null } satisfies Stop);
  await Promise.allSettled(parties.map((to) => post.send(to, `${topicsOf(ticket)}stop`, body)));
}
