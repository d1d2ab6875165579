// SPDX-License-Identifier: Apache-2.0
import type { Primitives } from "@koplamp/crypto";
import type { Approval, Card, Contract, Covenant, Documents, Hash, Plan, Roster, Time } from "@koplamp/wire";
import { documentHash, readDocument } from "@koplamp/wire";
import type { BundledDocument, ReadBundle, SignedFile } from "./bundle.ts";

/** The documents that found a federation, as a bundle has them. */
export interface FoundingFiles {
  readonly covenant: SignedFile;
  readonly cards: readonly SignedFile[];
  readonly roster: SignedFile;
}

/** A federation whose documents were checked. */
export interface Founding {
  readonly covenant: Covenant;
  readonly covenantHash: Hash;
  readonly roster: Roster;
  readonly rosterHash: Hash;
  readonly cards: ReadonlyMap<string, Card>;
}

/** What a verifier brings along: nothing of it comes out of the bundle. */
export interface VerifyOptions {
  readonly trust: Trust;
  readonly primitives: Primitives;
  /** Computes a contract, as `contractOf` does. */
  readonly recompute: (covenant: Covenant, roster: Roster, plan: Plan, primitives: Primitives) => Contract;
  /** Checks the founding documents and throws unless all of them hold, as `admitFounding` does. */
  readonly admit: (files: FoundingFiles, primitives: Primitives) => Founding;
  /** Checks what the people of a party signed and throws unless it is a yes to this question, as `checkApprovals` does. */
  readonly approve: (
    party: string,
    given: readonly SignedFile[],
    question: ApprovedQuestion,
    primitives: Primitives,
  ) => unknown;
  /** How many padded elements `asker` may have evaluated by `holder`, by the agreement and the size of the domain. */
  readonly quota: (covenant: Covenant, plan: Plan, asker: string, holder: string) => number;
  /** The moment at which terms are looked at; when the bundle was made, where it is absent. */
  readonly at?: Time;
}

/** What people say yes to, and the moment until which that must hold. */
export interface ApprovedQuestion {
  readonly plan: Plan;
  readonly planHash: Hash;
  readonly contractHash: Hash;
  readonly covenant: Covenant;
  readonly cards: ReadonlyMap<string, Card>;
  readonly now: Time;
}

/** An approval of a bundle. */
export type BundledApproval = BundledDocument & { readonly value: Approval };

/** What somebody was told on paper. */
export interface Trust {
  readonly covenant: Hash;
}

/** A bundle and what has been established about it so far: each check sees what the checks before it have proven. */
export interface Evidence extends Pick<VerifyOptions, "trust" | "primitives"> {
  readonly bundle: ReadBundle;
  readonly founding?: Founding;
  readonly plan?: Plan;
  readonly contract?: Contract;
}

/** All included documents of a type, read. */
export function documentsOf<T extends keyof Documents>(
  { documents }: ReadBundle,
  type: T,
): readonly (BundledDocument & { readonly value: Documents[T] })[] {
  return documents
    .filter((document) => document.type === type)
    .map((document) => ({ ...document, value: readDocument(type, document.bytes) }));
}

/** A document of a type by its hash; `left out` when the index names it and does not hold it. */
export function rootOf<T extends keyof Documents>(
  bundle: ReadBundle,
  type: T,
  hash: Hash,
): (BundledDocument & { readonly value: Documents[T] }) | "left out" | undefined {
  const found = documentsOf(bundle, type).find((document) => document.hash === hash);
  if (found !== undefined) return found;
  const named = bundle.index.documents.some((row) => row.hash === hash && row.type === type && !row.included);
  return named ? "left out" : undefined;
}

/** Whether any document of a type is named and not held. */
export function leavesOut(bundle: ReadBundle, type: keyof Documents): boolean {
  return bundle.index.documents.some((row) => row.type === type && !row.included);
}

/** Whether one of these keys has signed the document. The signature itself was checked when the bundle was read. */
export function signedBy({ signatures }: BundledDocument, keys: readonly string[]): boolean {
  return signatures.some((line) => keys.includes(line.slice(0, line.indexOf(" "))));
}

/** Whether an agreement is a lab's, where nobody has agreed to anything. */
export function isLab(founding: Founding | undefined): boolean {
  return founding?.covenant.id.startsWith("lab/") === true;
}

/** The hash of what a document would be. */
export function hashOf({ sha256 }: Primitives, bytes: Uint8Array): Hash {
  return documentHash(sha256, bytes);
}

/** What `act` gives, or the error that it threw: a check that throws is a promise that does not hold. */
export function attempt<T>(act: () => T): T | Error {
  try {
    return act();
  } catch (error) {
    return error instanceof Error ? error : new Error("an unknown fault");
  }
}
