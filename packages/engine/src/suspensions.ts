// SPDX-License-Identifier: Apache-2.0
// An officer halts a node: until an officer lets it go on, it contributes nothing (threats.md, section 5).
import { admitSuspension, CovenantError, type SignedBytes } from "@koplamp/covenant";
import type { PartyId } from "@koplamp/protocol";
import {
  documentHash,
  fromUtf8,
  type Hash,
  readDocument,
  type Suspension,
  timeMs,
  utf8,
  WireError,
} from "@koplamp/wire";
import { asEngineError, EngineError } from "./errors.ts";
import { decodeMessage, encodeMessage, type SuspensionMessage, suspensionForm } from "./messages.ts";
import type { NodePorts } from "./node-ports.ts";
import type { Refusal } from "./outcome.ts";
import type { QuestionRun } from "./question-run.ts";
import { refusedBy } from "./withdrawals.ts";

const TOPIC = "suspended/";
const KEPT = "suspended/";
const SKEW_MS = 300_000;
const MOST_REASON = 1000;

/** The last word of a party's officers. */
export interface OfficersWord {
  readonly hash: Hash;
  readonly said: Suspension;
}

interface Kept extends OfficersWord {
  readonly signed: SignedBytes;
}

/**
 * Who is suspended, as this node knows it: its own by its own officers' word, in its ledger and on disk; the others by
 * what each says of itself. Questions of whoever is suspended end, and new ones are refused by its name.
 */
export class Suspensions {
  readonly #node: NodePorts;
  readonly #runs: ReadonlySet<QuestionRun>;
  readonly #last = new Map<PartyId, Kept>();

  constructor(node: NodePorts, runs: ReadonlySet<QuestionRun>) {
    this.#node = node;
    this.#runs = runs;
    for (const name of node.store.sealedNames(KEPT)) this.#load(name.slice(KEPT.length));
    const own = this.#last.get(node.me);
    if (own !== undefined && !this.#logged(own)) this.#log(own); // its process died between the two
  }

  /** The last word of our own officers, if there was one. */
  get own(): OfficersWord | undefined {
    return this.#last.get(this.#node.me);
  }

  /** Listens, tells the own state, and asks what the others' is. Returns a way to stop. */
  start(): () => void {
    const stop = this.#node.post.listen(TOPIC, (from, _topic, body) => this.#hear(from, body));
    this.#tell(this.#others(), true);
    return stop;
  }

  /**
   * Takes the word of an officer of our own: in force before this returns, over a restart, and told to everybody.
   * @throws {EngineError} `refused` for what no officer of ours signed, or what does not follow on the word before.
   */
  apply(signed: SignedBytes): Suspension {
    const word = this.#admitted(signed);
    const { me } = this.#node;
    this.#expectNext(word);
    if (word.said.action === "suspend") {
      this.#keep(word); // a crash from here on leaves a node that contributes nothing
      this.#log(word);
    } else {
      this.#log(word);
      this.#keep(word);
    }
    this.#tell(this.#others(), false); // before any of its questions tells that it ends
    this.#end(me);
    return word.said;
  }

  /** The refusal of whatever needs these parties, if one of them is suspended. */
  refusalFor(parties: readonly PartyId[]): Refusal | undefined {
    const found = [...parties].sort().find((party) => this.#last.get(party)?.said.action === "suspend");
    const word = found === undefined ? undefined : this.#last.get(found);
    return word === undefined ? undefined : refusalOf(word.said);
  }

  /** Refuses a question by the name of a party that is suspended. @throws {EngineError} `refused`. */
  expectActive(run: QuestionRun): void {
    const refusal = this.refusalFor(run.parties);
    if (refusal === undefined) return;
    run.refuse(refusal);
    throw refusedBy(refusal);
  }

  #hear(from: PartyId, body: Uint8Array): void {
    const { me, log } = this.#node;
    try {
      const { documents, ask } = decodeMessage(suspensionForm, from, body);
      for (const signed of documents) this.#take(from, signed);
      if (ask && this.own !== undefined) this.#tell([from], false);
    } catch (reason) {
      log({ event: "suspension.refused", party: me, peer: from, code: asEngineError(reason, from).code });
    }
  }

  /** Takes what a party says of itself. A word that was heard before changes nothing. */
  #take(from: PartyId, signed: SignedBytes): void {
    const word = this.#admitted(signed);
    const { party } = word.said;
    if (party !== from) {
      const message = `${from} speaks for the officers of ${party}`;
      throw new EngineError("integrity", from, message, "only a party's own node tells this");
    }
    if (this.#node.store.document(word.hash) !== undefined) return;
    this.#keep(word);
    this.#end(party);
  }

  #admitted(signed: SignedBytes): Kept {
    const { membership, primitives, me, clock } = this.#node;
    const hint = "koplamp suspend and koplamp resume sign with the key of an officer on the own card";
    try {
      const said = admitSuspension(signed, membership, primitives);
      if (timeMs(said.at) <= clock.now() + SKEW_MS)
        return { said, signed, hash: documentHash(primitives.sha256, signed.bytes) };
    } catch (reason) {
      if (!(reason instanceof CovenantError || reason instanceof WireError)) throw reason;
      throw new EngineError("refused", me, reason.message, hint);
    }
    throw new EngineError("refused", me, "an officer's word is dated in the future", hint);
  }

