// SPDX-License-Identifier: Apache-2.0
// Promises about the documents: what was agreed, by whom, and what follows from it.
import { admitPublicKey, publicKeyText } from "@koplamp/crypto";
import { type Contract, documentBytes, type Plan } from "@koplamp/wire";
import {
  attempt,
  documentsOf,
  type Evidence,
  type Founding,
  hashOf,
  rootOf,
  signedBy,
  type VerifyOptions,
} from "./evidence.ts";
import { readVerifierKey } from "./note.ts";
import { type Finding, fail, pass, skip } from "./report.ts";

/** A finding, and what the checks that follow may rely on. */
export interface Established<T> {
  readonly finding: Finding;
  readonly value?: T;
}

/** The index, signed by the machine of the party that made the bundle. */
export function checkIndex({ bundle, founding }: Evidence): Finding {
  const { index, signed, documents, entries } = bundle;
  const card = founding?.cards.get(index.by);
  const size = `${documents.length} documents, ${entries.length} entries`;
  if (founding === undefined) return skip(`${size}; whose index it is cannot be told`);
  if (card === undefined || !signedBy(signed, [card.identity]))
    return fail(`not signed by the node of ${index.by}`);
  return pass(`${size}, signed by the node of ${index.by}`);
}

export function checkCovenant({ bundle, trust }: Evidence): Finding {
  const { covenantHash } = bundle.index;
  if (covenantHash !== trust.covenant) return fail("another agreement than the one that you trust");
  const found = rootOf(bundle, "covenant/v1", covenantHash);
  if (found === "left out" || found === undefined)
    return fail("not in the bundle: nothing can be checked without it");
  const { id, version, parties } = found.value;
  const signed = parties.filter(({ covenantKeys }) => signedBy(found, covenantKeys)).length;
  const detail = `${id} v${version}, signed ${signed} of ${parties.length}`;
  return signed === parties.length ? pass(detail) : fail(detail);
}

/** All founding documents together: cards under the covenant, one roster of them, keys that may be trusted. */
export function checkRoster(
  { bundle, primitives }: Evidence,
  { admit }: Pick<VerifyOptions, "admit">,
): Established<Founding> {
  const covenant = rootOf(bundle, "covenant/v1", bundle.index.covenantHash);
  const roster = rootOf(bundle, "roster/v1", bundle.index.rosterHash);
  const cards = documentsOf(bundle, "card/v1");
  if (typeof covenant !== "object" || typeof roster !== "object")
    return { finding: fail("not in the bundle: nothing can be checked without it") };
  const value = attempt(() => admit({ covenant, roster, cards }, primitives));
  if (value instanceof Error) return { finding: fail(value.message) };
  const keys = attempt(() => admitLedgerKeys(value, primitives));
  if (keys instanceof Error) return { finding: fail("a ledger or witness key may not be trusted") };
  const witnesses = value.cards.size - 1 + value.covenant.witnesses.external.length;
  const { epoch, witnessQuorum } = value.roster;
  return { finding: pass(`epoch ${epoch}, keys admitted, quorum ${witnessQuorum} of ${witnesses}`), value };
}

export function checkPlan({ bundle, founding }: Evidence): Established<Plan> {
  const found = rootOf(bundle, "plan/v1", bundle.index.planHash);
  if (found === "left out") return { finding: skip("left out of the bundle") };
  if (found === undefined) return { finding: fail("not in the bundle") };
  if (founding === undefined) return { finding: skip("the roster does not say who may ask") };
  const { id, covenantHash, rosterHash, proposer, class: queryClass } = found.value;
  if (covenantHash !== founding.covenantHash || rosterHash !== founding.rosterHash)
    return { finding: fail("made under another agreement or roster") };
  const people = founding.cards.get(proposer.party)?.people ?? [];
  const keys = people.filter(({ roles, key }) => roles.includes("analyst") && key === proposer.by);
  if (
    !signedBy(
      found,
      keys.map(({ key }) => key),
    )
  )
    return { finding: fail(`not signed by an analyst of ${proposer.party}`) };
  return {
    finding: pass(`${id}, class ${queryClass}, by an analyst of ${proposer.party}`),
    value: found.value,
  };
}

/** The contract is computed here; the one in the bundle only has to be the same. */
export function checkContract(
  { bundle, founding, plan, primitives }: Evidence,
  { recompute }: Pick<VerifyOptions, "recompute">,
): Established<Contract> {
  const found = rootOf(bundle, "contract/v1", bundle.index.contractHash);
  if (found === undefined) return { finding: fail("not in the bundle") };
  if (founding === undefined || plan === undefined) return { finding: skip("nothing to compute it from") };
  const value = attempt(() => recompute(founding.covenant, founding.roster, plan, primitives));
  if (value instanceof Error) return { finding: fail(`no contract follows from the plan: ${value.message}`) };
  if (hashOf(primitives, documentBytes(value)) !== bundle.index.contractHash)
    return { finding: fail("recomputed from the plan: another contract") };
  return { finding: pass("recomputed from the plan: same hash"), value };
}

function admitLedgerKeys({ cards, covenant }: Founding, primitives: Evidence["primitives"]): void {
  const texts = [...cards.values()].flatMap(({ ledger, witness }) => [ledger, witness]);
  const keys = [...texts, ...covenant.witnesses.external.map(({ vkey }) => vkey)].map((text) =>
    publicKeyText(readVerifierKey(primitives.sha256, text).publicKey),
  );
  for (const key of keys) admitPublicKey(primitives, key);
  if (new Set(keys).size !== keys.length) throw new Error("expected each key once");
}
