// SPDX-License-Identifier: Apache-2.0
import { type Channel, drive, type Job, type Party, type PartyId } from "@koplamp/protocol";
import { COORDINATOR } from "@koplamp/psi";
import { concat, type EntryDebit, fromHex, hex, lp, utf8 } from "@koplamp/wire";
import { ContractLines, type Line } from "./contract-lines.ts";
import { appendPaid, type Cost, debitOf } from "./cost.ts";
import { addEgress, checkEgress } from "./egress.ts";
import { asEngineError, EngineError } from "./errors.ts";
import { exchange } from "./exchange.ts";
import { logThenOpen } from "./gate.ts";
import type { Draft } from "./ledger-entries.ts";
import { encodeMessage, type Ticket } from "./messages.ts";
import type { NodePorts } from "./node-ports.ts";
import { Notices } from "./notices.ts";
import type { SessionChannel, SessionPool } from "./ports.ts";
import type { QuestionRun } from "./question-run.ts";
import type { Received, SessionResult } from "./session-result.ts";

export type { Received, SessionResult } from "./session-result.ts";

/** What a protocol's generator may know of its session. */
export interface SessionFacts {
  /** 16 bytes, as hex. */
  readonly session: string;
  /** `T` of channel.md, section 2. */
  readonly transcript: Uint8Array;
  /** SHA-256(lp("koplamp/sid/1") ‖ T): what tokens and cells are bound to. */
  readonly sid: Uint8Array;
}

/** What a stage tells the coordinator; the session adds its hashes, its label and a nonce. */
export type SessionTicket = Omit<
  Ticket,
  "nonce" | "label" | "turn" | "planHash" | "contractHash" | "covenantHash" | "rosterHash"
>;

/** One run of a protocol, as the engine asks for it. */
export interface SessionSpec<Output> {
  /** Unique within the question; the last line of the transcript. */
  readonly label: string;
  /** The nodes that take part, sorted, this one included. */
  readonly parties: readonly PartyId[];
  /** Set when the coordinator plays a role: what it needs to know. */
  readonly ticket?: SessionTicket;
  /** Which lines of the contract this session may use, and what its egress rows are called there. */
  readonly line: (line: { readonly id: string; readonly to: PartyId }) => boolean;
  readonly prefix: string;
  /** What the disclosures of this session may cost at most, for its `begin`. */
  readonly debits?: readonly EntryDebit[];
  /** What a line is charged when it is logged. */
  readonly costOf?: (line: Line) => readonly Cost[];
  /** What the session itself is charged, with its `begin`. */
  readonly beginCosts?: () => readonly Cost[];
  /** Secrets for the vault; the channel's exporters are added as `exporter/<party>`. */
  readonly secrets: () =>
    | Promise<Readonly<Record<string, Uint8Array>>>
    | Readonly<Record<string, Uint8Array>>;
  /** Jobs that the node runs itself, by name: the meter. */
  readonly hostJobs?: Readonly<Record<string, (...args: readonly never[]) => unknown>>;
  /** Makes the generator. What has to stand in the ledger before `begin`, such as `inputs`, is written here. */
  readonly start: (facts: SessionFacts, pool: SessionPool) => Party<Output> | Promise<Party<Output>>;
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
  run.stillAllowed();
  const facts = await agreeOnSession(node, run, spec);
  const { me, ledger } = node;
  const { transcript } = facts;
  const peers = peersOf(node, spec);
  const channel = await node.openChannel({
    session: fromHex(facts.session),
    transcript,
    peers,
    stopped: run.stopped,
  });
  const live = new LiveSession(node, run, spec, facts, channel);
  try {
    const result = await live.run();
    ledger.append([endEntry(run, facts)]);
    run.account(spec.label, addEgress([], result.egress, spec.prefix));
    checkEgress(me, run.contract, run.egress);
    node.log({ event: "session.end", party: me, session: facts.session, phase: spec.label });
    return result;
  } catch (reason) {
    channel.abort(reason instanceof Error ? reason : new Error("aborted"));
    const { code } = asEngineError(reason, me);
    if (live.state !== "committed") ledger.append([abortEntry(run, facts, live.state, code)]);
    node.log({ event: "session.abort", party: me, session: facts.session, phase: spec.label, code });
    throw reason;
  } finally {
    await channel.close();
  }
}

/** A session between its handshake and its end. */
class LiveSession<Output> {
  /** The state of evidence.md, section 7, that an `abort` names. */
  state: "committed" | "running" | "logged" = "committed";
  readonly #node: NodePorts;
  readonly #run: QuestionRun;
  readonly #spec: SessionSpec<Output>;
  readonly #facts: SessionFacts;
  readonly #channel: SessionChannel;
  readonly #lines: ContractLines;
  readonly #notices: Notices;
  readonly #logged: { readonly id: string; readonly to: PartyId; readonly index: number }[] = [];
  readonly #received: Received[] = [];

