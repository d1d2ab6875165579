// SPDX-License-Identifier: Apache-2.0
// What must hold on the disks at any moment, whoever died (reliability.md, section 2). Each gives what is broken.
import type { Entry } from "@koplamp/wire";
import type { Book } from "./books.ts";
import type { Crossed } from "./points.ts";

/**
 * Everything that is broken in these books, in words; `before`: the same books at an earlier moment; `seen`: what came to
 * the coordinator, which has no book.
 */
export function broken(
  books: readonly Book[],
  before: readonly Book[],
  seen: readonly Crossed[],
): readonly string[] {
  const earlier = (book: Book) => before.find(({ party }) => party === book.party);
  return [
    ...unaccounted({ party: "coordinator", crossed: seen }, books),
    ...books.flatMap((book) => [
      ...unlogged(book),
      ...unaccounted(book, books),
      ...withoutEntry(book, books),
      ...twice(book),
      ...debits(book),
      ...lost(book, earlier(book)),
    ]),
  ];
}

/** Sessions and disclosures of a node that has started again and are still open in its ledger. */
export function open({ party, entries }: Book): readonly string[] {
  const of = (...types: readonly string[]) => entries.filter(({ type }) => types.includes(type));
  const over = new Set(of("end", "abort").map(({ body }) => body["session"]));
  const aborted = new Set(of("abort").map(({ body }) => body["session"]));
  const known = new Set(of("deliver", "undelivered").map(lineOf));
  const sessions = of("begin").filter(({ body }) => !over.has(body["session"]));
  const lines = of("disclose").filter(
    (entry) => !aborted.has(entry.body["session"]) && !known.has(lineOf(entry)),
  );
  return [
    ...sessions.map(({ body }) => `${party}: session ${body["shard"]} neither ended nor aborted`),
    ...lines.map(({ body }) => `${party}: ${body["disclosure"]} neither delivered nor undelivered`),
  ];
}

/** What left must stand in the own ledger, cosigned: the ledger may say too much, never too little. */
function unlogged(book: Book): readonly string[] {
  const left = book.crossed.filter(({ way }) => way === "out");
  return left.flatMap(({ peer, frame }) => {
    const found = cosignedEntries(book).filter(({ body }) => body["frame"] === frame);
    const times = left.filter((other) => other.frame === frame).length;
    return found.length === 1 && times === 1
      ? []
      : [`${book.party}: a frame to ${peer} left ${times} times and has ${found.length} cosigned entries`];
  });
}

/** What came must stand in its owner's ledger, cosigned, and name the recipient. */
function unaccounted(book: Pick<Book, "party" | "crossed">, books: readonly Book[]): readonly string[] {
  const came = book.crossed.filter(({ way }) => way === "in");
  return came.flatMap(({ peer, frame }) => {
    const owner = books.find(({ party }) => party === peer);
    const found = owner === undefined ? [] : cosignedEntries(owner);
    const names = found.some(({ body }) => body["frame"] === frame && isTo(body, book.party));
    return names || owner === undefined ? [] : [`${book.party}: a frame of ${peer} has no cosigned entry`];
  });
}

/** A result stands on a cosigned disclosure to whoever has it, at every other contributor. All of these bring data. */
function withoutEntry(book: Book, books: readonly Book[]): readonly string[] {
  const results = book.entries.filter(({ type, body }) => type === "release" && isFull(body["outputs"]));
  return results.flatMap(({ planHash }) =>
    books.flatMap((owner) => {
      const found = cosignedEntries(owner).some(
        ({ type, body, planHash: plan }) =>
          type === "disclose" && plan === planHash && isTo(body, book.party),
      );
      return found || owner === book
        ? []
        : [`${book.party}: a result to which ${owner.party} logged nothing`];
    }),
  );
}

/** No line of a session is logged twice, and no frame. */
function twice({ party, entries }: Book): readonly string[] {
  const lines = entries.filter(({ type }) => type === "disclose" || type === "allow");
  const repeated = (names: readonly string[]) => names.filter((name, at) => names.indexOf(name) !== at);
  return [...repeated(lines.map(lineOf)), ...repeated(lines.map(({ body }) => String(body["frame"])))].map(
    (name) => `${party}: ${name} is logged twice`,
  );
}

/** Balances are what the entries say, an allowance without `spent` in full. */
function debits({ party, entries, spent }: Book): readonly string[] {
  const stated = new Map<string, bigint>();
  const add = (to: Map<string, bigint>, name: string, amount: bigint) =>
    to.set(name, (to.get(name) ?? 0n) + amount);
  for (const { type, body } of entries) {
    if (type === "allow") add(stated, `${body["unit"]}/${body["asker"]}`, BigInt(Number(body["ceiling"])));
  }
  const kept = new Map<string, bigint>();
  for (const [budget, amount] of spent) add(kept, budget.replace(/\/.*\//, "/"), amount);
  const names = new Set([...stated.keys(), ...kept.keys()]);
  return [...names]
    .filter((name) => stated.get(name) !== kept.get(name))
    .map(
      (name) => `${party}: ${name}: the entries say ${stated.get(name)}, the balance is ${kept.get(name)}`,
    );
}

/** Nothing that was there is gone, and no balance is lower. */
function lost(book: Book, before: Book | undefined): readonly string[] {
  const { party, hashes, spent } = book;
  const isPrefix = (before?.hashes ?? []).every((hash, at) => hash === hashes[at]);
  const lower = [...(before?.spent ?? [])].filter(([budget, amount]) => (spent.get(budget) ?? 0n) < amount);
  return [
    ...(isPrefix ? [] : [`${party}: entries are gone or changed`]),
    ...lower.map(([budget]) => `${party}: ${budget} is lower than before`),
  ];
}

function cosignedEntries({ entries, cosigned }: Book): readonly Entry[] {
  return entries.slice(0, cosigned).filter(({ type }) => type === "disclose" || type === "allow");
}

function isTo({ to, asker }: Entry["body"], party: string): boolean {
  return Array.isArray(to) ? to.includes(party) : asker === party;
}

function isFull(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0;
}

function lineOf({ body: { session, disclosure } }: Entry): string {
  return `${session}/${disclosure}`;
}
