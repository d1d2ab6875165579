// SPDX-License-Identifier: Apache-2.0
import type { Membership } from "@koplamp/covenant";
import { equal, type Primitives } from "@koplamp/crypto";
import {
  type Checkpoint,
  LedgerError,
  leafHash,
  MerkleTree,
  proofBytes,
  signCheckpoint,
  untimely,
  verifyCosigned,
  verifyLogged,
} from "@koplamp/ledger";
import type { PartyId } from "@koplamp/protocol";
import {
  base64,
  documentBytes,
  type Entry,
  type Hash,
  type Post,
  readDocument,
  timeText,
  WireError,
} from "@koplamp/wire";
import { EngineError } from "./errors.ts";
import type { Draft, Placed } from "./ledger-entries.ts";
import { type KeptParts, openKept, sealKept } from "./ledger-kept.ts";
import { CLOCK_SKEW_MS, Rollback, WitnessQuorum } from "./ledger-quorum.ts";
import { LedgerKeys } from "./ledger-trust.ts";
import { serveWitness } from "./ledger-witness.ts";
import type { DisclosureRecord, LedgerHead } from "./outcome.ts";
import type { Charge, Clock, LogEvent, NodeKeys, Store } from "./ports.ts";
import { rememberingVerify } from "./remembered.ts";

/** What a node's ledger is opened with. */
export interface LedgerParts {
  readonly me: PartyId;
  /** `<federation>/<party>`: the name of this party's ledger key. */
  readonly origin: string;
  readonly store: Store;
  readonly post: Post;
  readonly membership: Membership;
  readonly keys: Pick<NodeKeys, "ledger" | "witness" | "storage">;
  readonly primitives: Primitives;
  readonly clock: Clock;
  readonly log: (event: LogEvent) => void;
  /** How long the quorum may take; a minute when absent. */
  readonly deadlineMs?: number;
}

/** One node's own ledger, its duty as a witness of the others, and what it checks of theirs. */
export interface NodeLedger {
  /**
   * Writes entries and charges in one durable transaction, and gives their indices: what is kept beside them and their
   * documents are in it.
   * @throws {StoreError} `budget`; {@link EngineError} once a witness has seen more than is here.
   */
  append(
    drafts: readonly Draft[],
    charges?: readonly Charge[],
    limits?: Readonly<Record<string, bigint>>,
  ): readonly number[];
  /**
   * Proofs of entries under the quorum's cosignatures: one checkpoint over all that have none yet. An entry keeps the
   * checkpoint that had it first, so that its proof tells when it was witnessed.
   * @throws {EngineError} `unreachable` at the deadline, naming who did not sign; `integrity` for a rollback.
   */
  cosigned(indices: readonly number[]): Promise<readonly Uint8Array[]>;
  leaf(index: number): Uint8Array;
  /** What was kept beside an entry, if anything was and it is not erased. */
  kept(index: number): Readonly<Record<string, string>> | undefined;
  /**
   * An entry of another party, if its ledger has it and the quorum has seen that.
   * @throws {EngineError} `integrity`, naming the party.
   */
  verify(from: PartyId, leaf: Uint8Array, proof: Uint8Array): Entry;
  /** Own disclosures of a plan: one record for each recipient of each. */
  disclosuresOf(planHash: Hash): readonly DisclosureRecord[];
  /** Own entries of a plan, in order. */
  entriesOf(planHash: Hash): readonly Placed[];
  /** The plans that have entries. */
  plans(): readonly Hash[];
  head(): LedgerHead;
  /** Cosigns the others' checkpoints as they come. Returns a way to stop. */
  serveWitness(): () => void;
}

const DEADLINE_MS = 60_000;

/**
 * Opens a node's ledger and replays it to its last checkpoint.
 * @throws {EngineError} `integrity` when what is stored is not this party's ledger.
 */
export function openLedger(parts: LedgerParts): NodeLedger {
  const primitives = { ...parts.primitives, ed25519Verify: rememberingVerify(parts.primitives) };
  return new OwnLedger({ ...parts, primitives }, new LedgerKeys(parts.membership, primitives));
}

/** A checkpoint with its quorum. */
interface Cosigned {
  readonly size: number;
  readonly note: Uint8Array;
}

/** A checkpoint on its way. */
interface Flight {
  readonly size: number;
  readonly cosigned: Promise<Cosigned>;
}

class OwnLedger implements NodeLedger {
  readonly #parts: LedgerParts;
  readonly #keys: LedgerKeys;
  readonly #tree: MerkleTree;
  readonly #byPlan = new Map<Hash, Placed[]>();
  readonly #quorum: WitnessQuorum;
  readonly #kept: KeptParts;
  /** The last checkpoint verified of each other ledger. */
  readonly #heads = new Map<PartyId, { readonly size: number; readonly root: Uint8Array }>();
  /** Checkpoints whose quorum was verified here, by size. */
  readonly #cosigned = new Map<number, Cosigned>();
  #last: Cosigned | undefined;
  #flight: Flight | undefined;
  #stopped: Rollback | undefined;

