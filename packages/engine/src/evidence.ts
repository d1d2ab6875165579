// SPDX-License-Identifier: Apache-2.0
import type { SignedBytes } from "@koplamp/covenant";
import { signDocument } from "@koplamp/crypto";
import type { ShownLedger } from "@koplamp/ledger";
import type { PartyId } from "@koplamp/protocol";
import { answerText, base64, documentBytes, documentHash, type Hash, hex, timeText } from "@koplamp/wire";
import { closeShards } from "./books.ts";
import { bundleOf } from "./bundle.ts";
import { equalsContract } from "./egress.ts";
import { asEngineError } from "./errors.ts";
import type { Draft } from "./ledger-entries.ts";
import { decodeMessage, encodeMessage, evidenceForm, signedForm } from "./messages.ts";
import type { NodePorts } from "./node-ports.ts";
import type { QuestionRun } from "./question-run.ts";
import { acknowledges, signedReceipt } from "./receipts.ts";
import type { SessionResult } from "./session.ts";
import type { StageResult } from "./stage.ts";
import { within } from "./within.ts";

/** How long a recipient may take to acknowledge, and a party to show its entries. */
const DEADLINE_MS = 60_000;

/**
 * Closes the account of a question that has an answer: receipts for what came, `deliver` or `undelivered` for what went,
 * what left, the recipient's `release`; then every entry with its proof to the proposer and the recipients, who make
 * the bundle. Nothing here can take the answer away: what is missing is missing in the evidence.
 */
export async function gatherEvidence(
  node: NodePorts,
  run: QuestionRun,
  answered: StageResult,
): Promise<Uint8Array | undefined> {
  node.progress({ party: node.me, phase: "prove" });
  if (run.leg?.alone === true) return closedAlone(node, run, answered);
  const documents: SignedBytes[] = [];
  for (const session of sessionsOf(answered)) {
    documents.push(...(await acknowledge(node, run, session)));
    documents.push(...(await delivered(node, run, session)));
  }
  if (answered.session !== undefined) documents.push(signedEgress(node, run, answered.session));
  if (answered.result !== undefined) node.ledger.append([releaseEntry(node, run, answered)]);
  try {
    return await exchanged(node, run, documents);
  } catch (reason) {
    const { code, party } = asEngineError(reason, node.me);
    node.log({ event: "evidence.incomplete", party: node.me, plan: run.planHash, code, peer: party });
    return undefined;
  }
}

/** Where the others have ended already: nobody takes receipts or shows entries any more. */
function closedAlone(node: NodePorts, run: QuestionRun, answered: StageResult): undefined {
  const { ledger, me, log } = node;
  const { planHash } = run;
  closeShards(node, planHash);
  const isTold = ledger.entriesOf(planHash).some(({ entry }) => entry.type === "release");
  if (answered.result !== undefined && !isTold) ledger.append([releaseEntry(node, run, answered)]);
  log({ event: "evidence.incomplete", party: me, plan: planHash, code: "stopped" });
  return undefined;
}

function sessionsOf({ before = [], session }: StageResult): readonly SessionResult<unknown>[] {
  return session === undefined ? before : [...before, session];
}

/** A receipt for every disclosure that came, to whoever disclosed it; one `receive` for each in the own ledger. */
async function acknowledge(
  node: NodePorts,
  run: QuestionRun,
  { session, received }: SessionResult<unknown>,
): Promise<readonly SignedBytes[]> {
  const { planHash, topic } = run;
  const { me, primitives, clock, keys, ledger, post } = node;
  ledger.append(
    received.map(({ from, frame }) => ({
      type: "receive",
      verb: "collection",
      planHash,
      body: { session, from, frame: `sha256:${hex(frame)}` },
    })),
  );
  return await Promise.all(
    received.map(async (one) => {
      const signer = { primitives, clock, identity: keys.identity };
      const receipt = signedReceipt(signer, { ...one, planHash, session, to: me });
      const name = topic(`receipt/${session}/${one.disclosure}`);
      await orNothing(node, run, one.from, async () => {
        await post.send(one.from, name, encodeMessage(receipt));
        return "sent";
      });
      return receipt;
    }),
  );
}

/** Waits for the receipts of what this node disclosed. One that does not come is on record too. */
async function delivered(
  node: NodePorts,
  run: QuestionRun,
  { session, logged }: SessionResult<unknown>,
): Promise<readonly SignedBytes[]> {
  const deadline = timeText(node.clock.now() + DEADLINE_MS);
  const receipts = await Promise.all(
    logged.map(async (line) => ({ id: line.id, receipt: await receiptOf(node, run, session, line) })),
  );
  node.ledger.append(
    receipts.map(({ id, receipt }): Draft => {
      const { planHash } = run;
      const common = { session, disclosure: id };
      if (receipt === undefined) {
        return { type: "undelivered", verb: "none", planHash, body: { ...common, deadline } };
      }
      const receiptHash = documentHash(node.primitives.sha256, receipt.bytes);
      return { type: "deliver", verb: "none", planHash, body: { ...common, receiptHash } };
    }),
  );
  return receipts.flatMap(({ receipt }) => receipt ?? []);
}

