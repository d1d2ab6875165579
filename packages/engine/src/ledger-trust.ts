// SPDX-License-Identifier: Apache-2.0
import type { Membership } from "@koplamp/covenant";
import { admitPublicKey, type Primitives, publicKeyText } from "@koplamp/crypto";
import { type LedgerTrust, readVerifierKey, type VerifierKey } from "@koplamp/ledger";
import type { PartyId } from "@koplamp/protocol";
import { EngineError } from "./errors.ts";

/** Whose keys count for which ledger: all of them from the cards and the covenant, none from a message. */
export class LedgerKeys {
  readonly #quorum: number;
  readonly #ledgers = new Map<PartyId, VerifierKey>();
  readonly #witnesses = new Map<PartyId, VerifierKey>();
  readonly #outside: readonly VerifierKey[];

  /** @throws {EngineError} `integrity` for a key that may not be trusted, or that two names share. */
  constructor(membership: Membership, primitives: Primitives) {
    const { roster, covenant, cards } = membership;
    const seen = new Set<string>();
    const admit = (party: PartyId, text: string): VerifierKey => {
      const key = readVerifierKey(primitives.sha256, text);
      admitPublicKey(primitives, publicKeyText(key.publicKey));
      if (seen.has(publicKeyText(key.publicKey)))
        throw new EngineError("integrity", party, `a ledger or witness key of ${party} is used twice`);
      seen.add(publicKeyText(key.publicKey));
      return key;
    };
    this.#quorum = roster.witnessQuorum;
    for (const [party, card] of cards) {
      this.#ledgers.set(party, admit(party, card.ledger));
      this.#witnesses.set(party, admit(party, card.witness));
    }
    this.#outside = covenant.witnesses.external.map(({ name, vkey }) => admit(name, vkey));
  }

  /** The origin of a party's ledger: the name of its key. */
  originOf(party: PartyId): string {
    return this.#ledger(party).name;
  }

  /** The witness key of a party. */
  witness(party: PartyId): VerifierKey {
    const key = this.#witnesses.get(party);
    if (key === undefined)
      throw new EngineError("integrity", party, `${party} has no witness key on the roster`);
    return key;
  }

  /** What a state of a party's ledger must show: its own signature, and the quorum of everybody else. */
  trustIn(party: PartyId): LedgerTrust {
    const ledger = this.#ledger(party);
    const others = [...this.#witnesses].filter(([id]) => id !== party).map(([, key]) => key);
    return { origin: ledger.name, ledger, witnesses: [...others, ...this.#outside], quorum: this.#quorum };
  }

  /** The keys trusted for each origin but our own. */
  othersThan(me: PartyId): ReadonlyMap<string, readonly VerifierKey[]> {
    return new Map([...this.#ledgers].filter(([id]) => id !== me).map(([, key]) => [key.name, [key]]));
  }

  /** The nodes that witness a party's ledger, in id order. */
  witnessesOf(party: PartyId): readonly PartyId[] {
    return [...this.#witnesses.keys()].filter((id) => id !== party).sort();
  }

  #ledger(party: PartyId): VerifierKey {
    const key = this.#ledgers.get(party);
    if (key === undefined)
      throw new EngineError("integrity", party, `${party} has no ledger key on the roster`);
    return key;
  }
}
