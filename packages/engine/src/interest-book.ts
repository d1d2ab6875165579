// SPDX-License-Identifier: Apache-2.0
// What the desks of one agency look at, and with whom they met over it. Sealed, at this node alone.
import type { PartyId } from "@koplamp/protocol";
import {
  addPeriod,
  canonicalBytes,
  FINEST_GRID,
  hex,
  INTERESTS,
  type Interest,
  interestItems,
  isTime,
  parseCanonical,
  type Time,
  timeText,
  WireError,
} from "@koplamp/wire";
import { z } from "zod";
import { putAtRest, readAtRest } from "./at-rest.ts";
import { EngineError } from "./errors.ts";
import type { NodePorts } from "./node-ports.ts";

type Book = Pick<NodePorts, "primitives" | "keys" | "rng" | "store" | "clock" | "me" | "membership">;

const PREFIX = "interest/";
const MOST_BYTES = 2 ** 16;
const ID_BYTES = 8;
const WORDS = z.string().min(1, "expected some words").max(200, "expected at most 200 letters");
const WHEN = z.string().refine(isTime, "expected an instant as YYYY-MM-DDThh:mm:ssZ");
const AROUND = z.strictObject({ latitudeMicro: z.int(), longitudeMicro: z.int(), metres: z.int() });

const INTEREST: z.ZodType<Interest> = z.union([
  z.strictObject({
    kind: z.literal("presence"),
    place: z.union([AROUND, z.strictObject({ municipality: z.string() })]),
    from: WHEN,
    to: WHEN,
  }),
  z.strictObject({
    kind: z.string().refine((kind) => kind !== "presence"),
    values: z.array(z.string()).readonly(),
  }),
]);

const KEPT = z.strictObject({
  interest: INTEREST,
  reference: WORDS,
  desk: WORDS,
  by: WORDS,
  added: WHEN,
  expires: WHEN,
  withdrawn: z.strictObject({ at: WHEN, by: WORDS }).nullable(),
  meetings: z.array(z.strictObject({ party: z.string(), first: WHEN, last: WHEN })).readonly(),
});

/** What a desk puts in. `expires`: from then on nobody meets it any more. */
export interface NewInterest {
  readonly interest: Interest;
  /** The own case: told to nobody else. */
  readonly reference: string;
  /** Whom to tell within the own agency. */
  readonly desk: string;
  readonly by: string;
  readonly expires: Time;
}

/** An interest with all that became of it: what the desk's own audit shows. */
export interface KeptInterest extends NewInterest {
  readonly id: string;
  readonly added: Time;
  readonly withdrawn: { readonly at: Time; readonly by: string } | null;
  /** Agencies whose interest met it, and when that was found out for the first and the last time. */
  readonly meetings: readonly Meeting[];
}

/** An agency that looks at the same. */
interface Meeting {
  readonly party: PartyId;
  readonly first: Time;
  readonly last: Time;
}

/** The register, as the own people have it. */
export interface InterestDesk {
  /** What the own desks look at, with whom they met over it: all that is and was in the register. */
  interests(): readonly KeptInterest[];
  /** Puts in what a desk looks at, until it expires. Gives its name. @throws {EngineError} `refused`. */
  addInterest(own: NewInterest): string;
  /** Takes it back: from now on it meets nobody. @throws {EngineError} `refused` for what does not run. */
  withdrawInterest(id: string, by: string): void;
}

/** The register of a node. */
export function interestDesk(book: Book): InterestDesk {
  return {
    interests: () => interestsOf(book),
    addInterest: (own) => addInterest(book, own),
    withdrawInterest: (id, by) => withdrawInterest(book, id, by),
  };
}

/** Puts an interest in the book. Gives its name there. @throws {EngineError} `refused`, and nothing is kept. */
function addInterest(book: Book, own: NewInterest): string {
  const now = timeText(book.clock.now());
  const kept = { ...own, added: now, withdrawn: null, meetings: [] };
  const read = KEPT.safeParse(kept);
  if (!read.success) throw unfit(book, read.error.issues[0]?.message ?? "expected an interest");
  if (own.expires <= now) throw unfit(book, "expected an end that is still to come");
  expectRoom(book, itemsIn(book, own.interest));
  const id = hex(book.rng(ID_BYTES));
  put(book, id, read.data);
  return id;
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
function withdrawInterest(book: Book, id: string, by: string): void {
  const kept = interestsOf(book).find((one) => one.id === id);
  if (kept === undefined || !isLive(kept, timeText(book.clock.now()))) {
    throw unfit(book, "expected an interest of this agency that still runs");
  }
  put(book, id, { ...bare(kept), withdrawn: { at: timeText(book.clock.now()), by } });
}

/** All interests, those that are over too, in the order in which they were added. */
export function interestsOf(book: Book): readonly KeptInterest[] {
  const all = book.store.sealedNames(PREFIX).map((name): KeptInterest => {
    const bytes = readAtRest(book, name);
    if (!(bytes instanceof Uint8Array))
      throw new EngineError("integrity", book.me, "an interest is not what was written");
    return { id: name.slice(PREFIX.length), ...KEPT.parse(parseCanonical(bytes, { maxBytes: MOST_BYTES })) };
  });
  return all.sort((a, b) => (a.added < b.added || (a.added === b.added && a.id < b.id) ? -1 : 1));
}

/** Whether an interest still runs. */
export function isLive({ withdrawn, expires }: KeptInterest, now: Time): boolean {
  return withdrawn === null && now < expires;
}

/**
 * Notes with whom interests met, for their own desks; what was withdrawn or expired meanwhile meets nobody. Gives those
 * that are noted.
 */
export function noteMeetings(book: Book, party: PartyId, ids: ReadonlySet<string>): readonly KeptInterest[] {
  const at = timeText(book.clock.now());
  const met = interestsOf(book).filter((kept) => ids.has(kept.id) && isLive(kept, at));
  return met.map((kept) => {
    const before = kept.meetings.find((one) => one.party === party);
    const others = kept.meetings.filter((one) => one.party !== party);
    const meetings = [...others, { party, first: before?.first ?? at, last: at }];
    put(book, kept.id, { ...bare(kept), meetings });
    return { ...kept, meetings };
  });
}

/** Forgets what has been over for as long as the agreement keeps results. */
export function pruneInterests(book: Book): void {
  const now = timeText(book.clock.now());
  const { results } = book.membership.covenant.retention;
  for (const { id, withdrawn, expires } of interestsOf(book)) {
    if (addPeriod(withdrawn?.at ?? expires, results) <= now) book.store.dropSealed(`${PREFIX}${id}`);
  }
}

function bare({ id: _, ...rest }: KeptInterest): z.infer<typeof KEPT> {
  return rest;
}

function put(book: Book, id: string, kept: z.infer<typeof KEPT>): void {
  putAtRest(book, `${PREFIX}${id}`, canonicalBytes(kept));
}

function unfit({ me }: Book, expected: string): EngineError {
  return new EngineError("refused", me, expected, "koplamp interest add --help shows what is taken");
}
