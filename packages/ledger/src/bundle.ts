// SPDX-License-Identifier: Apache-2.0
// `.koplamp.tar`: everything that a verifier needs of one question, in one file (evidence.md, section 9).
import { type Primitives, signDocument, verifyDocument } from "@koplamp/crypto";
import {
  type Bundle,
  type DocumentType,
  documentBytes,
  documentHash,
  type Entry,
  fromUtf8,
  type Hash,
  parseCanonical,
  readDocument,
  type Time,
  utf8,
  WireError,
} from "@koplamp/wire";
import { LedgerError } from "./errors.ts";
import { readProof } from "./proof.ts";
import { type ArchiveFile, readTar, writeTar } from "./tar.ts";

/** A document as it is kept and sent: canonical bytes, and the signature lines that stand beside them. */
export interface SignedFile {
  readonly bytes: Uint8Array;
  readonly signatures: readonly string[];
}

/** An entry as its ledger's owner shows it. */
export interface ShownEntry {
  readonly leaf: Uint8Array;
  readonly proof: Uint8Array;
}

/** Entries of one party's ledger. */
export interface ShownLedger {
  readonly party: string;
  readonly entries: readonly ShownEntry[];
}

/** What a bundle is made of. Whoever makes it signs the index with its identity key. */
export interface BundleParts {
  readonly by: string;
  readonly made: Time;
  /** 32-byte seed. */
  readonly identity: Uint8Array;
  /** Covenant, cards, roster, plan and contract, and whatever else is at hand; each once. */
  readonly documents: readonly SignedFile[];
  /** Documents that are named by their hash alone: their checks will be skipped. */
  readonly leftOut?: readonly SignedFile[];
  readonly ledgers: readonly ShownLedger[];
  readonly primitives: Primitives;
}

/** A document of a bundle. */
export interface BundledDocument extends SignedFile {
  readonly hash: Hash;
  readonly type: DocumentType;
}

/** An entry of a bundle; its proof is not verified yet. */
export interface BundledEntry extends ShownEntry {
  readonly party: string;
  readonly index: number;
  readonly entry: Entry;
}

/** A bundle whose files are all in their place: hashes and signatures hold, but nothing says whose keys count. */
export interface ReadBundle {
  readonly index: Bundle;
  readonly signed: BundledDocument;
  readonly documents: readonly BundledDocument[];
  readonly entries: readonly BundledEntry[];
}

const MOST_LINES = 256;
const ROOTS = ["covenant/v1", "roster/v1", "plan/v1", "contract/v1"] as const;

/**
 * Puts a bundle together: equal content gives equal bytes.
 * @throws {LedgerError} `malformed` unless there is one covenant, roster, plan and contract.
 */
export function packBundle(parts: BundleParts): Uint8Array {
  const { sha256 } = parts.primitives;
  const documents = byHash(parts.documents.map((file) => bundled(sha256, file)));
  const leftOut = byHash((parts.leftOut ?? []).map((file) => bundled(sha256, file)));
  const entries = parts.ledgers.flatMap(({ party, entries: shown }) =>
    shown.map((one) => bundledEntry(party, readProof(one.proof).index, one)),
  );
  const bytes = documentBytes(indexOf(parts, documents, leftOut, entries));
  const hash = documentHash(sha256, bytes);
  const signature = signDocument(parts.primitives, parts.identity, "bundle/v1", hash);
  const index: BundledDocument = { hash, type: "bundle/v1", bytes, signatures: [signature] };
  return writeTar(filesOf(index, [...documents.values()], entries));
}

/**
 * Takes a bundle apart. Every file must be one that the index names, every document hash to its name, every signature
 * line be one by the key that it states.
 * @throws {LedgerError} `malformed` naming the place.
 */
export function readBundle(primitives: Primitives, bytes: Uint8Array): ReadBundle {
  // attacker-controlled
  const files = new Map(readTar(bytes).map(({ name, bytes: content }) => [name, content]));
  const [, name] = /^([0-9a-f]{64})\n$/.exec(textAt(files, "index")) ?? [];
  if (name === undefined) throw malformed("the index has no name");
  const signed = documentOf(primitives, files, `sha256:${name}`, "bundle/v1");
  const index = reading("the index", () => readDocument("bundle/v1", signed.bytes));
  const documents = index.documents
    .filter(({ included }) => included)
    .map(({ hash, type }) => documentOf(primitives, files, hash, type as DocumentType)); // safe: the reader of indices knows them
  const entries = index.proofs.map(({ party, index: at, type }) => {
    const name = `ledgers/${party}/${at}`;
    const shown = { leaf: fileAt(files, `${name}.json`), proof: fileAt(files, `${name}.tlog-proof`) };
    const one = reading(name, () => bundledEntry(party, readProof(shown.proof).index, shown));
    if (one.entry.type !== type || one.index !== at)
      throw malformed(`${name} is not the entry that the index names`);
    return one;
  });
  const all = filesOf(signed, documents, entries).map(({ name }) => name);
  if (all.join() !== [...files.keys()].join())
    throw malformed("the files are not those that the index names");
  return { index, signed, documents, entries };
}

