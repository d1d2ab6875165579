// SPDX-License-Identifier: Apache-2.0
import { wipe } from "@koplamp/crypto";
import type { PartyId } from "@koplamp/protocol";
import {
  type Allowance,
  type Answered,
  batchesOf,
  batchFor,
  inputRoot,
  lookupAsker,
  lookupHolder,
  type MeterRequest,
  meter,
  nextQuestions,
  openLookupAsker,
  openLookupHolder,
  openShare,
  tellAnswers,
} from "@koplamp/psi";
import {
  type AnswerResult,
  addPeriod,
  canonicalBytes,
  concat,
  documentHash,
  type Hash,
  hex,
  type InputContext,
  inputEncoder,
  keyAt,
  keysOf,
  type LookupAsk,
  type LookupResult,
  listOf,
  type PresenceGrid,
  packInputs,
  type Time,
  timeMs,
  timeText,
  utf8,
} from "@koplamp/wire";
import { z } from "zod";
import { contributionOf, freshSalt } from "./contribution.ts";
import { meetingsOf, ownItems } from "./deconflict.ts";
import { EngineError } from "./errors.ts";
import { logActs } from "./interest-audit.ts";
import { type Items, inputsOf } from "./items.ts";
import { indexScope, type OwnIndex, type PublishedIndex, questionsOf, readingOf } from "./lookup-kept.ts";
import { type Current, publishedNow, subscribedNow } from "./lookup-publication.ts";
import { inputContext } from "./match-stage.ts";
import { decodeMessage, encodeMessage } from "./messages.ts";
import type { NodePorts } from "./node-ports.ts";
import { OpenLookup, type OpenParts } from "./open-lookup.ts";
import type { QuestionRun } from "./question-run.ts";
import { checkLookups, lookupsCost, Meter } from "./quota.ts";
import { rememberedItems } from "./remembered-table.ts";
import { runSession, type SessionFacts, type SessionResult } from "./session.ts";
import type { StageResult } from "./stage.ts";

/**
 * One node's side of a look-up: the index, where it is not there yet or the list has changed, then one session of
 * questions under an allowance of its day. The holder refuses what is above its quota before anything is published.
 */
export async function lookupStage(node: NodePorts, run: QuestionRun): Promise<StageResult> {
  const { ask } = run.plan;
  if (ask.kind !== "lookup") throw new Error("expected a look-up"); // safe because stages are chosen by kind
  return ask.asker === node.me ? await asking(node, run, ask) : await holding(node, run, ask);
}

/** The session of questions, as a verifier knows it too. */
const LABEL = "0/1";

const dayForm: z.ZodType<{ readonly day: string }> = z.strictObject({
  day: z.string().regex(/^\d{4}-\d\d-\d\d$/),
});

async function asking(node: NodePorts, run: QuestionRun, ask: LookupAsk): Promise<StageResult> {
  if (ask.open === true) return await askingOpen(node, run, ask);
  const { holder } = indexScope(node, run.plan);
  const inputs = inputsOf(asked(node, run, ask));
  const keys = keysOf(inputs);
  const { day, index, session: published } = await indexNow(node, run);
  node.progress({ party: node.me, phase: "look up" });
  const { salt, text } = freshSalt(node);
  const session = await runSession(node, run, {
    ...common(run),
    secrets: () => ({ cacheKey: node.keys.storage.slice(), salt }),
    start: async (facts, pool) => {
      const root = (await pool.run(inputRoot, [inputs])) as Uint8Array; // safe because the job says so
      logQuestions(node, run, { root, text, keys, elements: ask.elements });
      return lookupAsker({ ...setup(node, run, ask, index, { facts, day }), inputs, index }, node.rng);
    },
  });
  const answers = keys.map((key, at) => ({ key, hit: session.output[at] === 1 }));
  const result = resultOf(node, run.planHash, ask, holder, answers);
  return { result, withheld: [], session, ...before(published) };
}

/** The day that the holder will charge, and the index as it is now. */
async function indexNow(node: NodePorts, run: QuestionRun) {
  const { holder } = indexScope(node, run.plan);
  const said = await run.until(node.post.receive(holder, run.topic("lookups")));
  const { day } = decodeMessage(dayForm, holder, said);
  expectToday(node, run, day);
  return { day, ...(await subscribedNow(node, run)) };
}