  constructor(
    node: NodePorts,
    run: QuestionRun,
    spec: SessionSpec<Output>,
    facts: SessionFacts,
    channel: SessionChannel,
  ) {
    this.#node = node;
    this.#run = run;
    this.#spec = spec;
    this.#facts = facts;
    this.#channel = channel;
    const { contract, contractHash, planHash } = run;
    const { me, ledger } = node;
    this.#lines = new ContractLines(me, contract, contractHash, { belongs: spec.line, prefix: spec.prefix });
    const link = channel.gate;
    this.#notices = new Notices({ me, session: facts.session, planHash, lines: this.#lines, ledger, link });
  }

  async run(): Promise<SessionResult<Output>> {
    const { workers } = this.#node;
    const vault = await workers.session({ ...(await this.#spec.secrets()), ...this.#exporters() });
    const pool = withHost(vault, this.#spec.hostJobs ?? {});
    try {
      const party = await this.#spec.start(this.#facts, pool);
      this.#run.stillAllowed(); // hands were shaken since, and somebody may have said no
      this.#begin();
      const output = await drive(party, { channel: this.#loggedOnly(), pool, gate: this.#gate() });
      await this.#run.until(this.#notices.requireAll()); // nothing unlogged is ever used
      this.#meter();
      const { session } = this.#facts;
      const [logged, received] = [this.#logged, this.#received];
      return { output, session, egress: this.#channel.egress(), logged, received };
    } finally {
      await pool.wipe();
    }
  }

  #begin(): void {
    const { ledger, me, log } = this.#node;
    const { planHash } = this.#run;
    const { session, transcript } = this.#facts;
    const text = `sha256:${hex(transcript)}`;
    if (ledger.entriesOf(planHash).some(({ entry }) => entry.body["transcript"] === text)) {
      throw new EngineError(
        "integrity",
        me,
        "expected a new session, got one that was begun before",
        "ask again",
      );
    }
    const costs = this.#spec.beginCosts?.() ?? [];
    const debits = [...(this.#spec.debits ?? []), ...costs.map(debitOf)];
    const body = { session, shard: this.#spec.label, transcript: text, debits };
    appendPaid(ledger, [{ type: "begin", verb: "combination", planHash, body }], costs);
    this.state = "running";
    log({ event: "session.begin", party: me, session, phase: this.#spec.label });
  }

  #gate(): ReturnType<typeof logThenOpen> {
    const { me, rng, primitives, ledger } = this.#node;
    return logThenOpen({
      me,
      rng,
      primitives,
      ledger,
      session: this.#facts.session,
      planHash: this.#run.planHash,
      lines: this.#lines,
      notices: this.#notices,
      meter: () => this.#meter(),
      costOf: this.#spec.costOf ?? (() => []),
      until: (wait) => this.#run.until(wait),
      stillAllowed: () => this.#run.stillAllowed(),
      opening: (lines) =>
        this.#run.opened(
          this.#spec.label,
          lines.map(({ id }) => id),
        ),
      logged: (line, index) => {
        this.state = "logged";
        this.#logged.push({ id: line.id, to: line.via ?? line.to, index });
      },
    });
  }

  /** One message or byte more than the contract lists ends the session before anything is disclosed. */
  #meter(): void {
    const left = addEgress(this.#run.egress, this.#channel.egress(), this.#spec.prefix);
    checkEgress(this.#node.me, this.#run.contract, left);
  }

  /** Refuses a disclosure whose leaf and proof did not come with it: an honest node never uses an unlogged result. */
  #loggedOnly(): Channel {
    const channel = this.#channel;
    return {
      send: (to, type, bytes) => channel.send(to, type, bytes),
      seal: (disclosure) => channel.seal(disclosure),
      release: (sealed) => channel.release(sealed),
      receive: async (from) => {
        const message = await channel.receive(from);
        if (!this.#lines.isDisclosed(from, message.type)) return message;
        const frame = channel.receivedFrame(from);
        const disclosure = await this.#notices.requireLogged(from, frame);
        this.#received.push({ from, disclosure, frame, bytes: message.bytes.length });
        return message;
      },
    };
  }

  /** 32 bytes with each other node, for masks and peppers. */
  #exporters(): Readonly<Record<string, Uint8Array>> {
    const others = this.#spec.parties.filter((party) => party !== this.#node.me);
    return Object.fromEntries(
      others.map((party) => [`exporter/${party}`, this.#channel.exporter(party)] as const),
    );
  }
}

/** The pool with the host's own jobs before it. Its vault is wiped once, whoever asks. */
function withHost(
  pool: SessionPool,
  hostJobs: Readonly<Record<string, (...args: readonly never[]) => unknown>>,
): SessionPool {
  let wiped: Promise<void> | undefined;
  return {
    run: async (job: Job<readonly unknown[], unknown>, args) => {
      const host = hostJobs[job.name];
      // Safe because a host job is bound under the name of a job of exactly its type.
      return host === undefined
        ? pool.run(job, args)
        : (host as (...all: readonly unknown[]) => unknown)(...args);
    },
    wipe: () => {
      wiped ??= pool.wipe();
      return wiped;
    },
  };
}

/** "Ready to run": one nonce a party makes the session's id, so no session can be had twice (channel.md, section 2). */
async function agreeOnSession<Output>(
  node: NodePorts,
  run: QuestionRun,
  spec: SessionSpec<Output>,
): Promise<SessionFacts> {
  const nonce = node.rng(NONCE_BYTES);
  const others = spec.parties.filter((party) => party !== node.me);
  if (spec.ticket !== undefined) await sendTicket(node, run, spec, nonce);
  const topic = run.topic(`ready/${spec.label}`);
  const theirs = await exchange(node.post, topic, nonce, others, peersOf(node, spec));
  const { covenantHash, rosterHash } = node.membership;
  const { planHash, contractHash } = run;
  const nonces = new Map([...theirs, [node.me, nonce]]);
  const roots = { covenantHash, rosterHash, planHash, contractHash, label: spec.label, nonces };
  return deriveSession(node.primitives.sha256, roots);
}

function peersOf<Output>({ me }: NodePorts, { parties, ticket }: SessionSpec<Output>): readonly PartyId[] {
  const others = parties.filter((party) => party !== me);
  return ticket === undefined ? others : [...others, COORDINATOR];
}

async function sendTicket<Output>(
  node: NodePorts,
  run: QuestionRun,
  { ticket, label }: SessionSpec<Output>,
  nonce: Uint8Array,
): Promise<void> {
  const { planHash, contractHash, turn } = run;
  const { covenantHash, rosterHash } = node.membership;
  const body = {
    ...ticket,
    label,
    turn,
    planHash,
    contractHash,
    covenantHash,
    rosterHash,
    nonce: hex(nonce),
  };
  const topic = `ticket/${planHash.slice(7, 39)}/${turn === 0 ? "" : `${turn}/`}${label}`;
  await run.until(node.post.send(COORDINATOR, topic, encodeMessage(body))); // while the line is down nothing is taken
}

function endEntry({ planHash }: QuestionRun, { session }: SessionFacts): Draft {
  return { type: "end", verb: "none", planHash, body: { session, metered: [] } };
}

function abortEntry(
  { planHash }: QuestionRun,
  { session }: SessionFacts,
  state: string,
  code: string,
): Draft {
  return { type: "abort", verb: "none", planHash, body: { session, state, code } };
}

const NONCE_BYTES = 16;

/** What a session's id and transcript are made of. */
export interface SessionRoots {
  readonly covenantHash: string;
  readonly rosterHash: string;
  readonly planHash: string;
  readonly contractHash: string;
  readonly label: string;
  /** 16 bytes from each party, the coordinator included where it takes part. */
  readonly nonces: ReadonlyMap<PartyId, Uint8Array>;
}

/**
 * The session's id, its transcript `T` of seven lines (evidence.md, section 1) and its `sid` (protocols.md, 1.1).
 * @throws {EngineError} `garbage` for a nonce of another length, naming its party.
 */
export function deriveSession(sha256: (data: Uint8Array) => Uint8Array, roots: SessionRoots): SessionFacts {
  const { covenantHash, rosterHash, planHash, contractHash, label } = roots;
  const nonces = [...roots.nonces].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [party, nonce] of nonces) {
    if (nonce.length === NONCE_BYTES) continue;
    throw new EngineError(
      "garbage",
      party,
      `expected 16 bytes from ${party} to begin a session, got ${nonce.length}`,
    );
  }
  const head = [lp("koplamp/session/1"), fromHex(planHash.slice(7)), lp(label)];
  const id = sha256(concat(...head, ...nonces.map(([, nonce]) => nonce))).slice(0, 16);
  const session = hex(id);
  const lines = ["koplamp.transcript/v1", covenantHash, rosterHash, planHash, contractHash, session, label];
  const transcript = sha256(utf8(lines.map((line) => `${line}\n`).join("")));
  return { session, transcript, sid: sha256(concat(lp("koplamp/sid/1"), transcript)) };
}