function indexOf(
  { by, made }: BundleParts,
  documents: ReadonlyMap<Hash, BundledDocument>,
  leftOut: ReadonlyMap<Hash, BundledDocument>,
  entries: readonly BundledEntry[],
): Bundle {
  const rows = [
    ...[...documents.values()].map(({ hash, type }) => ({ hash, type, included: true })),
    ...[...leftOut.values()].map(({ hash, type }) => ({ hash, type, included: false })),
  ];
  const [covenantHash, rosterHash, planHash, contractHash] = ROOTS.map((type) => {
    const [root, ...more] = rows.filter((row) => row.type === type);
    if (root === undefined || more.length > 0) throw malformed(`expected one ${type}`);
    return root.hash;
  });
  return {
    koplamp: "bundle/v1",
    covenantHash: covenantHash ?? "",
    rosterHash: rosterHash ?? "",
    planHash: planHash ?? "",
    contractHash: contractHash ?? "",
    made,
    by,
    documents: rows.sort((a, b) => (a.hash < b.hash ? -1 : 1)),
    proofs: sorted(entries).map(({ party, index, entry }) => ({ party, index, type: entry.type })),
  };
}

/** Every file in its place: the index, documents, signatures, entries with their proofs. */
function filesOf(
  index: BundledDocument,
  documents: readonly BundledDocument[],
  entries: readonly BundledEntry[],
): readonly ArchiveFile[] {
  const all = [index, ...documents].sort((a, b) => (a.hash < b.hash ? -1 : 1));
  return [
    { name: "index", bytes: utf8(`${index.hash.slice(7)}\n`) },
    ...all.map(({ hash, bytes }) => ({ name: `documents/${hash.slice(7)}.json`, bytes })),
    ...all.flatMap(({ hash, signatures }) => {
      const bytes = utf8(signatures.map((line) => `${line}\n`).join(""));
      return signatures.length === 0 ? [] : [{ name: `signatures/${hash.slice(7)}.sigs`, bytes }];
    }),
    ...sorted(entries).flatMap(({ party, index: at, leaf, proof }) => [
      { name: `ledgers/${party}/${at}.json`, bytes: leaf },
      { name: `ledgers/${party}/${at}.tlog-proof`, bytes: proof },
    ]),
  ];
}

function sorted(entries: readonly BundledEntry[]): readonly BundledEntry[] {
  const before = (a: BundledEntry, b: BundledEntry): number => (a.party < b.party ? -1 : 1);
  return [...entries].sort((a, b) => (a.party === b.party ? a.index - b.index : before(a, b)));
}

function byHash(documents: readonly BundledDocument[]): ReadonlyMap<Hash, BundledDocument> {
  return new Map(documents.map((document) => [document.hash, document]));
}

function bundled(sha256: Primitives["sha256"], { bytes, signatures }: SignedFile): BundledDocument {
  return { hash: documentHash(sha256, bytes), type: typeOf(bytes), bytes, signatures };
}

function bundledEntry(party: string, index: number, { leaf, proof }: ShownEntry): BundledEntry {
  return { party, index, leaf, proof, entry: readDocument("entry/v1", leaf) };
}

function typeOf(bytes: Uint8Array): DocumentType {
  const value = parseCanonical(bytes, { maxBytes: 2 ** 20 });
  const type =
    value !== null && typeof value === "object" && "koplamp" in value ? value["koplamp"] : undefined;
  if (typeof type !== "string") throw malformed("expected documents");
  return type as DocumentType; // safe because the index's own reader refuses a type that is none
}

function documentOf(
  primitives: Primitives,
  files: ReadonlyMap<string, Uint8Array>,
  hash: Hash,
  type: DocumentType,
): BundledDocument {
  const name = hash.slice(7);
  const bytes = fileAt(files, `documents/${name}.json`);
  if (documentHash(primitives.sha256, bytes) !== hash)
    throw malformed(`the document ${name} has another hash`);
  reading(`the document ${name}`, () => readDocument(type, bytes));
  const signatures = linesAt(files, `signatures/${name}.sigs`);
  const hold = signatures.every((line) =>
    verifyDocument(primitives, { type, hash, line, keys: [line.slice(0, line.indexOf(" "))] }),
  );
  if (!hold) throw malformed(`a signature on the document ${name} does not hold`);
  return { hash, type, bytes, signatures };
}

function linesAt(files: ReadonlyMap<string, Uint8Array>, name: string): readonly string[] {
  if (!files.has(name)) return [];
  const lines = textAt(files, name).split("\n");
  if (lines.pop() !== "" || lines.length > MOST_LINES || new Set(lines).size !== lines.length)
    throw malformed(`${name} is not one signature a line`);
  return lines;
}

function textAt(files: ReadonlyMap<string, Uint8Array>, name: string): string {
  return reading(name, () => fromUtf8(fileAt(files, name)));
}

function fileAt(files: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array {
  const bytes = files.get(name);
  if (bytes === undefined) throw malformed(`${name} is not there`);
  return bytes;
}

/** What `act` reads of somebody's bytes, or an error that names the place. */
function reading<T>(place: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof WireError || error instanceof LedgerError || error instanceof RangeError)
      throw malformed(`${place} cannot be read`);
    throw error;
  }
}

function malformed(message: string): LedgerError {
  return new LedgerError("malformed", message);
}
