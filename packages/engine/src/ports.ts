// SPDX-License-Identifier: Apache-2.0
import type { Channel, Job, PartyId } from "@koplamp/protocol";
import type { DatasetSpec, Hash, Pieces, Quality, Table } from "@koplamp/wire";
import type { EgressCount } from "./egress.ts";

/** Wall time in milliseconds since 1970, and waiting. For expiry, deadlines and log lines only, never for privacy. */
export interface Clock {
  now(): number;
  sleep(ms: number): Promise<void>;
}

/** A charge, as it is kept: never refunded, recomputed from the ledger at start. */
export interface Charge {
  /** Names the budget, e.g. `evaluations/<key set>/<asker>`. */
  readonly budget: string;
  readonly amount: bigint;
}

/** A witness's last view of one ledger. */
export interface WitnessState {
  readonly size: number;
  readonly root: Uint8Array;
}

/**
 * What one party keeps. One writer; every method that writes returns after the write is durable. The lab keeps it in
 * memory, through the same code.
 */
export interface Store {
  /**
   * Runs `act`, which waits for nothing, and makes all that it writes durable at once when it returns; when it throws,
   * nothing of it was written. At most one `append` is among it, and counts only afterwards.
   */
  together<T>(act: () => T): T;
  /** Appends leaves and debits in one transaction. Gives the indices. @throws {StoreError} `budget` and writes nothing when a budget would pass `limits`. */
  append(
    leaves: readonly Uint8Array[],
    charges?: readonly Charge[],
    limits?: Readonly<Record<string, bigint>>,
  ): readonly number[];
  size(): number;
  leaf(index: number): Uint8Array;
  /** RFC 6962 leaf hashes of all leaves, in order. */
  leafHashes(): readonly Uint8Array[];
  spent(budget: string): bigint;
  /** Keeps the signed checkpoint of a size. @throws {StoreError} when another root stands for that size already. */
  putCheckpoint(size: number, note: Uint8Array): void;
  checkpoint(size: number): Uint8Array | undefined;
  lastCheckpoint(): { readonly size: number; readonly note: Uint8Array } | undefined;
  witnessState(origin: string): WitnessState | undefined;
  /** Stores `next` only if the stored size is still `oldSize` (0: nothing stored). Says whether it did. */
  replaceWitnessState(origin: string, oldSize: number, next: WitnessState): boolean;
  /** Documents by hash; signatures stand beside them. */
  putDocument(hash: Hash, bytes: Uint8Array, signatures: readonly string[]): void;
  document(hash: Hash): { readonly bytes: Uint8Array; readonly signatures: readonly string[] } | undefined;
  /** Sealed bytes that outlive a session: key shares, cached evaluations. Names hold no identifier. */
  putSealed(name: string, sealed: Uint8Array): void;
  sealed(name: string): Uint8Array | undefined;
  sealedNames(prefix: string): readonly string[];
  dropSealed(name: string): void;
  dropDocument(hash: Hash): void;
  /** Writes the whole file anew, so that nothing of what was dropped is left in it or beside it. */
  scrub(): void;
  close(): void;
}

/** Pieces of bytes that stand outside memory while somebody needs them, sealed under a key that only memory holds. */
export interface ScratchFile extends Pieces {
  /** Erases all pieces. May be called again. */
  close(): void;
}

/** Where a long list stands in place of memory. Nothing of it outlives the process. */
export interface Scratch {
  open(): ScratchFile;
}

/** A dataset in canonical form at one moment. */
export interface Snapshot {
  readonly table: Table;
  readonly quality: Quality;
  /** SHA-256 of the source file as it was read. It never leaves the node unsalted. */
  readonly digest: Uint8Array;
}

/** Reads a declared dataset: the named columns only. @throws {SourceError} with a code, a sentence and a hint. */
export type ReadSource = (spec: DatasetSpec, columns: readonly string[]) => Promise<Snapshot>;

/** The secrets of one session on one worker. */
export interface SessionPool {
  run(job: Job<readonly unknown[], unknown>, args: readonly unknown[]): Promise<unknown>;
  wipe(): Promise<void>;
}

/** Workers, shared by all sessions of a process. */
export interface Workers {
  /** How many jobs run at one time. */
  readonly size: number;
  /** A fresh vault on some worker, filled with `secrets`; the caller's copies may be wiped when it resolves. */
  session(secrets: Readonly<Record<string, Uint8Array>>): Promise<SessionPool>;
  close(): Promise<void>;
}

/** A line of the log. Fields come from a closed list; none can hold an identifier. */
export interface LogEvent {
  readonly event: string;
  readonly party: PartyId;
  readonly session?: string;
  readonly plan?: string;
  readonly peer?: PartyId;
  readonly phase?: string;
  readonly code?: string;
  readonly count?: number;
  readonly bytes?: number;
  readonly ms?: number;
}

/** A session's sealed channel, with what the engine needs besides the kernel's four calls. */
export interface SessionChannel extends Channel {
  /** 32 bytes that only this party and `peer` know, for masks and peppers. */
  exporter(peer: PartyId): Uint8Array;
  readonly gate: GateLink;
  /** Plaintext bytes and messages that have left, by recipient and type. */
  egress(): readonly EgressCount[];
  /** SHA-256 over the sealed frames of the message that the last `receive(from)` gave. */
  receivedFrame(from: PartyId): Uint8Array;
  /** Ends the session: waits reject with `reason`, keys are wiped, peers are told nothing but an end. */
  abort(reason: Error): void;
  close(): Promise<void>;
}

/**
 * What a session's channel is opened for. Its handshake travels under the post topic `channel/<session as hex>/`:
 * failing that prefix ends an opening that waits.
 */
export interface ChannelRequest {
  /** 16 bytes. */
  readonly session: Uint8Array;
  readonly transcript: Uint8Array;
  readonly peers: readonly PartyId[];
  /** Rejects when the question is over; the session ends with it, also while hands are shaken. */
  readonly stopped?: Promise<never>;
}

/** The datasets of one node, by name. */
export interface Sources {
  readonly specs: Readonly<Record<string, DatasetSpec>>;
  /** The dataset's snapshot in force: read once, read again when the source has changed and no question uses it. */
  snapshot(dataset: string): Promise<Snapshot>;
}

/** The seeds and keys of one machine; in a lab or trial also those of people who ask and approve. */
export interface NodeKeys {
  readonly identity: Uint8Array;
  readonly ledger: Uint8Array;
  readonly witness: Uint8Array;
  readonly covenant: Uint8Array;
  readonly sealX25519: Uint8Array;
  /** 64-byte seed. */
  readonly sealMlKem: Uint8Array;
  /** Seals key shares and cached evaluations at rest; 32 bytes. */
  readonly storage: Uint8Array;
  readonly people: {
    readonly analyst?: Uint8Array;
    readonly lawful?: Uint8Array;
    readonly ethical?: Uint8Array;
    readonly officer?: Uint8Array;
  };
}

/** What a person may watch: phase of a party, and how far it is. */
export interface Progress {
  readonly party: PartyId;
  readonly phase: string;
  /** 0 to 1 where it is known. */
  readonly done?: number;
  readonly rate?: string;
}

/** Messages of one session beside its protocol, under keys of their own: notices, proofs, receipts. */
export interface GateLink {
  send(to: PartyId, body: Uint8Array): Promise<void>;
  receive(from: PartyId): Promise<Uint8Array>;
}
