// SPDX-License-Identifier: Apache-2.0
import { conversation, type PackedInputs } from "@koplamp/crypto";
import {
  compute,
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
import { joinOpened } from "./pair-jobs.ts";
import { openingBytes, openingCodec, PAIR_KEY_BYTES } from "./pair-messages.ts";
import { type PairSession, pairPeer, receiveOpening, upToReady } from "./pair-session.ts";
import { COORDINATOR, inputCount, rowsOf } from "./session.ts";

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
  const peer = pairPeer(setup);
  const { me, parties, recipients, inputs, rowsPadded } = setup;
  if (peer === undefined || !recipients.every((recipient) => parties.includes(recipient))) {
    throw new PsiError("setup", "expected recipients that are parties: a match tells of own items only");
  }
  const role = { peer, inputs, sends: recipients.includes(peer), receives: recipients.includes(me) };
  const talk = conversation(me, parties);
  const { roots, opening, promised } = yield* upToReady(setup, talk, role, ADDITIVE, rng);
  if (opening !== undefined) {
    yield* disclose(peer, `pair.${me}.${peer}`, openingCodec(me, rowsOf(rowsPadded, me)), opening);
  }
  if (promised === undefined) return { parties, roots };

  const holders = new Uint32Array(inputCount(inputs)).fill(bitOf(parties, me));
  for (const at of yield* compute(joinOpened, yield* receiveOpening(setup, peer, promised))) {
    holders[at] = (holders[at] ?? 0) | bitOf(parties, peer);
  }
  return { parties, roots, holders };
}

/** What a description of a match between two needs. */
export interface MatchPairParameters {
  readonly parties: readonly PartyId[];
  readonly recipients: readonly PartyId[];
  readonly rowsPadded: Readonly<Record<PartyId, number>>;
}

/** `match-pair/1` as data. */
export const matchPair: Protocol<MatchPairParameters> = defineProtocol({
  id: "match-pair/1",
  roles: ["sender", "recipient"],
  model: "malicious senders detected",
  source: "docs/protocols/match-pair.md",
  describe: ({ parties, recipients, rowsPadded }) => {
    const runs = recipients.flatMap((to) =>
      parties.filter((from) => from !== to).map((from) => ({ from, to })),
    );
    const holders = (to: PartyId): Item => ({
      fact: "holders-of-own",
      about: parties.filter((party) => party !== to),
      bound: rowsOf(rowsPadded, to),
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
        ...sent(parties, parties, "R", 32),
        ...sent(parties, parties, "ready", 32),
        ...runs.flatMap((run) => pairEgress(run, rowsPadded, replyBytes)),
      ],
      debits: runs.map(({ from, to }) => evaluationDebit(from, to, rowsPadded)),
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
export function pairEgress(
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

/** The sender evaluates every element of the request, padding included, and charges it. */
export function evaluationDebit(
  holder: PartyId,
  asker: PartyId,
  rowsPadded: Readonly<Record<PartyId, number>>,
): Debit {
  return { holder, asker, unit: "evaluations", amount: rowsOf(rowsPadded, asker) };
}
