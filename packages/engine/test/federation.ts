// SPDX-License-Identifier: Apache-2.0
// A whole federation in one process: real engines, ledgers and stores over a relay in memory, on the toy group.
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { protocolJobs } from "@koplamp/aggregate";
import { admitCharter, type Membership, type SignedBytes } from "@koplamp/covenant";
import { type Group, publicKeyText, signDocument } from "@koplamp/crypto";
import type { HeBackend } from "@koplamp/he";
import { inlineWorkers, nodePrimitives } from "@koplamp/pool";
import type { JobTable, PartyId, Rng } from "@koplamp/protocol";
import { psiJobs } from "@koplamp/psi";
import { type Question, readQuestion } from "@koplamp/query";
import { createCharter, type Founded, labTerms, type Terms } from "@koplamp/sdk";
import { openStore } from "@koplamp/store";
import { openPost, openSessionChannel, Relay } from "@koplamp/transport";
import {
  type AnswerResult,
  base64,
  type Card,
  type DatasetSpec,
  documentBytes,
  documentHash,
  hex,
  type Line,
  type Post,
  type Roster,
  readDocument,
  type Table,
} from "@koplamp/wire";
import { toyGroup } from "../../../test/toy/group.ts";
import {
  type Clock,
  type CoordinatorPorts,
  type EngineNode,
  type LogEvent,
  memoryScratch,
  type NodeLedger,
  type NodePorts,
  type Outcome,
  openLedger,
  Presence,
  type Progress,
  type Snapshot,
  type Store,
  scriptPeople,
  startCoordinator,
  startNode,
} from "../src/index.ts";

export const primitives = nodePrimitives();
export const rng: Rng = (length) => new Uint8Array(randomBytes(length));

/** Real time, and a way to move it on. */
export class TestClock implements Clock {
  ahead = 0;
  readonly #sleepers = new Set<() => void>();

  now(): number {
    return Date.now() + this.ahead;
  }

  async sleep(ms: number): Promise<void> {
    const until = this.now() + ms;
    const woken = Promise.withResolvers<void>();
    const wake = (): void => {
      if (this.now() >= until) woken.resolve();
    };
    this.#sleepers.add(wake);
    await Promise.race([sleep(ms, undefined, { ref: false }), woken.promise]);
    this.#sleepers.delete(wake);
  }

  /** Moves time on to a moment, and wakes whoever slept no longer than that. */
  jump(to: number): void {
    this.ahead += Math.max(0, to - this.now());
    for (const wake of this.#sleepers) wake();
  }
}

/** What one party of a test brings: dataset to rows of one column of keys. */
export type Lists = Readonly<Record<PartyId, readonly string[] | undefined>>;

/** What a test wants other than usual. */
export interface Wishes {
  readonly terms?: (terms: Terms) => Terms;
  readonly id?: string;
  readonly clock?: TestClock;
  /** Seeds of approvers outside the parties, by role. */
  readonly outside?: Readonly<Record<string, Uint8Array>>;
  readonly group?: Group;
  readonly graceMs?: number;
  readonly jobs?: (table: JobTable, party: PartyId) => JobTable;
  /** Changes a party's line, the coordinator's too: what the relay makes of its bytes. */
  readonly line?: (line: Line, party: PartyId) => Line;
  /** Changes a party's post, for its ledger too, and the coordinator's. */
  readonly post?: (post: Post, party: PartyId) => Post;
  /** Changes the ports of a party before its node starts. */
  readonly ports?: (ports: NodePorts, machine: Machine) => NodePorts;
  readonly coordinator?: boolean;
  /** Set where sums are asked. */
  readonly he?: HeBackend;
  /** Datasets besides `list`: the same rows, with the dataset's name before each id. */
  readonly datasets?: readonly string[];
  /** Changes the ports of the coordinator before it starts. */
  readonly hub?: (ports: CoordinatorPorts) => CoordinatorPorts;
  /** Parties whose people decide in the test; those of the others approve everything. */
  readonly people?: readonly PartyId[];
}

/** One running machine of a test. */
export interface Machine {
  readonly party: PartyId;
  readonly node: EngineNode;
  readonly ports: NodePorts;
  readonly store: Store;
  readonly line: Line;
  readonly outcomes: Outcome<AnswerResult>[];
  readonly log: LogEvent[];
  readonly progress: Progress[];
  list: readonly string[] | undefined;
  close(): Promise<void>;
}

const COLUMNS: DatasetSpec["columns"] = {
  id: { kind: "opaque" },
  kind: { kind: "category" },
  n: { kind: "integer", min: 0, max: 1000 },
  month: { kind: "month" },
};
const SPEC: DatasetSpec = { file: "list.csv", nulls: [], columns: COLUMNS };

/** Parties that found a federation, and whose nodes run until it is closed. */
export class Federation {
  readonly parties: readonly PartyId[];
  readonly clock: TestClock;
  relay: Relay = new Relay();
  readonly machines: Map<PartyId, Machine> = new Map();
  founded: Founded;
  membership: Membership;
  readonly #wishes: Wishes;
  #coordinator: { close(): Promise<void> } | undefined;

