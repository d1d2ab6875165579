// SPDX-License-Identifier: Apache-2.0
// Documents of real questions: a match, a count and a sum, and by hand those that a bundle does not hold.
import { loadHe } from "@koplamp/he";
import {
  canonicalBytes,
  DOCUMENT_TYPES,
  type DocumentType,
  fromUtf8,
  type Post,
  parseCanonical,
} from "@koplamp/wire";
import {
  changedPost,
  countOf,
  Federation,
  matchOf,
  primitives,
  sumOf,
} from "../../packages/engine/test/federation.ts";

/** Bytes of every type of document, the bundle of one question, and tickets. */
export interface Samples {
  readonly documents: ReadonlyMap<DocumentType, readonly Uint8Array[]>;
  readonly bundle: Uint8Array;
  /** What nodes tell the coordinator of a session. */
  readonly tickets: readonly Uint8Array[];
}

const LISTS = { anna: ["x@a@1", "y@a@2"], bert: ["y@a@2", "z@b@3"], cleo: ["y@b@4"] };

/** Asks, and takes the bundles apart. */
export async function samples(): Promise<Samples> {
  const bundles: Uint8Array[] = [];
  const tickets: Uint8Array[] = [];
  const he = await loadHe(primitives);
  const parties = ["anna", "bert", "cleo"];
  for (const ask of [matchOf, countOf, sumOf]) {
    const federation = new Federation(LISTS, { he, post: (post) => overheard(post, tickets) });
    const outcome = await federation.ask("anna", ask(parties, ["anna"]));
    await federation.outcomes(["bert", "cleo"]);
    await federation.close();
    if (outcome.status !== "released" || outcome.bundle === undefined) throw new Error(outcome.status);
    bundles.push(outcome.bundle);
  }
  const [bundle = new Uint8Array()] = bundles;
  return { documents: documentsOf(bundles), bundle, tickets };
}

function overheard(post: Post, tickets: Uint8Array[]): Post {
  return changedPost(post, (to, topic, body) => {
    if (topic.startsWith("ticket/")) tickets.push(body);
    return post.send(to, topic, body);
  });
}

function documentsOf(bundles: readonly Uint8Array[]): ReadonlyMap<DocumentType, readonly Uint8Array[]> {
  const found = new Map<DocumentType, Uint8Array[]>();
  const add = (type: DocumentType, bytes: Uint8Array): void => {
    const known = found.get(type) ?? [];
    if (known.length < 12) found.set(type, [...known, bytes]);
  };
  for (const [name, bytes] of bundles.flatMap((one) => [...filesIn(one)])) {
    if (!name.endsWith(".json")) continue;
    const type = name.startsWith("ledgers/") ? "entry/v1" : typeOf(bytes);
    if (type !== undefined) add(type, bytes);
  }
  for (const [type, document] of byHand(fieldsOf(found, "bundle/v1"), fieldsOf(found, "approval/v1"))) {
    add(type, canonicalBytes(document));
  }
  return found;
}

/** What no bundle holds. */
function byHand(index: Fields, approval: Fields): readonly (readonly [DocumentType, Fields])[] {
  const salt = Buffer.alloc(32, 1).toString("base64");
  const { planHash, contractHash, covenantHash } = index;
  const common = { covenantHash, party: "anna", at: "2026-11-24T12:00:00Z", salt };
  const reason = { nl: "Storing", en: "A fault" };
  const suspension = { action: "suspend", by: approval["by"], previous: planHash, reason };
  const later = "2027-03-01T00:00:00Z";
  const stay = { kind: "presence", place: { municipality: "GM0363" }, from: common.at, to: later };
  const own = { interest: stay, reference: "2027-114", desk: "narcotics", by: "officer", expires: later };
  const interest = { action: "add", own, previous: null, by: approval["by"] };
  return [
    ["result/v1", { koplamp: "result/v1", planHash, contractHash, answer: "{}", withheld: [], salt }],
    ["suspension/v1", { koplamp: "suspension/v1", ...common, ...suspension }],
    ["interest/v1", { koplamp: "interest/v1", ...common, ...interest }],
    ["withdrawal/v1", { koplamp: "withdrawal/v1", ...common, reason }],
  ];
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(found: ReadonlyMap<DocumentType, readonly Uint8Array[]>, type: DocumentType): Fields {
  const [bytes = new Uint8Array()] = found.get(type) ?? [];
  return parseCanonical(bytes, { maxBytes: 2 ** 20 }) as Fields; // safe because every document is an object
}

function typeOf(bytes: Uint8Array): DocumentType | undefined {
  const { koplamp } = parseCanonical(bytes, { maxBytes: 2 ** 20 }) as Fields;
  return DOCUMENT_TYPES.find((type) => type === koplamp);
}

/** The files of an uncompressed ustar archive. */
function filesIn(tar: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const text = (from: number, length: number): string =>
    fromUtf8(tar.subarray(from, from + length)).replace(/\0.*$/s, "");
  for (let at = 0; text(at, 100) !== ""; ) {
    const size = Number.parseInt(text(at + 124, 12), 8);
    files.set(text(at, 100), tar.slice(at + 512, at + 512 + size));
    at += 512 + 512 * Math.ceil(size / 512);
  }
  return files;
}