  /** Each word names the one before it: an old one cannot come back. */
  #expectNext({ said }: OfficersWord): void {
    const { me } = this.#node;
    const refused = (message: string, hint: string): EngineError =>
      new EngineError("refused", me, message, hint);
    const { party, previous, action } = said;
    if (party !== me) throw refused(`expected the word of an officer of ${me}, got one of ${party}`, "");
    const suspended = this.own?.said.action === "suspend";
    if ((action === "suspend") === suspended) {
      throw refused(
        suspended ? `the node of ${me} is suspended already` : `the node of ${me} is not suspended`,
        suspended ? "koplamp resume lets it go on" : "koplamp suspend halts it",
      );
    }
    if (previous === (this.own?.hash ?? null)) return;
    throw refused("expected a word that follows on our officers' last one, got another", "sign it again");
  }

  #log({ hash, said }: OfficersWord): void {
    this.#node.ledger.append([{ type: said.action, verb: "none", body: { reasonHash: hash } }]);
  }

  #logged({ hash }: OfficersWord): boolean {
    const { store } = this.#node;
    for (let at = store.size() - 1; at >= 0; at -= 1)
      if (fromUtf8(store.leaf(at)).includes(hash)) return true;
    return false;
  }

  #keep(word: Kept): void {
    const { store, log, me } = this.#node;
    const { said, hash, signed } = word;
    store.putDocument(hash, signed.bytes, signed.signatures);
    store.putSealed(`${KEPT}${said.party}`, utf8(hash));
    this.#last.set(said.party, word);
    const event = said.action === "suspend" ? "party.suspended" : "party.resumed";
    log({ event, party: me, peer: said.party });
  }

  /** Ends the questions of a party that is suspended. */
  #end(party: PartyId): void {
    const refusal = this.refusalFor([party]);
    if (refusal === undefined) return;
    for (const run of this.#runs) if (run.parties.includes(party)) run.refuse(refusal);
  }

  #others(): readonly PartyId[] {
    const { me, membership } = this.#node;
    return [...membership.cards.keys()].filter((party) => party !== me);
  }

  #tell(to: readonly PartyId[], ask: boolean): void {
    const own = this.#last.get(this.#node.me);
    const documents = own === undefined ? [] : [own.signed];
    const body = encodeMessage({ documents, ask } satisfies SuspensionMessage);
    for (const party of to) this.#node.post.send(party, TOPIC, body).catch(() => {}); // it asks when it is back
  }

  #load(party: PartyId): void {
    const { store, membership } = this.#node;
    const hash: Hash = fromUtf8(store.sealed(`${KEPT}${party}`) ?? new Uint8Array());
    const signed = store.document(hash);
    if (signed === undefined) return;
    const said = readDocument("suspension/v1", signed.bytes);
    const ours = said.covenantHash === membership.covenantHash; // a new version is a new start
    if (ours) this.#last.set(party, { said, hash, signed });
  }
}

function refusalOf({ party, at, reason }: Suspension): Refusal {
  const why = (reason?.en ?? reason?.nl ?? "").slice(0, MOST_REASON);
  return {
    party,
    rule: `suspension/${party}`,
    message: `an officer of ${party} has suspended its node at ${at}: ${why}`,
    hint: `ask without it, or ask ${party}: its officers let it go on with koplamp resume`,
  };
}
