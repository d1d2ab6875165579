// SPDX-License-Identifier: Apache-2.0
// What the desks of one agency look at, and with whom they met over it. Sealed, at this node alone.
import { admitInterest, CovenantError, type SignedBytes, signInterest } from "@koplamp/covenant";
import type { PartyId } from "@koplamp/protocol";
import {
  addPeriod,
  base64,
  canonicalBytes,
  documentHash,
  FINEST_GRID,
  fromBase64,
  hex,
  INTERESTS,
  type Interest,
  type InterestWord,
  interestItems,
  isTime,
  type OwnInterest,
  ownInterestForm,
  parseCanonical,
  type Time,
  timeMs,
  timeText,
  WireError,
} from "@koplamp/wire";
import { z } from "zod";
import { putAtRest, readAtRest } from "./at-rest.ts";
import { EngineError } from "./errors.ts";
import type { NodePorts } from "./node-ports.ts";

/** What the book needs of the node that keeps it. */
export type Book = Pick<NodePorts, "primitives" | "keys" | "rng" | "store" | "clock" | "me" | "membership">;

const PREFIX = "interest/";
const MOST_BYTES = 2 ** 18;
const ID_BYTES = 8;
/** How long a word may be under way from the person who signed it. */
const FRESH_MS = 600_000;
const WHEN = z.string().refine(isTime, "expected an instant as YYYY-MM-DDThh:mm:ssZ");

const ACT: z.ZodType<InterestAct> = z.strictObject({
  act: z.enum(["add", "withdraw", "expire", "meet"]),
  at: WHEN,
  party: z.string().nullable(),
  salt: z.string(),
  signed: z.strictObject({ bytes: z.string(), signatures: z.array(z.string()).readonly() }).nullable(),
  entry: z.int().nullable(),
});

const KEPT = z.strictObject({
  own: ownInterestForm,
  added: WHEN,
  withdrawn: z.strictObject({ at: WHEN, by: z.string() }).nullable(),
  meetings: z.array(z.strictObject({ party: z.string(), first: WHEN, last: WHEN })).readonly(),
  acts: z.array(ACT).readonly(),
});

/** Something that was done with an interest, or became of it. */
export interface InterestAct {
  readonly act: "add" | "withdraw" | "expire" | "meet";
  readonly at: Time;
  /** The agency that looks at the same; of `meet` alone. */
  readonly party: PartyId | null;
  /** base64 of 32 bytes, without which its hash says nothing. */
  readonly salt: string;
  /** The word of the person who added or withdrew it, in base64; null for what the node found. */
  readonly signed: { readonly bytes: string; readonly signatures: readonly string[] } | null;
  /** The entry of the own ledger that commits to it; null until the next run. */
  readonly entry: number | null;
}

/** An interest with all that became of it: what the desk's own audit shows. */
export interface KeptInterest extends OwnInterest {
  readonly id: string;
  readonly added: Time;
  readonly withdrawn: { readonly at: Time; readonly by: string } | null;
  /** Agencies whose interest met it, and when that was found out for the first and the last time. */
  readonly meetings: readonly Meeting[];
  readonly acts: readonly InterestAct[];
}

/** An agency that looks at the same. */
interface Meeting {
  readonly party: PartyId;
  readonly first: Time;
  readonly last: Time;
}

/**
 * Puts an interest in the book, by an analyst's word, or in a trial by one that the node signs for its analyst. Gives its
 * name there. @throws {EngineError} `refused`, and nothing is kept.
 */
export function addInterest(book: Book, given: OwnInterest, signed: SignedBytes | undefined): string {
  const now = timeText(book.clock.now());
  const read = ownInterestForm.safeParse(given); // attacker-controlled
  if (!read.success) throw unfit(book, read.error.issues[0]?.message ?? "expected an interest");
  const own = read.data;
  if (own.expires <= now) throw unfit(book, "expected an end that is still to come");
  expectRoom(book, itemsIn(book, own.interest));
  const act = actBy(book, "add", { own, previous: null }, signed);
  const id = hex(book.rng(ID_BYTES));
  put(book, id, { own, added: now, withdrawn: null, meetings: [], acts: [act] });
  return id;
}

