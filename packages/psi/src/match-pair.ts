// SPDX-License-Identifier: Apache-2.0
import { conversation, type PackedInputs } from "@koplamp/crypto";
import {
  type Debit,
  defineProtocol,
  disclose,
  type EgressRow,
  type Item,
  type Party,
  type PartyId,
  type Protocol,
  type Rng,
  sent,
} from "@koplamp/protocol";
import { presence, TOKEN_ASSUMPTIONS } from "./description-parts.ts";
import { PsiError } from "./errors.ts";
import { bitOf, type Matched } from "./match-tokens.ts";
import { replyBytes } from "./messages.ts";
import { ADDITIVE } from "./pair-blinding.ts";
import { type Cut, type CutTerms, cutEgress, cutOf, cutSessionEgress, evaluatedRows } from "./pair-cut.ts";
import { joinOpened } from "./pair-jobs.ts";
import { openingBytes, PAIR_KEY_BYTES } from "./pair-messages.ts";
import { overShards, type PartRole, partsCodec, partsUpToReady } from "./pair-parts.ts";
import { checkPairs, type PairSession } from "./pair-session.ts";
import { inEachShard, inSessions } from "./query-shards.ts";
import { COORDINATOR, inputCount, othersOf, rowsOf } from "./session.ts";

/** One party's view of a match between two. */
export interface MatchPairSetup extends PairSession {
  readonly inputs: PackedInputs;
}

/**
 * `match-pair/1` in mode `match`: a recipient learns which of its own items the other one holds (protocols.md,
 * section 7). Verifiable OPRF of RFC 9497 with additive blinds, under a key that lives for this session only.
 *
 *   sender s                                            recipient r
 *     k <- scalars; T = { H2(y, k·H1(y))[0..16) }       sorted, padded to the bucket with random bytes
 *              K        ------>  k·B, SHA-256(nonce, T), bucket: its list is fixed, before it has seen anything
 *              R        <----->  roots of the salted inputs of both
 *                                                       a blind b_x for each item
 *              M        <------  H1(x) + b_x·B          padded to the bucket with dummies
 *     meter: durable, before each block
 *              E        ------>  k·M, a proof a block
 *                                                       every proof checked before any use
 *              ready    <----->                         both saw the same
 *              T        ======>  nonce, T               disclose: pair.<s>.<r>
 *                                                       opens the commitment, strictly ascending; merge join
 *
 * r learns which of its items s holds, and the bucket of s. With E alone it knows no match. s learns the bucket of r:
 * M is uniform. Nothing is left to compare later: k ends with the session. The coordinator learns buckets and timing.
 * Where both are recipients each plays both parts; both commitments stand before either list opens.
 *
 * Vault: `salt`. The job `meter` is the host's: durable before it returns, and it throws when the quota is spent.
 */
export function* matchPairParty(setup: MatchPairSetup, rng: Rng): Party<Matched> {
  checkPairs(setup);
  const { me, parties, recipients, inputs } = setup;
  const [peer = "", ...more] = othersOf(setup);
  if (more.length > 0) throw new PsiError("setup", `expected two parties, got ${parties.length}`);
  if (!recipients.every((recipient) => parties.includes(recipient))) {
    throw new PsiError("setup", "expected recipients that are parties: a match tells of own items only");
  }
  const roleOf = (): PartRole => ({ sends: recipients.includes(peer), receives: recipients.includes(me) });
  const session = { ...setup, inputs, cut: cutOf(setup), roleOf, blinding: ADDITIVE };
  const ready = yield* partsUpToReady(session, conversation(me, parties), rng);
  const opening = ready.openings.get(peer);
  if (opening !== undefined) {
    yield* disclose(peer, `pair.${me}.${peer}`, partsCodec(session, me), opening);
  }
  const { roots, shards } = ready;
  if (!recipients.includes(me)) return { parties, roots };

  const holders = new Uint32Array(inputCount(inputs)).fill(bitOf(parties, me));
  for (const [shard, matches] of (yield* overShards(session, ready, peer, joinOpened)).entries()) {
    for (const match of matches) {
      const at = shards[shard]?.positions[match] ?? 0;
      holders[at] = (holders[at] ?? 0) | bitOf(parties, peer);
    }
  }
  return { parties, roots, holders };
}