  constructor(parts: LedgerParts, keys: LedgerKeys) {
    const { store, primitives, me, post, clock, deadlineMs = DEADLINE_MS } = parts;
    this.#parts = parts;
    this.#keys = keys;
    this.#kept = { store, primitives, storage: parts.keys.storage };
    this.#tree = new MerkleTree(primitives.sha256, store.leafHashes());
    this.#replay();
    const seenBefore = store.lastCheckpoint()?.size ?? 0;
    this.#quorum = new WitnessQuorum({
      me,
      post,
      keys,
      tree: this.#tree,
      primitives,
      clock,
      deadlineMs,
      seenBefore,
    });
  }

  append(
    drafts: readonly Draft[],
    charges: readonly Charge[] = [],
    limits: Readonly<Record<string, bigint>> = {},
  ): readonly number[] {
    if (this.#stopped !== undefined) throw this.#stopped;
    const { store, primitives } = this.#parts;
    const entries = drafts.map((draft) => this.#entry(draft));
    const leaves = entries.map(documentBytes);
    const hashes = leaves.map((leaf) => leafHash(primitives.sha256, leaf));
    const indices = store.together(() => {
      for (const [at, { kept, documents = [] }] of drafts.entries()) {
        if (kept !== undefined) sealKept(this.#kept, hashes[at] ?? new Uint8Array(), kept);
        for (const [hash, { bytes, signatures }] of documents) store.putDocument(hash, bytes, signatures);
      }
      const placed = store.append(leaves, charges, limits);
      for (const [at, { beside }] of drafts.entries()) beside?.(placed[at] ?? 0);
      return placed;
    });
    for (const hash of hashes) this.#tree.append(hash);
    for (const [at, entry] of entries.entries()) this.#note({ index: indices[at] ?? 0, entry });
    return indices;
  }

  async cosigned(indices: readonly number[]): Promise<readonly Uint8Array[]> {
    await this.#covering(Math.max(0, ...indices) + 1);
    return indices.map((index) => {
      const { size, note } = this.#firstCovering(index);
      return proofBytes({ index, hashes: this.#tree.inclusion(index, size), checkpoint: note });
    });
  }

  leaf(index: number): Uint8Array {
    return this.#parts.store.leaf(index);
  }

  kept(index: number): Readonly<Record<string, string>> | undefined {
    return openKept(this.#kept, leafHash(this.#parts.primitives.sha256, this.leaf(index)));
  }

  verify(from: PartyId, leaf: Uint8Array, proof: Uint8Array): Entry {
    const { primitives, clock } = this.#parts;
    const trust = this.#keys.trustIn(from);
    const { checkpoint, cosignatures } = asIntegrity(from, () =>
      verifyLogged(primitives, leaf, proof, trust),
    );
    const entry = asIntegrity(from, () => readDocument("entry/v1", leaf)); // attacker-controlled
    const latest = clock.now() + CLOCK_SKEW_MS;
    if (entry.ledger !== trust.origin || cosignatures.some(({ time }) => time * 1000 > latest))
      throw integrity(from, `an entry of ${from} is of another ledger, or cosigned in the future`);
    const wrong = untimely(entry, Math.max(...cosignatures.map(({ time }) => time * 1000)));
    if (wrong !== undefined) throw integrity(from, `what ${from} discloses ${wrong}`);
    this.#compareHeads(from, checkpoint);
    return entry;
  }

  disclosuresOf(planHash: Hash): readonly DisclosureRecord[] {
    const { me } = this.#parts;
    return this.entriesOf(planHash).flatMap(({ index, entry: { type, body } }) => {
      const { disclosure, asker, to = [asker], bytes = 0 } = body;
      if ((type !== "disclose" && type !== "allow") || disclosure === undefined) return [];
      const all = (to as readonly PartyId[]).filter(
        (party, _, list) => party !== "coordinator" || list.length === 1,
      );
      return all.map((party) => ({
        id: String(disclosure),
        from: me,
        to: party,
        bytes: Number(bytes),
        index,
      }));
    });
  }

  entriesOf(planHash: Hash): readonly Placed[] {
    return this.#byPlan.get(planHash) ?? [];
  }

  plans(): readonly Hash[] {
    return [...this.#byPlan.keys()];
  }

  head(): LedgerHead {
    return { origin: this.#parts.origin, size: this.#tree.size, root: base64(this.#tree.root()) };
  }

  serveWitness(): () => void {
    return serveWitness(this.#parts, this.#keys);
  }

  /** The earliest cosigned checkpoint that has an entry. There is one: the last has it. */
  #firstCovering(index: number): Cosigned {
    for (let size = index + 1; size <= this.#tree.size; size += 1) {
      const known = this.#cosigned.get(size);
      const note = known?.note ?? this.#parts.store.checkpoint(size);
      if (known === undefined && (note === undefined || !this.#isCosigned(note))) continue;
      if (note !== undefined) return this.#settle({ size, note });
    }
    throw new RangeError("expected an entry under a cosigned checkpoint");
  }

  /** A cosigned checkpoint of at least this size. One is under way at a time; what comes later joins the next. */
  async #covering(size: number): Promise<Cosigned> {
    for (;;) {
      if (this.#stopped !== undefined) throw this.#stopped;
      if (this.#last !== undefined && this.#last.size >= size) return this.#last;
      this.#flight ??= this.#start();
      if (this.#flight.size >= size) return this.#flight.cosigned;
      await this.#flight.cosigned.catch(() => {}); // those who wait for it hear of it
    }
  }

  #start(): Flight {
    const size = this.#tree.size;
    const cosigned = this.#checkpoint(size).finally(() => {
      this.#flight = undefined;
    });
    return { size, cosigned };
  }

  /** Signed and stored before anybody sees it; stored again with its cosignatures. */
  async #checkpoint(size: number): Promise<Cosigned> {
    const { me, origin, store, primitives, keys, log } = this.#parts;
    const trust = this.#keys.trustIn(me);
    const stored = store.checkpoint(size);
    if (stored !== undefined && this.#isCosigned(stored)) return this.#settle({ size, note: stored });
    const root = this.#tree.root(size);
    const note = signCheckpoint(primitives, keys.ledger, { origin, size, root });
    store.putCheckpoint(size, note);
    try {
      const cosigned = await this.#quorum.gather(size, note);
      verifyCosigned(primitives, cosigned, trust);
      store.putCheckpoint(size, cosigned);
      return this.#settle({ size, note: cosigned });
    } catch (reason) {
      if (reason instanceof Rollback) this.#stopped = reason;
      log({
        event: "ledger.unwitnessed",
        party: me,
        count: size,
        code: reason instanceof Rollback ? "rollback" : "quorum",
      });
      throw reason;
    }
  }

  #settle(cosigned: Cosigned): Cosigned {
    this.#cosigned.set(cosigned.size, cosigned);
    if (this.#last === undefined || this.#last.size < cosigned.size) this.#last = cosigned;
    return cosigned;
  }

  #isCosigned(note: Uint8Array): boolean {
    try {
      verifyCosigned(this.#parts.primitives, note, this.#keys.trustIn(this.#parts.me));
      return true;
    } catch (error) {
      if (error instanceof LedgerError) return false;
      throw error;
    }
  }

  #entry({ type, verb, planHash = "", by = "node", body }: Draft): Entry {
    const { origin, clock } = this.#parts;
    const at = timeText(clock.now());
    return {
      koplamp: "entry/v1",
      ledger: origin,
      at,
      by,
      planHash: planHash === "" ? null : planHash,
      verb,
      type,
      body,
    };
  }

  #note(placed: Placed): void {
    const { planHash } = placed.entry;
    if (planHash === null) return;
    const others = this.#byPlan.get(planHash) ?? [];
    this.#byPlan.set(planHash, [...others, placed]);
  }

  /** What is stored must be this ledger, up to a checkpoint that this key has signed. */
  #replay(): void {
    const { me, origin, store, primitives } = this.#parts;
    const trust = this.#keys.trustIn(me);
    if (origin !== trust.origin)
      throw integrity(me, `the ledger of ${me} is not the one that its card names`);
    for (let index = 0; index < this.#tree.size; index += 1) {
      const entry = asIntegrity(me, () => readDocument("entry/v1", store.leaf(index)));
      if (entry.ledger !== origin) throw integrity(me, `the state of ${me} holds the ledger of another`);
      this.#note({ index, entry });
    }
    const last = store.lastCheckpoint();
    if (last === undefined) return;
    const { checkpoint } = asIntegrity(me, () =>
      verifyCosigned(primitives, last.note, { ...trust, quorum: 0 }),
    );
    if (checkpoint.size > this.#tree.size || !equal(this.#tree.root(checkpoint.size), checkpoint.root))
      throw integrity(me, `the entries of ${me} are not those of its last checkpoint`);
  }

  /** Two roots for one size are two histories, whoever cosigned them. */
  #compareHeads(from: PartyId, { origin, size, root }: Checkpoint): void {
    const known = [this.#heads.get(from), this.#parts.store.witnessState(origin)];
    if (known.some((head) => head?.size === size && !equal(head.root, root))) {
      this.#parts.log({ event: "ledger.split", party: this.#parts.me, peer: from, count: size });
      throw integrity(from, `split view: the ledger of ${from} shows two histories of ${size} entries`);
    }
    if ((this.#heads.get(from)?.size ?? -1) < size) this.#heads.set(from, { size, root });
  }
}

/** Runs a check of somebody's bytes; its failure is that party's. */
function asIntegrity<T>(party: PartyId, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof LedgerError || error instanceof WireError)
      throw integrity(party, `the ledger of ${party} does not hold: ${error.message}`);
    throw error;
  }
}

function integrity(party: PartyId, message: string): EngineError {
  return new EngineError(
    "integrity",
    party,
    message,
    "nothing of it is used; compare the ledgers of both parties",
  );
}
