// SPDX-License-Identifier: Apache-2.0
import { drive, type Job, type Party, type PartyId } from "@koplamp/protocol";
import { concat, fromHex, hex, lp, utf8 } from "@koplamp/wire";
import { checkEgress, ContractLines, type EgressCount } from "./contract-lines.ts";
import { exchange } from "./exchange.ts";
import { logThenOpen } from "./gate.ts";
import { encodeMessage, type Ticket } from "./messages.ts";
import { Notices } from "./notices.ts";
import type { NodePorts } from "./node-ports.ts";
import type { SessionChannel, SessionPool } from "./ports.ts";
import type { QuestionRun } from "./question-run.ts";

/** What a protocol's generator may know of its session. */
export interface SessionFacts {
  /** 16 bytes, as hex. */
  readonly session: string;
  /** `T` of channel.md, section 2. */
  readonly transcript: Uint8Array;
  /** SHA-256(lp("koplamp/sid/1") ‖ T): what tokens and cells are bound to. */
  readonly sid: Uint8Array;
}

/** One run of a protocol, as the engine asks for it. */
export interface SessionSpec<Output> {
  /** Unique within the question; the last line of the transcript. */
  readonly label: string;
  /** The nodes that take part, sorted, this one included. */
  readonly parties: readonly PartyId[];
  /** Set when the coordinator plays a role: what it needs to know. */
  readonly ticket?: Omit<Ticket, "nonce" | "label" | "planHash" | "contractHash" | "covenantHash" | "rosterHash">;
  /** Which lines of the contract this session may use, and what its egress rows are called there. */
  readonly line: (line: { readonly id: string; readonly to: PartyId }) => boolean;
  readonly prefix: string;
  /** Secrets for the vault; the channel's exporters are added as `exporter/<party>`. */
  readonly secrets: () => Promise<Readonly<Record<string, Uint8Array>>> | Readonly<Record<string, Uint8Array>>;
  /** Jobs that the node runs itself, by name: the meter. */
  readonly hostJobs?: Readonly<Record<string, (...args: readonly never[]) => unknown>>;
  readonly start: (facts: SessionFacts, pool: SessionPool) => Party<Output> | Promise<Party<Output>>;
}

/** What a session gave, and the account of what left. */
export interface SessionResult<Output> {
  readonly output: Output;
  readonly session: string;
  readonly egress: readonly EgressCount[];
}

/**
 * Runs one session of a question: fresh keys, a `begin` in the ledger, the generator under its gate, and an `end` or an
 * `abort`. It is never resumed; its secrets are wiped however it ends.
 */
export async function runSession<Output>(
  node: NodePorts,
  run: QuestionRun,
  spec: SessionSpec<Output>,
): Promise<SessionResult<Output>> {
  const facts = await agreeOnSession(node, run, spec);
  node.ledger.append([beginEntry(run, spec, facts)]);
  node.log({ event: "session.begin", party: node.me, session: facts.session, phase: spec.label });
  let channel: SessionChannel | undefined;
  try {
    channel = await node.openChannel({
      session: fromHex(facts.session),
      transcript: facts.transcript,
      peers: spec.parties.filter((party) => party !== node.me).concat(spec.ticket ? ["coordinator"] : []),
    });
    run.join(channel);
    const output = await driveOver(node, run, spec, facts, channel);
    const egress = channel.egress();
    node.ledger.append([{ type: "end", verb: "none", planHash: run.planHash, body: { session: facts.session, metered: [] } }]);
    return { output, session: facts.session, egress };
  } catch (reason) {
    channel?.abort(reason instanceof Error ? reason : new Error("aborted"));
    node.ledger.append([abortEntry(run, facts)]);
    throw reason;
  } finally {
    if (channel !== undefined) run.leave(channel);
    await channel?.close();
  }
}

async function driveOver<Output>(
  node: NodePorts,
  run: QuestionRun,
  spec: SessionSpec<Output>,
  facts: SessionFacts,
  channel: SessionChannel,
): Promise<Output> {
  const lines = new ContractLines(node.me, run.contract, run.contractHash, spec.line);
  const { me, rng, primitives, ledger } = node;
  const notices = new Notices({ me, session: facts.session, lines, ledger, link: channel.gate });
  const meter = (): void => checkEgress(me, run.contract, channel.egress(), spec.prefix);
  const stillAllowed = (): void => node.stillAllowed(run.plan);
  const gate = logThenOpen({ run, session: facts.session, lines, me, rng, primitives, ledger, notices, meter, stillAllowed });
  const exporters = spec.parties
    .filter((party) => party !== me)
    .map((party) => [`exporter/${party}`, channel.exporter(party)] as const);
  const pool = await node.workers.session({ ...(await spec.secrets()), ...Object.fromEntries(exporters) });
  try {
    const party = await spec.start(facts, pool);
    const output = await drive(party, { channel: loggedOnly(channel, lines, notices, me), pool: withHost(pool, spec), gate });
    meter();
    return output;
  } finally {
    await pool.wipe();
  }
}

