// SPDX-License-Identifier: Apache-2.0
// What one person does with a key of their own, outside any node: make it, and sign decisions.
import { randomFillSync } from "node:crypto";
import { type Decided, EXTERNAL, type SignedBytes, signDecision } from "@koplamp/covenant";
import { publicKeyText, wipe } from "@koplamp/crypto";
import type { InboxQuestion } from "@koplamp/engine";
import { nodePrimitives } from "@koplamp/pool";
import { contractOf } from "@koplamp/query";
import { readPersonKey, writePersonKey } from "@koplamp/store";
import { documentBytes, documentHash, type Hash, timeText } from "@koplamp/wire";
import { SdkError } from "./errors.ts";

/** Makes a person's key file, which only its owner may read, and gives the public part for the agency's card. */
export function newPersonKey(file: string): string {
  const seed = randomFillSync(new Uint8Array(32));
  try {
    writePersonKey(file, seed);
    return publicKeyText(nodePrimitives().ed25519PublicKey(seed));
  } finally {
    wipe(seed);
  }
}

/** The public part of a key file. @throws {StoreError} when it cannot be used. */
export function personKeyOf(file: string): string {
  const seed = readPersonKey(file);
  try {
    return publicKeyText(nodePrimitives().ed25519PublicKey(seed));
  } finally {
    wipe(seed);
  }
}

/** What a person decides, as the command line asks for it. */
export type PersonDecision = Pick<Decided, "role" | "decision" | "considered" | "reason">;

/**
 * A decision about exactly what was shown. The hashes are computed here, and so is the contract, from the plan and the
 * agreement: what a person signs is what follows from the plan, whatever the node says.
 * @throws {SdkError} `question` when the node shows another contract; {@link StoreError} for the key.
 */
export function signDecisionOf(
  question: InboxQuestion,
  decided: PersonDecision,
  keyFile: string,
): SignedBytes {
  const { plan, covenant } = question;
  const { planHash, contractHash } = checkedHashes(question);
  const outside = covenant.approval.external.some(({ role }) => role === decided.role);
  const party = outside ? EXTERNAL : question.card.party;
  const seed = readPersonKey(keyFile);
  try {
    return signDecision(
      { ...decided, party },
      { plan, planHash, contractHash, validFor: covenant.approval.validFor },
      {
        seed,
        salt: randomFillSync(new Uint8Array(32)),
        now: timeText(Date.now()),
        primitives: nodePrimitives(),
      },
    );
  } finally {
    wipe(seed);
  }
}

function checkedHashes(question: InboxQuestion): { readonly planHash: Hash; readonly contractHash: Hash } {
  const primitives = nodePrimitives();
  const { plan, contract, covenant, roster } = question;
  const hash = (document: Parameters<typeof documentBytes>[0]): Hash =>
    documentHash(primitives.sha256, documentBytes(document));
  const [planHash, contractHash] = [hash(plan), hash(contract)];
  const own = hash(contractOf(covenant, roster, plan, primitives));
  const told = [question.planHash, question.contractHash, plan.covenantHash, plan.rosterHash, own];
  const found = [planHash, contractHash, hash(covenant), hash(roster), contractHash];
  if (told.join(" ") === found.join(" ")) return { planHash, contractHash };
  throw new SdkError(
    "question",
    "expected the contract that follows from the plan and the agreement, got another",
    "sign nothing, and ask the node's operator",
  );
}

/** The roles in which a key may decide about a question: on the card of the agency, or outside all agencies. */
export function rolesOf({ card, covenant }: InboxQuestion, publicKey: string): readonly string[] {
  const outside = covenant.approval.external.filter(({ keys }) => keys.includes(publicKey));
  const person = card.people.find(({ key }) => key === publicKey);
  const inside = (person?.roles ?? []).filter((role) => DECIDING.includes(role));
  return [...inside, ...outside.map(({ role }) => role)];
}

const DECIDING: readonly string[] = ["lawful", "ethical", "officer"];