/** What a description of a match between two needs. */
export interface MatchPairParameters extends CutTerms {
  readonly recipients: readonly PartyId[];
  /** In how many sessions; absent: one. */
  readonly shards?: number;
}

/** `match-pair/1` as data. */
export const matchPair: Protocol<MatchPairParameters> = defineProtocol({
  id: "match-pair/1",
  roles: ["sender", "recipient"],
  model: "malicious senders detected",
  source: "docs/protocols/match-pair.md",
  describe: (parameters) => {
    const { parties, recipients, rowsPadded, shards = 1 } = parameters;
    const session = { ...parameters, rowsPadded: inEachShard(rowsPadded, shards) };
    const cut = cutOf(session);
    const runs = recipients.flatMap((to) =>
      parties.filter((from) => from !== to).map((from) => ({ from, to })),
    );
    const holders = (to: PartyId): Item => ({
      fact: "holders-of-own",
      about: parties.filter((party) => party !== to),
      bound: rowsPadded[to] ?? 0,
    });
    return {
      disclosures: runs.map(({ from, to }) => ({
        id: `pair.${from}.${to}`,
        from,
        to,
        release: 0,
        output: "holders",
      })),
      outputs: recipients.map((to) => ({ id: "holders", to, item: holders(to) })),
      egress: [
        ...cutSessionEgress(parties, shards),
        ...inSessions(
          [
            ...sent(parties, parties, "R", 32),
            ...sent(parties, parties, "ready", 32),
            ...cutEgress(parties, cut),
            ...runs.flatMap((run) => cutPairEgress(run, cut, replyBytes)),
          ],
          shards,
        ),
      ],
      debits: runs.map(({ from, to }) => {
        const debit = cutDebit(from, to, session);
        return { ...debit, amount: shards * debit.amount };
      }),
      views: [...parties, COORDINATOR].map((who) => {
        const learns = presence(who, parties, rowsPadded);
        return { who, learns: recipients.includes(who) ? [...learns, holders(who)] : learns, atMost: [] };
      }),
      together: [],
      assumptions: TOKEN_ASSUMPTIONS,
    };
  },
});

/** What goes between a sender and a receiver in one run: `K`, `M`, `E` and the disclosed `T`. */
function pairEgress(
  { from, to }: { readonly from: PartyId; readonly to: PartyId },
  rowsPadded: Readonly<Record<PartyId, number>>,
  bytesOfReply: (rows: number) => number,
): readonly EgressRow[] {
  const [sender, receiver] = [rowsOf(rowsPadded, from), rowsOf(rowsPadded, to)];
  const list = { channel: "disclose", what: "T", messages: 1, bytes: openingBytes(sender) } as const;
  return [
    ...sent([from], [to], "K", PAIR_KEY_BYTES),
    ...sent([to], [from], "M", receiver * 32),
    ...sent([from], [to], "E", bytesOfReply(receiver)),
    { from, to, ...list },
  ];
}

/** As `pairEgress`, in so many shards; what is disclosed goes in one message. */
export function cutPairEgress(
  run: { readonly from: PartyId; readonly to: PartyId },
  { shards, rowsPadded }: Cut,
  bytesOfReply: (rows: number) => number,
): readonly EgressRow[] {
  return pairEgress(run, rowsPadded, bytesOfReply).map((row) => ({
    ...row,
    messages: row.channel === "disclose" ? 1 : shards * row.messages,
    bytes: shards * row.bytes,
  }));
}

/** As `evaluationDebit`, in all shards together. */
export function cutDebit(holder: PartyId, asker: PartyId, terms: CutTerms): Debit {
  return { holder, asker, unit: "evaluations", amount: evaluatedRows(terms, asker) };
}

/** The sender evaluates every element of the request, padding included, and charges it. */
export function evaluationDebit(
  holder: PartyId,
  asker: PartyId,
  rowsPadded: Readonly<Record<PartyId, number>>,
): Debit {
  return { holder, asker, unit: "evaluations", amount: rowsOf(rowsPadded, asker) };
}
