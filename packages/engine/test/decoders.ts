// SPDX-License-Identifier: Apache-2.0
import type { Target } from "../../../test/fuzz/target.ts";
import {
  decodeMessage,
  doneForm,
  encodeMessage,
  erasedForm,
  evidenceForm,
  keySetForm,
  legForm,
  noticeForm,
  offerForm,
  offerRequestForm,
  peopleForm,
  proposalForm,
  signedForm,
  stopForm,
  suspensionForm,
  ticketForm,
  verdictForm,
  wantedForm,
  withdrawalsForm,
} from "../src/messages.ts";

const bytes = Uint8Array.of(1, 2, 3, 250, 251);
const signed = { bytes, signatures: ["ed25519:AAAA BBBB"] };
const hash = `sha256:${"0d".repeat(32)}`;

/** One of each message of the control plane. */
const MESSAGES = {
  proposal: [proposalForm, { plan: signed }],
  "offer request": [offerRequestForm, { dataset: "reports", key: ["imo"], groups: ["region"] }],
  "offer request by several keys": [
    offerRequestForm,
    { dataset: "reports", key: ["imo", "name"], groups: [], anyKey: [["imo"], ["name", "imo"]] },
  ],
  offer: [offerForm, { kind: "entry", entry: bytes }],
  "no offer": [offerForm, { kind: "none", code: "catalogue", message: "no", hint: "ask" }],
  verdict: [verdictForm, { kind: "allow", contractHash: hash }],
  refusal: [verdictForm, { kind: "refuse", rule: "quota", message: "no", hint: "" }],
  people: [peopleForm, { documents: [signed], complete: true, ask: false, have: [hash] }],
  withdrawals: [withdrawalsForm, { documents: [signed], ask: true }],
  suspension: [suspensionForm, { documents: [signed], ask: true }],
  "key set": [keySetForm, { keyset: hash }],
  wanted: [wantedForm, { elements: 256 }],
  done: [doneForm, { done: true }],
  leg: [legForm, { planHash: hash, leg: 2, at: 3, begun: { shard: 3, repeat: 1 }, ask: true, over: false }],
  stop: [stopForm, { code: "stopped", party: "anna", message: "over", hint: "", rule: null }],
  notice: [noticeForm, { release: 1, leaves: [bytes], proofs: [bytes, bytes] }],
  signed: [signedForm, signed],
  erased: [erasedForm, { planHash: hash }],
  evidence: [evidenceForm, { entries: [{ leaf: bytes, proof: bytes }], documents: [signed] }],
} as const;

/** What the control plane reads of others. `tickets`: those of real questions. */
export function decoders(tickets: readonly Uint8Array[]): readonly Target[] {
  const messages = Object.entries(MESSAGES).map(([name, [form, message]]) =>
    target(name, form, [encodeMessage(message)]),
  );
  return [...messages, target("ticket", ticketForm, tickets)];
}

function target(
  name: string,
  form: Parameters<typeof decodeMessage<object>>[0],
  samples: readonly Uint8Array[],
): Target {
  return {
    name: `the message "${name}"`,
    samples,
    inputs: 4_000,
    again: (body) => encodeMessage(decodeMessage(form, "mallory", body)),
  };
}
