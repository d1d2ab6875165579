// SPDX-License-Identifier: Apache-2.0
// Entries of a ledger before and after they are written.
import type { SignedBytes } from "@koplamp/covenant";
import type { Entry, EntryBody, EntryType, Hash, PublicKey, Verb } from "@koplamp/wire";

/** An entry to be written: the ledger adds its origin and the time. */
export interface Draft {
  readonly type: EntryType;
  readonly verb: Verb;
  readonly planHash?: Hash;
  /** A person's key; the node itself where absent. */
  readonly by?: PublicKey;
  readonly body: EntryBody;
  /** What is kept beside the entry, sealed, and never shown in it: salts of its commitments. */
  readonly kept?: Readonly<Record<string, string>>;
  /** Documents that it names by their hashes. */
  readonly documents?: readonly (readonly [hash: Hash, document: SignedBytes])[];
  /** Writes that are durable with the entry, or not at all; they know its place. */
  readonly beside?: (index: number) => void;
}

/** An entry and its place. */
export interface Placed {
  readonly index: number;
  readonly entry: Entry;
}