/** Questions that come one by one from the own desk, each fixed in the own ledger before it leaves. */
async function askingOpen(node: NodePorts, run: QuestionRun, ask: LookupAsk): Promise<StageResult> {
  const { holder } = indexScope(node, run.plan);
  const [input] = run.plan.inputs;
  if (input === undefined) throw new Error("expected a list"); // safe because a look-up's plan has one
  const reading = readingOf(node, run.planHash, holder);
  const { day, index, session: published } = await indexNow(node, run);
  const { salt, text } = freshSalt(node);
  const context = inputContext(node, run.plan, input);
  const logged: OpenParts["logged"] = ({ keys, root }) =>
    logQuestions(node, run, { root, text, keys, elements: batchFor(keys.length) ?? 0 });
  const until = closingTime(node, run, day);
  const open = new OpenLookup(node, { ask, reading, context, salt, until, logged });
  try {
    const session = await runSession(node, run, {
      ...common(run),
      secrets: () => ({ cacheKey: node.keys.storage.slice(), salt: salt.slice() }),
      hostJobs: {
        [nextQuestions.name]: () => open.next((wait) => run.until(wait)),
        [tellAnswers.name]: (_number: number, hits: Uint8Array) => open.tell(hits),
      },
      start: (facts) => {
        const { batches: _, ...both } = setup(node, run, ask, index, { facts, day });
        run.open = open;
        node.progress({ party: node.me, phase: "open" });
        return openLookupAsker({ ...both, elements: ask.elements, index }, node.rng);
      },
    });
    const result = resultOf(node, run.planHash, ask, holder, open.answers);
    return { result, withheld: [], session, ...before(published) };
  } catch (reason) {
    const error = await run.fail(reason); // with what the holder says of it, where it ended this
    open.close(error);
    throw error;
  } finally {
    open.close();
    wipe(salt);
  }
}

/** An open look-up ends with the day that it is charged to, and early enough for its evidence. @throws `expired`. */
function closingTime({ me, clock }: NodePorts, { plan }: QuestionRun, day: string): Time {
  const end = addPeriod(`${day}T00:00:00Z`, "P1D");
  const [until = end] = [end, timeText(timeMs(plan.expires) - CLOSING_MS)].sort();
  if (timeMs(until) > clock.now()) return until;
  const message = `expected an open look-up to begin before ${until}, got ${timeText(clock.now())}`;
  throw new EngineError("expired", me, message, "ask again, with a later day in `expires`");
}

/** How long before a question expires an open look-up ends by itself: receipts and proofs take some of it. */
const CLOSING_MS = 300_000;

/** What is asked: a file's questions, or what the own desks look at now. */
function asked(node: NodePorts, run: QuestionRun, { interests }: LookupAsk): Items {
  const { plan, planHash } = run;
  const [input] = plan.inputs;
  if (input === undefined) throw new Error("expected a list"); // safe because a look-up's plan has one
  const context = inputContext(node, plan, input);
  if (interests !== undefined) return registered(node, run, interests, context);
  const keys = questionsOf(node, planHash);
  return { list: listOf(packInputs(keys.map(inputEncoder(context)))) };
}

/** What runs in the own register: on record first, and then taken. */
function registered(
  node: NodePorts,
  { planHash }: QuestionRun,
  grid: PresenceGrid,
  context: InputContext,
): Items {
  logActs(node, planHash);
  return ownItems(node, grid, context);
}

/** An answer to questions; of interests the names of those that met, which are noted in the own register, and no more. */
function resultOf(
  node: NodePorts,
  planHash: Hash,
  { interests }: LookupAsk,
  other: PartyId,
  answers: LookupResult["answers"],
): AnswerResult {
  if (interests === undefined) return { kind: "lookup", answers };
  const met = answers.filter(({ hit }) => hit).map(({ key }) => key);
  const noted = meetingsOf(node, other, interests, met);
  logActs(node, planHash, noted); // whether there was a hit or not
  return { kind: "lookup", answers: noted.map(({ id }) => ({ key: ["interest", id], hit: true })) };
}

async function holding(node: NodePorts, run: QuestionRun, ask: LookupAsk): Promise<StageResult> {
  const { asker, elements } = ask;
  checkLookups(node, run, asker, elements);
  const held = await heldItems(node, run);
  const day = timeText(node.clock.now()).slice(0, 10);
  await node.post.send(asker, run.topic("lookups"), encodeMessage({ day }));
  const inputs = inputsOf(held);
  const { index, session: published } = await publishedNow(node, run, inputs);
  node.progress({ party: node.me, phase: "answer" });
  const allowed = new Meter(node.me, asker, elements);
  const end = timeMs(addPeriod(`${day}T00:00:00Z`, "P1D")) + SKEW_MS;
  const session = await runSession<Answered>(node, run, {
    ...common(run),
    debits: [{ asker, unit: "lookups", amount: elements }],
    costOf: ({ output }) => (output === "answers" ? [lookupsCost(node, run, { asker, elements, day })] : []),
    hostJobs: {
      [meter.name]: (request: MeterRequest) => {
        run.stillAllowed(); // whoever withdraws or is halted closes an allowance at once
        expectWithin(node, asker, end);
        allowed.draw(request);
      },
    },
    secrets: () => ({ cacheKey: node.keys.storage.slice() }),
    start: async (facts, pool) => {
      await pool.run(openShare, [index.context, index.share]);
      const own = { ...setup(node, run, ask, index, { facts, day }), inputs, index };
      return ask.open === true
        ? openLookupHolder({ ...own, elements }, node.rng)
        : lookupHolder(own, node.rng);
    },
  });
  logSpent(node, run, session);
  const { reported } = session.output;
  const told = { withheld: [], session, ...before(published) };
  if (reported === undefined) return told;
  const answers = Array.from(reported, (at) => ({ key: keyAt(held.list, at), hit: true }));
  return { ...told, result: resultOf(node, run.planHash, ask, asker, answers) };
}