async function receiptOf(
  node: NodePorts,
  run: QuestionRun,
  session: string,
  { id, to, index }: SessionResult<unknown>["logged"][number],
): Promise<SignedBytes | undefined> {
  const { me, ledger, post } = node;
  const { planHash, topic } = run;
  const entry = ledger.entriesOf(planHash).find((placed) => placed.index === index)?.entry;
  const frame = String(entry?.body["frame"]);
  const bytes = Number(entry?.body["bytes"]);
  const expected = { planHash, session, disclosure: id, from: me, to, frame, bytes };
  return await orNothing(node, run, to, async () => {
    const body = await post.receive(to, topic(`receipt/${session}/${id}`));
    const receipt = decodeMessage(signedForm, to, body);
    return acknowledges(node, receipt, expected) ? receipt : undefined;
  });
}

/** Rows of what happens once: a node evaluates only what it has not evaluated before. */
const PREPARATION = /^(?:keyset|evaluate|index)\./;

/** What has left this node in all sessions of the question, as its own channel counted. */
function signedEgress(node: NodePorts, run: QuestionRun, { session }: SessionResult<unknown>): SignedBytes {
  const { me, keys, primitives } = node;
  const { planHash, contractHash, contract, egress } = run;
  const bytes = documentBytes({
    koplamp: "egress/v1",
    planHash,
    contractHash,
    session,
    from: me,
    rows: egress,
    equalsContract: equalsContract(me, contract, egress, (what) => PREPARATION.test(what)),
  });
  const hash = documentHash(primitives.sha256, bytes);
  return { bytes, signatures: [signDocument(primitives, keys.identity, "egress/v1", hash)] };
}

/** What disclosure control let out. The result itself stays with its recipient; only its salted hash is logged. */
function releaseEntry(
  { me, rng, primitives }: NodePorts,
  { plan, planHash, contract, contractHash }: QuestionRun,
  { result, withheld }: StageResult,
): Draft {
  const results = result === undefined ? {} : { [me]: result };
  const answer = answerText({ query: plan.id, status: "released", results, disclosures: [], ledger: {} });
  const salt = base64(rng(32));
  const bytes = documentBytes({ koplamp: "result/v1", planHash, contractHash, answer, withheld, salt });
  const own = contract.outputs.filter(({ id, to }) => to === me && !id.startsWith("tests."));
  const outputs = [...new Set(own.map(({ id }) => id))];
  const resultHash = documentHash(primitives.sha256, bytes);
  return {
    type: "release",
    verb: "combination",
    planHash,
    body: { outputs, resultHash, withheld },
    kept: { salt },
  };
}

/** Shows this node's entries to the proposer and the recipients; there, waits for everybody's and makes the bundle. */
async function exchanged(
  node: NodePorts,
  run: QuestionRun,
  documents: readonly SignedBytes[],
): Promise<Uint8Array | undefined> {
  const { me, post } = node;
  const makers = [...new Set([run.plan.proposer.party, ...run.recipients])];
  const own = await ownPages(node, run);
  const body = encodeMessage({ entries: own, documents });
  const topic = run.topic("evidence");
  const show = async (to: PartyId): Promise<"sent"> => {
    await post.send(to, topic, body);
    return "sent";
  };
  const shown = makers.filter((party) => party !== me).map((to) => orNothing(node, run, to, () => show(to)));
  await Promise.all(shown);
  if (!makers.includes(me)) return undefined;
  const ledgers: ShownLedger[] = [{ party: me, entries: own }];
  const all = [...documents];
  const theirs = run.others.map(async (party) => {
    const evidence = await orNothing(node, run, party, async () =>
      decodeMessage(evidenceForm, party, await post.receive(party, topic)),
    );
    return [party, evidence] as const;
  });
  for (const [party, shown] of await Promise.all(theirs)) {
    if (shown === undefined) continue;
    ledgers.push({ party, entries: verified(node, party, run.planHash, shown.entries) });
    all.push(...shown.documents);
  }
  return bundleOf(node, run, ledgers, all);
}

/** What every run of a standing question rests on. */
const AGREED: readonly string[] = ["plan", "approval"];

/** All own entries of the question, or of this run of it, under one checkpoint. */
async function ownPages(node: NodePorts, run: QuestionRun): Promise<ShownLedger["entries"]> {
  const indices = node.ledger
    .entriesOf(run.planHash)
    .filter(({ index, entry }) => run.isOwn(index) || AGREED.includes(entry.type))
    .map(({ index }) => index);
  const proofs = await node.ledger.cosigned(indices);
  return indices.map((index, at) => ({
    leaf: node.ledger.leaf(index),
    proof: proofs[at] ?? new Uint8Array(),
  }));
}

/** The entries of another party that its ledger has, and that are of this question. */
function verified(
  node: NodePorts,
  party: PartyId,
  planHash: Hash,
  entries: ShownLedger["entries"],
): ShownLedger["entries"] {
  return entries.filter(({ leaf, proof }) => node.ledger.verify(party, leaf, proof).planHash === planHash);
}

/** What a party gives within the deadline, or nothing: its silence or its fault is its own, and is said in the log. */
async function orNothing<T>(
  node: NodePorts,
  run: QuestionRun,
  party: PartyId,
  wait: () => Promise<T>,
): Promise<T | undefined> {
  try {
    const given = await within(node.clock, DEADLINE_MS, Promise.race([wait(), run.leftBy(party)]));
    if (given === undefined) node.log({ event: "evidence.missing", party: node.me, peer: party });
    return given;
  } catch (reason) {
    const { code } = asEngineError(reason, party);
    node.log({ event: "evidence.missing", party: node.me, peer: party, code });
    return undefined;
  }
}
