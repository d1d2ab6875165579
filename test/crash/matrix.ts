// SPDX-License-Identifier: Apache-2.0
// The crash matrix: where which process dies, and how the question ends at the others (evidence.md, section 7).
import type { PlaceName } from "./points.ts";

/** One row of the matrix. `politie` asks. */
export interface Point {
  readonly place: PlaceName;
  readonly victim: Victim;
  /** Who comes to the place, where that is not who dies. */
  readonly trigger?: Victim;
  readonly question: "match" | "overlap" | "sum";
  /** Who has something new in its list, so that the others evaluate for it. */
  readonly news?: Node;
  /**
   * How it ends at those that live. `no-answer`: it fails at the asker, who gets the answer; the others have given their
   * part, and keep on record that nobody acknowledged it.
   */
  readonly others: "failed" | "released" | "either" | "no-answer";
  /** The others wait for people, which outlives a restart: they hear how it goes on when the dead node is back. */
  readonly waits?: true;
  /** It is started again at once, and nobody gives it up meanwhile. */
  readonly back?: true;
  /** What the dead node's ledger says of the question's own session after its restart. */
  readonly closed?: "running" | "logged" | "undelivered";
  /** Runs with every `npm test`. */
  readonly quick?: true;
}

type Node = "belastingdienst" | "douane" | "politie";
type Victim = Node | "coordinator";

const match = { victim: "douane", question: "match" } as const;
const evaluated = { ...match, news: "belastingdienst", others: "failed" } as const;
const relay = { victim: "coordinator", others: "failed" } as const;
const counts = { ...relay, question: "overlap" } as const;
const adds = { ...relay, question: "sum" } as const;

export const MATRIX: readonly Point[] = [
  { ...match, place: "decided", others: "failed", waits: true },
  { ...match, place: "waiting", others: "released", waits: true },
  { ...match, place: "approved", others: "failed" },
  { ...match, place: "inputs", others: "failed" },
  { ...match, place: "begun", others: "failed", closed: "running" },
  { ...evaluated, place: "entry-without-debit", quick: true },
  { ...evaluated, place: "debit-uncommitted" },
  { ...evaluated, place: "allow-logged" },
  { ...evaluated, place: "allow-cosigned" },
  { ...evaluated, place: "metered", quick: true },
  { ...evaluated, place: "answered" },
  { ...match, place: "held", others: "failed", closed: "running" },
  { ...match, place: "logged", others: "failed", closed: "logged", quick: true },
  { ...match, place: "checkpoint-signed", others: "failed", closed: "logged" },
  { ...match, place: "quorum-stored", others: "failed", closed: "logged" },
  { ...match, place: "witnessed", others: "failed", closed: "logged" },
  { ...match, place: "noticed", others: "failed", closed: "logged", quick: true },
  { ...match, place: "opening", others: "failed", closed: "logged" },
  { ...match, place: "one-frame-out", others: "either", closed: "logged", quick: true },
  { ...match, place: "witness-stored", others: "failed", quick: true },
  { ...match, place: "received", others: "either" },
  { ...match, place: "received", victim: "politie", others: "either" },
  { ...match, place: "ended", others: "released", closed: "undelivered" },
  { ...match, place: "receive-logged", others: "released", closed: "undelivered" },
  { ...match, place: "no-receipt", others: "released", closed: "undelivered", quick: true },
  { ...match, place: "receipt-stored", others: "released" },
  { ...match, place: "released", victim: "politie", others: "released" },
  { ...relay, place: "begun", trigger: "douane", question: "match", quick: true },
  { ...relay, place: "logged", trigger: "douane", question: "match" },
  { ...relay, place: "noticed", trigger: "douane", question: "match", others: "either" },
  { victim: "belastingdienst", place: "logged", trigger: "douane", question: "match", others: "failed" },
  { ...counts, place: "tickets-in" },
  { ...counts, place: "hands" },
  // Whose part was taken last may not have heard yet that it was: the relay that would tell dies with the coordinator.
  { ...counts, place: "handed-in", others: "either" },
  { ...counts, place: "counted", others: "no-answer", quick: true },
  { ...counts, place: "played", others: "either" },
  { ...relay, place: "held", trigger: "douane", question: "overlap" },
  { ...relay, place: "noticed", trigger: "douane", question: "overlap", others: "either" },
  { ...adds, place: "hands" },
  { ...adds, place: "handed-in" },
  { ...adds, place: "added", quick: true },
  { ...adds, place: "played", others: "either" },
];

/** The coordinator is there again before anybody gives it up: only its own word, or its line, tells that it died. */
export const BACK: readonly Point[] = [
  { ...relay, place: "begun", trigger: "douane", question: "match", back: true },
  { ...relay, place: "noticed", trigger: "douane", question: "match", others: "either", back: true },
  { ...counts, place: "tickets-in", back: true },
  { ...counts, place: "hands", back: true },
  { ...counts, place: "counted", others: "no-answer", back: true },
  { ...adds, place: "hands", back: true },
  { ...adds, place: "added", back: true },
];

/** What a row is called. */
export function titleOf({ place, victim, trigger, question, back }: Point): string {
  const where = `"${place}"${trigger === undefined ? "" : ` of ${trigger}`}`;
  return `${question}: ${victim} dies at ${where}${back === undefined ? "" : ", and is back"}`;
}