/** Refuses a disclosure whose leaf and proof did not come with it: an honest node never uses an unlogged result. */
function loggedOnly(
  channel: SessionChannel,
  lines: ContractLines,
  notices: Notices,
  me: PartyId,
): SessionChannel {
  return {
    ...channel,
    async receive(from) {
      const message = await channel.receive(from);
      const disclosed = lines.discloses(message.type, from, me);
      if (disclosed) await notices.requireLogged(from, channel.receivedFrame(from));
      return message;
    },
  };
}

function withHost<Output>(pool: SessionPool, { hostJobs = {} }: SessionSpec<Output>): SessionPool {
  return {
    run: async (job: Job<readonly unknown[], unknown>, args) => {
      const host = hostJobs[job.name];
      // Safe because a host job is bound under the name of a job of exactly its type.
      return host === undefined ? pool.run(job, args) : (host as (...all: readonly unknown[]) => unknown)(...args);
    },
    wipe: () => pool.wipe(),
  };
}

/** "Ready to run": one nonce a party makes the session's id, so no session can be had twice (channel.md, section 2). */
async function agreeOnSession<Output>(
  node: NodePorts,
  run: QuestionRun,
  spec: SessionSpec<Output>,
): Promise<SessionFacts> {
  const nonce = node.rng(16);
  const others = spec.parties.filter((party) => party !== node.me);
  const topic = run.topic(`ready/${spec.label}`);
  if (spec.ticket !== undefined) await sendTicket(node, run, spec, nonce);
  const peers = spec.ticket === undefined ? others : [...others, "coordinator"];
  const theirs = await exchange(node.post, topic, nonce, others, peers);
  const all = new Map([...theirs, [node.me, nonce]]);
  return sessionFacts(node, run, spec.label, all);
}

async function sendTicket<Output>(
  node: NodePorts,
  run: QuestionRun,
  { ticket, label }: SessionSpec<Output>,
  nonce: Uint8Array,
): Promise<void> {
  const { planHash, contractHash } = run;
  const { covenantHash, rosterHash } = node.membership;
  const body = { ...ticket, label, planHash, contractHash, covenantHash, rosterHash, nonce: hex(nonce) };
  await node.post.send("coordinator", `ticket/${planHash.slice(7, 39)}/${label}`, encodeMessage(body));
}

function sessionFacts(
  node: NodePorts,
  run: QuestionRun,
  label: string,
  nonces: ReadonlyMap<PartyId, Uint8Array>,
): SessionFacts {
  const { covenantHash, rosterHash } = node.membership;
  return deriveSession(node.primitives.sha256, {
    covenantHash,
    rosterHash,
    planHash: run.planHash,
    contractHash: run.contractHash,
    label,
    nonces,
  });
}

/** What a session's id and transcript are made of. */
export interface SessionRoots {
  readonly covenantHash: string;
  readonly rosterHash: string;
  readonly planHash: string;
  readonly contractHash: string;
  readonly label: string;
  readonly nonces: ReadonlyMap<PartyId, Uint8Array>;
}

/** The session's id, its transcript `T` of seven lines (evidence.md, section 1) and its `sid` (protocols.md, 1.1). */
export function deriveSession(sha256: (data: Uint8Array) => Uint8Array, roots: SessionRoots): SessionFacts {
  const { covenantHash, rosterHash, planHash, contractHash, label, nonces } = roots;
  const ordered = [...nonces].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, nonce]) => nonce);
  const id = sha256(concat(lp("koplamp/session/1"), fromHex(planHash.slice(7)), lp(label), ...ordered)).slice(0, 16);
  const session = hex(id);
  const lines = ["koplamp.transcript/v1", covenantHash, rosterHash, planHash, contractHash, session, label];
  const transcript = sha256(utf8(lines.map((line) => `${line}\n`).join("")));
  return { session, transcript, sid: sha256(concat(lp("koplamp/sid/1"), transcript)) };
}
