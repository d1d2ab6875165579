// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import type { Hash } from "@koplamp/wire";
import { asEngineError } from "./errors.ts";
import { type FourEyes, peopleTopic, refusalBy } from "./four-eyes.ts";
import { endedQuestion } from "./inbox.ts";
import { decodeMessage, encodeMessage, type PeopleMessage, peopleForm, type Stop } from "./messages.ts";
import type { NodePorts } from "./node-ports.ts";

/** Hears what another node says of its people's decisions, about a question that lives here or one that has ended. */
export function hearPeople(
  node: NodePorts,
  live: ReadonlyMap<Hash, FourEyes>,
  from: PartyId,
  topic: string,
  body: Uint8Array,
): void {
  const eyes = [...live.values()].find(({ run }) => peopleTopic(run.planHash) === topic);
  try {
    const message = decodeMessage(peopleForm, from, body);
    if (eyes !== undefined) eyes.hear(from, message);
    else hearLate(node, from, topic, message);
  } catch (reason) {
    const error = asEngineError(reason, from);
    node.log({ event: "people.refused", party: node.me, peer: from, code: error.code });
    eyes?.run.stop(error);
  }
}

/** A decision about a question that has ended stays on record all the same; whoever still waits is told why it ended. */
function hearLate(node: NodePorts, from: PartyId, topic: string, message: PeopleMessage): void {
  const planHash = node.ledger.plans().find((hash) => peopleTopic(hash) === topic);
  const found = planHash === undefined ? undefined : endedQuestion(node, planHash);
  if (found?.parties.includes(from)) found.approvals.admit(message.documents);
  if (!message.ask) return;
  const documents = found?.approvals.documents(message.have) ?? [];
  const answer: PeopleMessage = { documents, complete: false, ask: false, have: [] };
  const objection = found?.approvals.objection();
  const { me } = node;
  const over = `the question has ended at ${me}`;
  const stop: Stop =
    objection === undefined
      ? { code: "stopped", party: me, message: over, hint: "ask again", rule: null }
      : { code: "refused", ...refusalBy(objection) };
  const end = encodeMessage(stop);
  const send = async (): Promise<void> => {
    if (documents.length > 0) await node.post.send(from, topic, encodeMessage(answer));
    await node.post.send(from, `q/${topic.slice("people/".length)}/stop`, end);
  };
  send().catch(() => {}); // it asks again
}
