// SPDX-License-Identifier: Apache-2.0
import { commitEcho, conversation, exchangeMessages, fresh } from "@koplamp/crypto";
import {
  compute,
  defineProtocol,
  type Party,
  type PartyId,
  type Protocol,
  type Rng,
  sent,
} from "@koplamp/protocol";
import { utf8 } from "@koplamp/wire/core";
import { checkOpening, checkPublicKeys, createShare, sealShare } from "./keyset-jobs.ts";
import { KEYSET_COMMIT, KEYSET_ECHO, KEYSET_OPEN, OPENING_BYTES } from "./messages.ts";
import { COORDINATOR, checkParties } from "./session.ts";

/** One party's view of a key ceremony. */
export interface KeySetSetup {
  readonly me: PartyId;
  /** The holders, in id order: the parties of `ask.from`. */
  readonly parties: readonly PartyId[];
  /** `ctx` of protocols.md, section 4; see `keySetContext`. 32 bytes. */
  readonly context: Uint8Array;
}

/** What a key set is for: its name, from which `ctx` of protocols.md, section 4 is made. */
export interface KeySetName {
  /** 16 bytes, as hex: fresh for each ceremony. */
  readonly ceremony: string;
  readonly covenantHash: string;
  readonly epoch: string;
  readonly purpose: string;
  readonly holders: readonly PartyId[];
}

/** `ctx`: SHA-256 of the canonical JSON of a key set's name, 32 bytes. */
export function keySetContext(sha256: (bytes: Uint8Array) => Uint8Array, name: KeySetName): Uint8Array {
  const { ceremony, covenantHash, epoch, purpose } = name;
  const holders = [...name.holders].sort();
  // JCS (RFC 8785): keys in order, strings as JSON.stringify writes them.
  return sha256(utf8(JSON.stringify({ ceremony, covenantHash, epoch, holders, purpose, suite: SUITE })));
}

const SUITE = "ristretto255-SHA512";

/** A key that exists only in shares, one at each holder. */
export interface KeySet {
  readonly context: Uint8Array;
  /** Each holder's public share, 32 bytes. Their sum is the public key. */
  readonly keys: Readonly<Record<PartyId, Uint8Array>>;
  /** This node's secret share, sealed under its `cacheKey`: `openShare` puts it back into a vault under `k`. */
  readonly sealedShare: Uint8Array;
}

/**
 * `keyset/1`: an n-of-n key for the oblivious function (protocols.md, section 4).
 *
 *   holder j                                                               every other holder
 *     k_j <- scalars, pk_j = k_j·B, PoP_j: a proof that j knows k_j
 *              keyset.commit   SHA-256(ctx, j, pk_j, PoP_j, nonce)  ------>
 *              keyset.echo     SHA-256(all commitments)             ------>   all must be equal
 *              keyset.open     pk_j, PoP_j, nonce                   ------>   fits the commitment, proof holds
 *     k_j stays in the vault, and sealed on the node's disk
 *
 * Nobody learns anything but public keys. Nobody can choose its key as a function of another's: it is committed to
 * before any is opened, and must be proved. All but one holder together cannot evaluate: the last share is missing.
 */
export function* keysetParty(setup: KeySetSetup, rng: Rng): Party<KeySet> {
  const { me, parties, context } = setup;
  checkParties({ me, parties, transcript: context });
  const talk = conversation(me, parties);
  const share = yield* fresh(rng, (seed) => compute(createShare, context, me, seed));

  const commitments = yield* commitEcho(talk, { commit: KEYSET_COMMIT, echo: KEYSET_ECHO }, share.commitment);
  const openings = yield* exchangeMessages(talk, { codec: KEYSET_OPEN, mine: share.opening });

  const keys: Record<PartyId, Uint8Array> = {};
  for (const [holder, opening] of openings) {
    const commitment = commitments.get(holder) ?? share.commitment;
    keys[holder] = yield* compute(checkOpening, context, holder, commitment, opening);
  }
  yield* compute(checkPublicKeys, keys);
  const sealedShare = yield* fresh(rng, (seed) => compute(sealShare, context, seed));
  return { context, keys, sealedShare };
}

/** What a description of the ceremony needs. */
export interface KeySetParameters {
  readonly parties: readonly PartyId[];
}

/** `keyset/1` as data. */
export const keyset: Protocol<KeySetParameters> = defineProtocol({
  id: "keyset/1",
  roles: ["holder"],
  model: "malicious senders detected",
  source: "docs/protocols/keyset.md",
  describe: ({ parties }) => ({
    disclosures: [],
    outputs: [],
    egress: [
      ...sent(parties, parties, "keyset.commit", 32),
      ...sent(parties, parties, "keyset.echo", 32),
      ...sent(parties, parties, "keyset.open", OPENING_BYTES),
    ],
    debits: [],
    views: [...parties, COORDINATOR].map((who) => ({
      who,
      learns: [
        { fact: "took-part", about: parties.filter((party) => party !== who), bound: "one key ceremony" },
      ],
      atMost: [],
    })),
    together: [],
    assumptions: [
      {
        id: "discrete-logarithm",
        text: "Nobody computes discrete logarithms in ristretto255.",
        ifFalse:
          "Whoever can, learns all key shares from the public ones and can test any item against old tokens.",
      },
      {
        id: "own-share",
        text: "At least one holder keeps its share of the key to itself.",
        ifFalse: "All shares together evaluate any item, without anybody's quota.",
      },
    ],
  }),
});