/** An act by a person: what they signed, or in a trial what the node signs for them. */
function actBy(
  book: Book,
  act: InterestWord["action"],
  said: Pick<InterestWord, "own" | "previous">,
  given: SignedBytes | undefined,
): InterestAct {
  const signed = given ?? signedHere(book, act, said);
  const word = admitted(book, signed);
  const same = canonicalBytes({ action: act, ...said });
  const { action, own, previous } = word;
  if (hex(canonicalBytes({ action, own, previous })) !== hex(same))
    throw unfit(book, "expected the word about this interest, got one about another");
  const known = interestsOf(book).some(({ acts }) => acts.some(({ salt }) => salt === word.salt));
  if (known) throw unfit(book, "expected a new word, got one that was given before");
  return {
    ...found(book, act, null),
    salt: word.salt,
    signed: { bytes: base64(signed.bytes), signatures: signed.signatures },
  };
}

function admitted({ membership, primitives, me, clock }: Book, signed: SignedBytes): InterestWord {
  const hint = "koplamp interest signs with the key of an analyst on the own card: --key";
  try {
    const word = admitInterest(signed, me, membership, primitives);
    if (Math.abs(timeMs(word.at) - clock.now()) <= FRESH_MS) return word;
  } catch (reason) {
    if (!(reason instanceof CovenantError || reason instanceof WireError)) throw reason;
    throw new EngineError("refused", me, reason.message, hint);
  }
  throw new EngineError("refused", me, "expected a word of the last ten minutes, got another", hint);
}

/** What a node signs that has the key of its analyst, as in a trial. */
function signedHere(
  { keys, membership, primitives, me, rng, clock }: Book,
  action: InterestWord["action"],
  said: Pick<InterestWord, "own" | "previous">,
): SignedBytes {
  const { analyst: seed } = keys.people;
  const { covenantHash } = membership;
  const hint = "sign it with the key of an analyst on the own card: --key FILE";
  if (seed === undefined)
    throw new EngineError("refused", me, `the node of ${me} has no key of an analyst`, hint);
  const signer = { seed, salt: base64(rng(32)), now: timeText(clock.now()), primitives };
  return signInterest({ party: me, covenantHash, action, ...said }, signer);
}

/** An act that the node found, and nobody signed. */
function found({ rng, clock }: Book, act: InterestAct["act"], party: PartyId | null): InterestAct {
  const at = timeText(clock.now());
  return { act, at, party, salt: base64(rng(32)), signed: null, entry: null };
}

function itemsIn(book: Book, interest: Interest): number {
  try {
    return interestItems(interest, FINEST_GRID).length;
  } catch (reason) {
    if (reason instanceof WireError) throw unfit(book, reason.message);
    throw reason;
  }
}

/** All that is live is compared every time: what does not fit is refused here, and never left out there. */
function expectRoom(book: Book, more: number): void {
  const now = timeText(book.clock.now());
  const live = interestsOf(book).filter((kept) => isLive(kept, now));
  const used = live.reduce((sum, { interest }) => sum + itemsIn(book, interest), 0);
  if (used + more <= INTERESTS.elements) return;
  const message = `expected an interest that fits: it takes ${more} of ${INTERESTS.elements} places, and ${used} are taken`;
  const hint = "withdraw what is over, or name a smaller place, a shorter time, or a municipality";
  throw new EngineError("refused", book.me, message, hint);
}

/**
 * Takes an interest back: from now on it meets nobody. The record stays, for the audit.
 * @throws {EngineError} `refused` when there is none, or it is over.
 */