  constructor(lists: Lists, wishes: Wishes = {}) {
    this.parties = Object.keys(lists).sort();
    this.#wishes = wishes;
    this.clock = wishes.clock ?? new TestClock();
    const columns = this.#specs();
    const members = this.parties.map((id) => ({
      id,
      name: id,
      datasets: lists[id] === undefined ? {} : columns,
    }));
    const terms = labTerms(members, ["lab"]);
    this.founded = createCharter(
      {
        id: wishes.id ?? "lab/test",
        parties: members,
        terms: wishes.terms === undefined ? terms : wishes.terms(terms),
        now: this.clock.now(),
        ...(wishes.outside === undefined ? {} : { outside: wishes.outside }),
      },
      rng,
    );
    this.membership = admitCharter(this.founded.charter, primitives);
    for (const party of this.parties) this.start(party, lists[party]);
    if (wishes.coordinator !== false) this.#startCoordinator();
  }

  machine(party: PartyId): Machine {
    const machine = this.machines.get(party);
    if (machine === undefined) throw new Error(`no machine ${party}`);
    return machine;
  }

  /** Starts a party's machine, with the store of an earlier one if it had one. */
  start(party: PartyId, list: readonly string[] | undefined, store: Store = openStore(":memory:")): Machine {
    const keys = this.founded.keys[party];
    if (keys === undefined) throw new Error(`no keys ${party}`);
    const { identity, sealX25519, sealMlKem } = keys;
    const { relay, clock, membership } = this;
    const { addresses } = membership;
    const dialled = relay.line(party);
    const line = this.#wishes.line?.(dialled, party) ?? dialled;
    const parts = { line, me: party, identity, addresses, primitives, rng };
    const opened = openPost({ ...parts, sealX25519, sealMlKem });
    const post = this.#wishes.post?.(opened, party) ?? opened;
    const log: LogEvent[] = [];
    const progress: Progress[] = [];
    const table = this.#jobs();
    const workers = inlineWorkers(this.#wishes.jobs?.(table, party) ?? table);
    const note = (event: LogEvent): void => void log.push(event);
    const origin = `${membership.covenant.id}/${party}`;
    const presence = new Presence(line, post, clock, this.#wishes.graceMs ?? 1000);
    const outcomes: Outcome<AnswerResult>[] = [];
    const machine: { -readonly [Field in keyof Machine]?: Machine[Field] } = {
      party,
      store,
      line,
      outcomes,
      log,
      progress,
      list,
    };
    const whole = machine as Machine; // complete before anybody sees it
    const ports: NodePorts = {
      me: party,
      lab: true,
      clock,
      rng,
      primitives,
      membership,
      keys,
      store,
      scratch: memoryScratch(),
      ledger: openLedger({
        me: party,
        origin,
        store,
        post,
        membership,
        keys,
        primitives,
        clock,
        log: note,
        deadlineMs: 3000,
      }),
      post,
      presence,
      sources: {
        specs: list === undefined ? {} : this.#specs(),
        snapshot: async (dataset) =>
          snapshotOf((whole.list ?? []).map((row) => (dataset === "list" ? row : `${dataset}-${row}`))),
      },
      workers,
      openChannel: (request) => openSessionChannel({ ...parts, post }, request),
      log: note,
      progress: (step) => void progress.push(step),
    };
    const changed = this.#wishes.ports?.(ports, whole) ?? ports;
    const node = startNode(changed);
    node.onOutcome((outcome) => void outcomes.push(outcome));
    const { people } = changed.keys;
    if (this.#wishes.people?.includes(party) !== true)
      scriptPeople(node, { me: party, people, clock, rng, primitives });
    Object.assign(machine, {
      node,
      ports: changed,
      close: async () => {
        await node.close(5000);
        presence.close();
        post.close();
        await line.close();
      },
    });
    this.machines.set(party, whole);
    return whole;
  }

  /**
   * The next roster under the same covenant, with another coordinator on another relay and another analyst at every
   * party. Every process ends, and another one opens its store.
   */
  async renew(): Promise<void> {
    await Promise.all([...this.machines.values()].map((machine) => machine.close()));
    await this.#coordinator?.close();
    this.relay.close();
    this.relay = new Relay();
    this.founded = nextRoster(this.founded);
    this.membership = admitCharter(this.founded.charter, primitives);
    for (const { party, list, store } of [...this.machines.values()]) this.start(party, list, store);
    this.#startCoordinator();
  }

  /** Asks a question at a party. */
  ask(party: PartyId, question: Question): Promise<Outcome<AnswerResult>> {
    return this.machine(party).node.ask(question);
  }

  /** Waits until the question has ended at the other parties too, and gives how. */
  async outcomes(parties: readonly PartyId[], count = 1): Promise<readonly Outcome<AnswerResult>[]> {
    const end = Date.now() + 30_000;
    const machines = parties.map((party) => this.machine(party));
    while (machines.some(({ outcomes }) => outcomes.length < count) && Date.now() < end) await sleep(5);
    return machines.map(({ outcomes, party }) => {
      const outcome = outcomes[count - 1];
      if (outcome === undefined) throw new Error(`the question did not end at ${party}`);
      return outcome;
    });
  }

  /** A second machine with the coordinator's name and keys, beside the first. */
  startSecondCoordinator(): void {
    const first = this.#coordinator;
    this.#startCoordinator();
    const second = this.#coordinator;
    this.#coordinator = { close: async () => void (await Promise.all([first?.close(), second?.close()])) };
  }

  /** Starts the coordinator's own machine again; the relay stays up. */
  async restartCoordinator(): Promise<void> {
    await this.#coordinator?.close();
    this.#startCoordinator();
  }

  async close(): Promise<void> {
    await Promise.all([...this.machines.values()].map((machine) => machine.close()));
    await this.#coordinator?.close();
    this.relay.close();
    for (const { store } of this.machines.values()) store.close();
  }

  #specs(): Readonly<Record<string, DatasetSpec>> {
    const names = ["list", ...(this.#wishes.datasets ?? [])];
    return Object.fromEntries(names.map((name) => [name, SPEC]));
  }

  #jobs(): JobTable {
    const { group = toyGroup(), he } = this.#wishes;
    return he === undefined
      ? new Map(psiJobs({ group, primitives }))
      : protocolJobs({ group, primitives, he });
  }

  #startCoordinator(): void {
    const { identity, sealX25519, sealMlKem } = this.founded.coordinator;
    const { addresses } = this.membership;
    const dialled = this.relay.line("coordinator");
    const line = this.#wishes.line?.(dialled, "coordinator") ?? dialled;
    const parts = { line, me: "coordinator", identity, addresses, primitives, rng } as const;
    const opened = openPost({ ...parts, sealX25519, sealMlKem });
    const post = this.#wishes.post?.(opened, "coordinator") ?? opened;
    const { clock, membership } = this;
    const presence = new Presence(line, post, clock, this.#wishes.graceMs ?? 1000);
    const ports: CoordinatorPorts = {
      me: "coordinator",
      identity,
      clock,
      rng,
      primitives,
      membership,
      post,
      presence,
      workers: inlineWorkers(this.#jobs()),
      openChannel: (request) => openSessionChannel({ ...parts, post }, request),
      log: () => {},
      progress: () => {},
    };
    const coordinator = startCoordinator(this.#wishes.hub?.(ports) ?? ports);
    this.#coordinator = {
      close: async () => {
        await coordinator.close();
        presence.close();
        post.close();
        await line.close();
      },
    };
  }
}

function nextRoster({ charter, keys }: Founded): Founded {
  const coordinator = { identity: rng(32), sealX25519: rng(32), sealMlKem: rng(64) };
  const hashOf = (bytes: Uint8Array): string => documentHash(primitives.sha256, bytes);
  const publicKey = (seed: Uint8Array): string => publicKeyText(primitives.ed25519PublicKey(seed));
  const signed = (value: Card | Roster, parties: readonly PartyId[]): SignedBytes => {
    const bytes = documentBytes(value);
    const signatures = parties.map((party) =>
      signDocument(primitives, keys[party]?.covenant ?? new Uint8Array(), value.koplamp, hashOf(bytes)),
    );
    return { bytes, signatures };
  };
  const analysts = Object.fromEntries(Object.keys(keys).map((party) => [party, rng(32)]));
  const cards = charter.cards.map(({ bytes }) => {
    const card = readDocument("card/v1", bytes);
    const [first] = card.people;
    if (first === undefined) throw new Error("expected an analyst");
    const key = publicKey(analysts[card.party] ?? new Uint8Array());
    const people = [...card.people, { ...first, person: `${card.party}-p${card.serial + 10}`, key }];
    return { party: card.party, ...signed({ ...card, serial: card.serial + 1, people }, [card.party]) };
  });
  const roster = readDocument("roster/v1", charter.roster.bytes);
  const mlkem = primitives.mlKemKeyPair(coordinator.sealMlKem).publicKey;
  const next: Roster = {
    ...roster,
    epoch: roster.epoch + 1,
    previous: hashOf(charter.roster.bytes),
    cards: cards
      .map(({ party, bytes }) => ({ party, cardHash: hashOf(bytes) }))
      .sort((a, b) => (a.party < b.party ? -1 : 1)),
    coordinator: {
      ...roster.coordinator,
      identity: publicKey(coordinator.identity),
      seal: {
        x25519: base64(primitives.x25519KeyPair(coordinator.sealX25519).publicKey),
        mlkem768Hash: `sha256:${hex(primitives.sha256(mlkem))}`,
      },
    },
  };
  return {
    charter: {
      ...charter,
      cards: cards.map(({ bytes, signatures }) => ({ bytes, signatures })),
      roster: signed(next, Object.keys(keys)),
      mlkem: { ...charter.mlkem, coordinator: mlkem },
    },
    keys: Object.fromEntries(
      Object.entries(keys).map(([party, own]) => [
        party,
        { ...own, people: { ...own.people, analyst: analysts[party] ?? own.people.analyst } },
      ]),
    ),
    coordinator,
  };
}

/** A row is an id, `id@kind@n`, or with a month too. */
function snapshotOf(list: readonly string[]): Snapshot {
  const rows = list.map((row) => row.split("@"));
  const table: Table = {
    rows: list.length,
    columns: {
      id: rows.map(([id = ""]) => (id === "" ? null : id)),
      kind: rows.map(([, kind = "a"]) => kind),
      n: rows.map(([, , n = "1"]) => n),
      month: rows.map(([, , , month = "2026-01"]) => month),
    },
  };
  return { table, quality: {}, digest: primitives.sha256(new Uint8Array(Buffer.from(list.join("\n")))) };
}

/** A post that sends in another way. */
export function changedPost(post: Post, send: Post["send"]): Post {
  return new Proxy(post, {
    get: (target, name) => {
      const value: unknown = name === "send" ? send : Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** A ledger with some of its functions changed. */
export function changedLedger(ledger: NodeLedger, changes: Partial<NodeLedger>): NodeLedger {
  return {
    append: (drafts, charges, limits) => ledger.append(drafts, charges, limits),
    cosigned: (indices) => ledger.cosigned(indices),
    leaf: (index) => ledger.leaf(index),
    kept: (index) => ledger.kept(index),
    verify: (from, leaf, proof) => ledger.verify(from, leaf, proof),
    disclosuresOf: (planHash) => ledger.disclosuresOf(planHash),
    entriesOf: (planHash) => ledger.entriesOf(planHash),
    plans: () => ledger.plans(),
    head: () => ledger.head(),
    serveWitness: () => ledger.serveWitness(),
    ...changes,
  };
}

/** A match over everybody's lists, under keys of the epoch. */
export function matchOf(
  parties: readonly PartyId[],
  recipients: readonly PartyId[],
  {
    atLeast = 2,
    tell = "holders",
    id = "a-match",
    expires = "",
    dataset = "list",
    mode = "tokens",
    shards = 1,
    dealer = "",
  } = {},
): Question {
  const from = parties.map((party) => `${party}: ${party === recipients[0] ? dataset : "list"}`).join(", ");
  return read(`koplamp: query/v1
id: ${id}
ask: { kind: match, key: [id], from: { ${from} }, atLeast: ${atLeast}, tell: ${tell}, mode: ${mode}${dealer === "" ? "" : `, dealer: ${dealer}`} }
recipients: [${recipients.join(", ")}]
${shards === 1 ? "" : `shards: ${shards}`}
${expires === "" ? "" : `expires: ${expires}`}
`);
}

/** A count over everybody's lists. */
export function countOf(
  parties: readonly PartyId[],
  recipients: readonly PartyId[],
  { shape = "histogram", mode = "", minCount = 1, id = "a-count" } = {},
): Question {
  const from = parties.map((party) => `${party}: list`).join(", ");
  const more = mode === "" ? "" : `, mode: ${mode}`;
  return read(`koplamp: query/v1
id: ${id}
ask: { kind: overlap-count, key: [id], from: { ${from} }, shape: ${shape}${more} }
recipients: [${recipients.join(", ")}]
release: { minCount: ${minCount}, minContributors: 1 }
`);
}

/** A sum over everybody's lists: how many of each kind, and what they add up to. */
export function sumOf(
  parties: readonly PartyId[],
  recipients: readonly PartyId[],
  { minCount = 1, minContributors = 1, id = "a-sum", where = "", kinds = ["a", "b"], noise = "" } = {},
): Question {
  const from = parties.map((party) => `${party}: list`).join(", ");
  const filter = where === "" ? "" : `\n  where: [${where}]`;
  const added = noise === "" ? "" : `, noise: ${noise}`;
  return read(`koplamp: query/v1
id: ${id}
ask:
  kind: aggregate
  from: { ${from} }${filter}
  groupBy: [kind]
  domain: { kind: [${kinds.join(", ")}] }
  measures: [count, sum(n)]
recipients: [${recipients.join(", ")}]
release: { minCount: ${minCount}, minContributors: ${minContributors}${added} }
`);
}

function read(text: string): Question {
  return readQuestion(text, { file: "query.yaml", lab: true });
}
