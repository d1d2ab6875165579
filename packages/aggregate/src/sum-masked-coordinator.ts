// SPDX-License-Identifier: Apache-2.0
import { sha256Of } from "@koplamp/crypto";
import { compute, type Effect, type Party, type PartyId, receive, send } from "@koplamp/protocol";
import { concat } from "@koplamp/wire/core";
import { nodesOf } from "./session.ts";
import { type HashedWords, sumChunks } from "./sum-masked-jobs.ts";
import { COMMIT, ECHO, hiddenSumCodec, maskedListCodec, wordsCodec } from "./sum-masked-messages.ts";
import { checkMasked, chunkCount, type MaskedSession, WINDOW } from "./sum-masked-session.ts";

/**
 * The coordinator's side: it adds what it cannot read, chunk by chunk, and says what it was sent. It holds no key and no
 * data, and a window of sums; whatever it alters is refused by a hash, or does not open.
 */
export function* sumMaskedCoordinator(session: MaskedSession): Party<undefined> {
  checkMasked(session);
  const { contributors } = session;
  const entries: Uint8Array[] = [];
  for (const party of contributors) entries.push(yield* receive(party, COMMIT));
  const hashes = contributors.map((): Uint8Array[] => []);
  const sums: Uint8Array[] = [];
  for (let start = 0; start < chunkCount(session); start += WINDOW) {
    const end = Math.min(chunkCount(session), start + WINDOW);
    const window = yield* takeWindow(session, start, end, hashes);
    for (const { hash } of window) sums.push(hash);
    const words = window.map((sum) => sum.words);
    for (const node of nodesOf(session)) {
      yield* passOn(session, node, start, words, hashes[contributors.indexOf(node)]);
    }
  }
  for (const [at, own] of hashes.entries()) {
    entries[at] = concat(entries[at] ?? NOTHING, yield* compute(sha256Of, concat(...own)));
  }
  const list = { entries, sums: yield* compute(sha256Of, concat(...sums)) };
  for (const node of nodesOf(session)) yield* send(node, maskedListCodec(session), list);
  return undefined;
}

/** Takes each chunk of a window from everybody and adds. Leaves the hashes in `hashes`. */
function* takeWindow(
  session: MaskedSession,
  start: number,
  end: number,
  hashes: readonly Uint8Array[][],
): Generator<Effect, readonly HashedWords[], unknown> {
  const window: HashedWords[] = [];
  for (let chunk = start; chunk < end; chunk += 1) {
    const parts: Uint8Array[] = [];
    for (const party of session.contributors) parts.push(yield* receive(party, wordsCodec(session, chunk)));
    const { sum, hashes: taken } = yield* compute(sumChunks, parts, session.bits);
    taken.forEach((hash, at) => {
      hashes[at]?.push(hash);
    });
    window.push(sum);
  }
  return window;
}

/** To a contributor the hash of what was taken of it, to a recipient the sums. */
function* passOn(
  session: MaskedSession,
  node: PartyId,
  start: number,
  sums: readonly Uint8Array[],
  taken: readonly Uint8Array[] | undefined,
): Generator<Effect, void, unknown> {
  if (taken !== undefined) {
    yield* send(node, ECHO, yield* compute(sha256Of, concat(...taken.slice(start))));
  }
  if (!session.recipients.includes(node)) return;
  for (const [at, words] of sums.entries()) {
    yield* send(node, hiddenSumCodec(session, start + at), words);
  }
}

const NOTHING: Uint8Array = new Uint8Array();