export function withdrawInterest(book: Book, id: string, by: string, signed: SignedBytes | undefined): void {
  const kept = interestsOf(book).find((one) => one.id === id);
  if (kept === undefined || !isLive(kept, timeText(book.clock.now()))) {
    throw unfit(book, "expected an interest of this agency that still runs");
  }
  const act = actBy(book, "withdraw", { own: null, previous: wordThatAdded(book, kept) }, signed);
  const withdrawn = { at: timeText(book.clock.now()), by };
  keep(book, { ...kept, withdrawn, acts: [...kept.acts, act] });
}

function wordThatAdded({ primitives, me }: Book, { acts }: KeptInterest): string {
  const bytes = acts.find(({ act }) => act === "add")?.signed?.bytes;
  if (bytes !== undefined) return documentHash(primitives.sha256, fromBase64(bytes));
  throw new EngineError("integrity", me, "an interest is not what was written");
}

/** All interests, those that are over too, in the order in which they were added. */
export function interestsOf(book: Book): readonly KeptInterest[] {
  const all = book.store.sealedNames(PREFIX).map((name): KeptInterest => {
    const bytes = readAtRest(book, name);
    if (!(bytes instanceof Uint8Array))
      throw new EngineError("integrity", book.me, "an interest is not what was written");
    const { own, ...rest } = KEPT.parse(parseCanonical(bytes, { maxBytes: MOST_BYTES }));
    return { id: name.slice(PREFIX.length), ...own, ...rest };
  });
  return all.sort((a, b) => (a.added < b.added || (a.added === b.added && a.id < b.id) ? -1 : 1));
}

/** Whether an interest still runs. */
export function isLive({ withdrawn, expires }: KeptInterest, now: Time): boolean {
  return withdrawn === null && now < expires;
}

/** Interests that met, with the meeting noted; what was withdrawn or expired meanwhile meets nobody. Nothing is kept yet. */
export function withMeetings(book: Book, party: PartyId, ids: ReadonlySet<string>): readonly KeptInterest[] {
  const at = timeText(book.clock.now());
  const met = interestsOf(book).filter((kept) => ids.has(kept.id) && isLive(kept, at));
  return met.map((kept) => {
    const before = kept.meetings.find((one) => one.party === party);
    const others = kept.meetings.filter((one) => one.party !== party);
    const meetings = [...others, { party, first: before?.first ?? at, last: at }];
    const acts = before === undefined ? [...kept.acts, found(book, "meet", party)] : kept.acts;
    return { ...kept, meetings, acts };
  });
}

/** An interest with its end noted, once it has expired. Nothing is kept yet. */
export function withEnd(book: Book, kept: KeptInterest): KeptInterest {
  const over = kept.withdrawn === null && !isLive(kept, timeText(book.clock.now()));
  if (!over || kept.acts.some(({ act }) => act === "expire")) return kept;
  return { ...kept, acts: [...kept.acts, found(book, "expire", null)] };
}

/** Keeps interests, with the entry of the ledger in which the acts stand that stood in none. */
export function keepLogged(book: Book, interests: readonly KeptInterest[], entry: number): void {
  for (const kept of interests)
    keep(book, { ...kept, acts: kept.acts.map((act) => (act.entry === null ? { ...act, entry } : act)) });
}

/** Forgets what has been over for as long as the agreement keeps results. */
export function pruneInterests(book: Book): void {
  const now = timeText(book.clock.now());
  const { results } = book.membership.covenant.retention;
  for (const { id, withdrawn, expires } of interestsOf(book)) {
    if (addPeriod(withdrawn?.at ?? expires, results) <= now) book.store.dropSealed(`${PREFIX}${id}`);
  }
}

function keep(book: Book, kept: KeptInterest): void {
  const { id, interest, reference, desk, by, expires, ...rest } = kept;
  put(book, id, { own: { interest, reference, desk, by, expires }, ...rest });
}

function put(book: Book, id: string, kept: z.infer<typeof KEPT>): void {
  putAtRest(book, `${PREFIX}${id}`, canonicalBytes(kept));
}

function unfit({ me }: Book, expected: string): EngineError {
  return new EngineError("refused", me, expected, "koplamp interest add --help shows what is taken");
}