/** An allowance is of one day; the asker's clock may be behind by what clocks may differ. @throws `expired`. */
function expectWithin({ me, clock }: NodePorts, asker: PartyId, end: number): void {
  if (clock.now() <= end) return;
  const message = `${asker} asks on under an allowance of ${me} that ended at ${timeText(end - SKEW_MS)}`;
  throw new EngineError("expired", asker, message, "ask again: every day has an allowance of its own");
}

async function heldItems(node: NodePorts, run: QuestionRun): Promise<Items> {
  const contribution = await contributionOf(node, run);
  if (contribution === undefined)
    throw new EngineError("source", node.me, `${node.me} has no list to answer from`);
  const { input, table } = contribution;
  const context = inputContext(node, run.plan, input);
  const { interests } = run.plan.ask as LookupAsk; // safe because this stage answers no other kind
  if (interests !== undefined) return registered(node, run, interests, context);
  return await rememberedItems(table, input.columns, context, () => node.clock.sleep(0));
}

function common({ plan }: QuestionRun) {
  const { asker, from } = plan.ask as LookupAsk; // safe because this stage answers no other kind
  const parties = [asker, ...from.map(({ party }) => party)].sort();
  const line = ({ id }: { readonly id: string }): boolean => /^(?:answers|report)\./.test(id);
  return { label: LABEL, parties, line, prefix: "" };
}

function setup(
  { me }: NodePorts,
  { plan, planHash }: QuestionRun,
  { asker, elements, tell }: LookupAsk,
  {
    context,
    ...index
  }: Pick<OwnIndex, "context"> & (Pick<OwnIndex, "key"> | Pick<PublishedIndex, "message">),
  { facts, day }: { readonly facts: SessionFacts; readonly day: string },
) {
  const holder = plan.inputs[0]?.party ?? "";
  const { session, transcript } = facts;
  const key = "key" in index ? index.key : index.message.slice(0, 32);
  const end = addPeriod(`${day}T00:00:00Z`, "P1D");
  const [validUntil = end] = [end, plan.expires].sort();
  const right = { asker, ceiling: elements, plan: planHash, session, validUntil };
  const allowance: Allowance = { ...right, unit: "lookups" };
  const parties = [asker, holder].sort();
  const batches = batchesOf(elements);
  return { me, parties, transcript, context, holder, asker, batches, key, allowance, tell };
}

/** A holder may be in another day than we are by what clocks may differ, and no further. */
function expectToday({ me, clock }: NodePorts, { plan }: QuestionRun, day: string): void {
  const days = [-SKEW_MS, SKEW_MS].map((off) => timeText(clock.now() + off).slice(0, 10));
  if (days.includes(day)) return;
  const holder = plan.inputs[0]?.party ?? me;
  throw new EngineError(
    "integrity",
    holder,
    `${holder} would charge another day than today`,
    "compare clocks",
  );
}

const SKEW_MS = 300_000;

/** Fixes the questions in the asker's own ledger, salted: an auditor with list and salt can make the requests again. */
function logQuestions(
  { ledger, primitives }: NodePorts,
  { planHash }: QuestionRun,
  {
    root,
    text,
    keys,
    elements,
  }: {
    readonly root: Uint8Array;
    readonly text: string;
    readonly keys: readonly (readonly string[])[];
    readonly elements: number;
  },
): void {
  const list = primitives.sha256(canonicalBytes(keys));
  const snapshot = primitives.hmacSha256(utf8(text), concat(utf8("questions\u0000"), list));
  const body = {
    dataset: "questions",
    snapshot: `sha256:${hex(snapshot)}`,
    root: `sha256:${hex(root)}`,
    rowsPadded: elements,
  };
  ledger.append([{ type: "inputs", verb: "collection", planHash, body, kept: { salt: text } }]);
}

function logSpent(
  { ledger, primitives }: NodePorts,
  { planHash }: QuestionRun,
  { output, logged }: SessionResult<Answered>,
): void {
  const index = logged.find(({ id }) => id.startsWith("answers."))?.index ?? 0;
  const allowance = documentHash(primitives.sha256, ledger.leaf(index));
  const body = { allowance, metered: output.metered, root: `sha256:${hex(output.request)}` };
  ledger.append([{ type: "spent", verb: "none", planHash, body }]);
}

function before(session: Current<unknown>["session"]): Pick<StageResult, "before"> {
  return session === undefined ? {} : { before: [session] };
}
