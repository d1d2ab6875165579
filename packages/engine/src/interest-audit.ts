// SPDX-License-Identifier: Apache-2.0
// The register of interests on record: every run commits to what was done with it since the run before, and to what met.
import { CovenantError, readInterest } from "@koplamp/covenant";
import type { PartyId } from "@koplamp/protocol";
import {
  canonicalBytes,
  concat,
  fromBase64,
  fromHex,
  type Hash,
  hex,
  type InterestWord,
  readDocument,
  type Time,
  utf8,
  WireError,
} from "@koplamp/wire";
import { type InterestAct, interestsOf, type KeptInterest, keepLogged, withEnd } from "./interest-book.ts";
import type { NodePorts } from "./node-ports.ts";

/** How an act stands to the ledger: `waits` for the next run, `erased` with the salts of its question, or `broken`. */
export type OnRecord = "holds" | "waits" | "erased" | "broken";

/** An act as an auditor at the own desk reads it. */
export interface AuditedAct {
  readonly interest: string;
  readonly kind: string;
  readonly act: InterestAct["act"];
  readonly at: Time;
  /** The end of the interest, unless it is withdrawn before. */
  readonly until: Time;
  /** Who signed it, as the card names them; their key once they have left it; null for what the node found. */
  readonly by: string | null;
  /** The agency that looks at the same. */
  readonly party: PartyId | null;
  /** The entry of the own ledger. */
  readonly entry: number | null;
  readonly onRecord: OnRecord;
}

/**
 * Writes one entry about the register: a salted commitment to all acts that stand in none yet, and as long whether there
 * are any or not; what `met` is kept with it. So nothing is compared that the ledger does not have, its growth tells
 * nobody of an act or a hit, and neither does how long it takes: it is one durable write, whatever is in it.
 */
export function logActs(node: NodePorts, planHash: Hash, met: readonly KeptInterest[] = []): void {
  const all = interestsOf(node).map((kept) => withEnd(node, met.find(({ id }) => id === kept.id) ?? kept));
  const fresh = all.filter(({ acts }) => acts.some(({ entry }) => entry === null));
  const known = met.filter((kept) => !fresh.some(({ id }) => id === kept.id)); // met before: the last time is another
  const acts = fresh
    .flatMap((kept) => kept.acts.filter(({ entry }) => entry === null).map((act) => actHash(node, kept, act)))
    .sort()
    .join(" ");
  const salt = node.rng(32);
  const body = { acts: commitmentTo(node, salt, acts) };
  const kept = { salt: hex(salt), acts };
  const beside = (entry: number): void => keepLogged(node, [...fresh, ...known], entry);
  node.ledger.append([{ type: "register", verb: "alteration", planHash, body, kept, beside }]);
}

/** Every act of the register with its person and its entry, and whether word, book and ledger agree on it. */
export function interestAudit(node: NodePorts): readonly AuditedAct[] {
  const acts = interestsOf(node).flatMap((kept) => kept.acts.map((act) => audited(node, kept, act)));
  return acts.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

function audited(node: NodePorts, kept: KeptInterest, act: InterestAct): AuditedAct {
  const said = wordOf(node, kept, act);
  const { act: name, at, party, entry } = act;
  const facts = {
    interest: kept.id,
    kind: kept.interest.kind,
    until: kept.expires,
    act: name,
    at,
    party,
    entry,
  };
  const onRecord = said === "broken" ? said : recordOf(node, kept, act);
  return { ...facts, by: said === null || said === "broken" ? null : personOf(node, said), onRecord };
}

/** The word that somebody signed about this very interest; null for what the node found. */
function wordOf(
  { primitives, me }: NodePorts,
  kept: KeptInterest,
  { act, signed }: InterestAct,
): InterestWord | "broken" | null {
  if (signed === null) return act === "add" || act === "withdraw" ? "broken" : null;
  try {
    const { bytes, signatures } = signed;
    const { said } = readInterest({ bytes: fromBase64(bytes), signatures }, primitives);
    return said.party === me && said.action === act && isAbout(said, kept) ? said : "broken";
  } catch (reason) {
    if (reason instanceof CovenantError || reason instanceof WireError) return "broken";
    throw reason;
  }
}

function isAbout({ own }: InterestWord, { interest, reference, desk, by, expires }: KeptInterest): boolean {
  return (
    own === null ||
    hex(canonicalBytes(own)) === hex(canonicalBytes({ interest, reference, desk, by, expires }))
  );
}

/** Whether the entry that an act names commits to it. */
function recordOf(node: NodePorts, kept: KeptInterest, act: InterestAct): OnRecord {
  if (act.entry === null) return "waits";
  const opening = node.ledger.kept(act.entry);
  if (opening === undefined) return "erased";
  const { salt = "", acts = "" } = opening;
  const { type, body } = readDocument("entry/v1", node.ledger.leaf(act.entry));
  const opens = type === "register" && body["acts"] === commitmentTo(node, fromHex(salt), acts);
  return opens && acts.split(" ").includes(actHash(node, kept, act)) ? "holds" : "broken";
}

function personOf({ membership, me }: NodePorts, { by }: InterestWord): string {
  const people = membership.cards.get(me)?.people ?? [];
  return people.find(({ key }) => key === by)?.person ?? by;
}

function actHash(
  { primitives }: NodePorts,
  { id, interest: { kind }, expires }: KeptInterest,
  { act, at, party, salt, signed }: InterestAct,
): string {
  const word = signed === null ? null : hex(primitives.sha256(fromBase64(signed.bytes)));
  return hex(primitives.sha256(canonicalBytes({ id, kind, expires, act, at, party, salt, word })));
}

function commitmentTo({ primitives }: NodePorts, salt: Uint8Array, acts: string): string {
  return `hmac-sha256:${hex(primitives.hmacSha256(salt, concat(utf8("register\u0000"), utf8(acts))))}`;
}
