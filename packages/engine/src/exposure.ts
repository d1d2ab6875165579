// SPDX-License-Identifier: Apache-2.0
// What could a party ever have learned about our data? (evidence.md, section 10). Computed from the own ledger alone.
import { type Fact, type PartyId, rankOf } from "@koplamp/protocol";
import { isPairProtocol } from "@koplamp/psi";
import type { Contract, ContractItem, Entry, EntryBodies, Hash, Plan, Time } from "@koplamp/wire";

/** The own ledger, and the documents that its entries name, as far as they are not erased. */
export interface ExposureLog {
  readonly me: PartyId;
  readonly entries: readonly Entry[];
  readonly plan: (hash: Hash) => Plan | undefined;
  readonly contract: (hash: Hash) => Contract | undefined;
}

/** Whose knowledge, about which dataset of ours, between which instants (both included). */
export interface ExposureRequest {
  /** The parties that put together what they know; `coordinator` may be among them. */
  readonly who: readonly PartyId[];
  /** Absent: all our datasets. */
  readonly dataset?: string;
  readonly from: Time;
  readonly to: Time;
}

/** One thing that could have been learned, by which question. */
export interface ExposedItem {
  readonly fact: Fact;
  readonly about: readonly PartyId[];
  readonly bound: number | string;
  readonly because: string;
  /** `atMost`: what leaving the protocol, or a later question, would add. `together`: what no member knows alone. */
  readonly how: "learns" | "atMost" | "together" | "tests";
  /** The question, or for `tests` the last question that opened under the key set. */
  readonly planHash: Hash;
}

/** A question that touched the dataset, in what a reader wants to know of it. */
export interface ExposedQuestion {
  readonly planHash: Hash;
  readonly plan: Plan;
  readonly contract: Contract;
  /** When it disclosed to them first; for a question that did not, when its first session began. */
  readonly at: Time;
  /** Whether anything was disclosed to them: if not, they learned sizes only. */
  readonly opened: boolean;
  /** Who approved: `<party> <role>`. */
  readonly approvals: readonly string[];
}

/** A disclosure whose plan or contract was erased after its term: what the entry itself still tells. */
export interface ForgottenDisclosure {
  readonly planHash: Hash;
  readonly disclosure: string;
  readonly to: readonly PartyId[];
  readonly bytes: number;
  readonly at: Time;
}

/** All that a coalition could have learned, highest rank first; nothing else, provided the assumptions hold. */
export interface Exposure {
  readonly who: readonly PartyId[];
  readonly me: PartyId;
  readonly items: readonly ExposedItem[];
  readonly questions: readonly ExposedQuestion[];
  readonly forgotten: readonly ForgottenDisclosure[];
  /** Spent on noise in what was disclosed to them, in 10⁻⁶ of rho. */
  readonly rhoMicro: number;
}

/** Facts that a session gives away by taking place. */
const SIZES: readonly Fact[] = ["took-part", "timing", "ledger-growth", "size-padded", "vocabulary"];

/**
 * All that a coalition could have learned about our data. More entries and more members never give less. It is complete
 * if what was disclosed is what the contracts list, and if everything that left is in the ledger.
 */
export function exposureOf(log: ExposureLog, request: ExposureRequest): Exposure {
  const who = new Set(request.who);
  const within = log.entries.filter(({ at }) => request.from <= at && at <= request.to);
  const sent = within.filter(
    ({ type, body }) => type === "disclose" && recipientsOf(body).some((to) => who.has(to)),
  );
  const questions = questionsOf(log, request, within, sent);
  const opened = questions.filter((question) => question.opened);
  const items = [
    ...opened.flatMap((question) => itemsOf(question, log.me, who)),
    ...questions.filter((question) => !question.opened).flatMap((question) => sizesOf(question, log.me, who)),
    ...testsOf(log, opened, who),
  ];
  return {
    who: [...who].sort(),
    me: log.me,
    items: ordered(items, questions),
    questions,
    forgotten: forgottenIn(log, sent),
    rhoMicro: sent.reduce((sum, { body }) => sum + noiseOf(body), 0),
  };
}

/** The questions over the dataset in which they took part, by when they opened or began. */
function questionsOf(
  log: ExposureLog,
  { who, dataset }: ExposureRequest,
  within: readonly Entry[],
  sent: readonly Entry[],
): readonly ExposedQuestion[] {
  const begun = within.filter(({ type }) => type === "begin");
  const hashes = [...new Set([...sent, ...begun].flatMap(({ planHash }) => planHash ?? []))];
  const told = hashes.flatMap((planHash) => {
    const found = documentsOf(log, planHash);
    if (found === undefined || !touches(found.plan, log.me, dataset)) return [];
    const [first] = sent.filter((entry) => entry.planHash === planHash);
    if (first === undefined && !takePart(found.contract, new Set(who))) return [];
    const at = first?.at ?? begun.find((entry) => entry.planHash === planHash)?.at ?? "";
    const approvals = log.entries
      .filter((entry) => entry.type === "approval" && entry.planHash === planHash)
      .map(({ body }) => `${body["party"]} ${body["role"]}`);
    return [
      { planHash, ...found, at, opened: first !== undefined, approvals: [...new Set(approvals)].sort() },
    ];
  });
  return told.sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)));
}

function documentsOf(
  { entries, plan, contract }: ExposureLog,
  planHash: Hash,
): { readonly plan: Plan; readonly contract: Contract } | undefined {
  const entry = entries.find(({ type, planHash: own }) => type === "plan" && own === planHash);
  const [read, agreed] = [plan(planHash), contract(String(entry?.body["contractHash"]))];
  return read === undefined || agreed === undefined ? undefined : { plan: read, contract: agreed };
}

function touches({ inputs }: Plan, me: PartyId, dataset: string | undefined): boolean {
  return inputs.some((input) => input.party === me && (dataset === undefined || input.dataset === dataset));
}

function takePart(contract: Contract, who: ReadonlySet<PartyId>): boolean {
  return viewsOf(contract, who).length > 0;
}

/** Rows of the contract that are the view of a member; `others` is whoever no other row names. */
function viewsOf({ views }: Contract, who: ReadonlySet<PartyId>): Contract["views"] {
  const named = new Set(views.flatMap((row) => row.who));
  const strangers = [...who].some((party) => !named.has(party) && party !== "coordinator");
  return views.filter((row) => row.who.some((party) => who.has(party) || (party === "others" && strangers)));
}

/** What the members learned by a question that opened: outputs, views, and what some of them know together. */
function itemsOf(
  { planHash, plan, contract }: ExposedQuestion,
  me: PartyId,
  who: ReadonlySet<PartyId>,
): readonly ExposedItem[] {
  const views = viewsOf(contract, who);
  const outputs = contract.outputs.filter(({ to }) => who.has(to));
  const joint = contract.coalitions.filter((row) =>
    row.who.every((party) => party === "any" || who.has(party)),
  );
  const ofOneSession = isPairProtocol(plan.protocol.id); // no allowance counts such tests: see testsOf
  const told = (how: ExposedItem["how"], items: readonly ContractItem[]): readonly ExposedItem[] =>
    items
      .filter(({ fact, about }) => about.includes(me) && (fact !== "test-evaluated" || ofOneSession))
      .map(({ fact, about, bound, because = "" }) => ({ fact, about, bound, because, how, planHash }));
  return [
    ...told("learns", outputs),
    ...views.flatMap(({ learns, atMost }) => [...told("learns", learns), ...told("atMost", atMost)]),
    ...joint.flatMap(({ learns }) => told("together", learns)),
  ];
}

/** A session that began and disclosed nothing to them: that it took place, and sizes. */
function sizesOf(question: ExposedQuestion, me: PartyId, who: ReadonlySet<PartyId>): readonly ExposedItem[] {
  return itemsOf({ ...question, contract: { ...question.contract, outputs: [] } }, me, who).filter(
    ({ fact }) => SIZES.includes(fact),
  );
}

/**
 * Tokens can be tested with every element that their recipient, or who works with it, has evaluated in the epoch: also
 * before and after the dates that were asked about, and by questions that did not open. So all allowances count.
 */
function testsOf(
  log: ExposureLog,
  opened: readonly ExposedQuestion[],
  who: ReadonlySet<PartyId>,
): readonly ExposedItem[] {
  const scopes = new Map<string, ExposedQuestion>();
  for (const question of opened) {
    const scope = scopeOf(question.plan);
    if (scope !== undefined && canTest(question, log.me, who)) scopes.set(scope, question);
  }
  const allowed = log.entries.filter(({ type, body }) => type === "allow" && who.has(String(body["asker"])));
  return [...scopes].flatMap(([scope, { planHash, plan }]) => {
    const tests = allowed.filter((entry) => {
      const other = log.plan(String(entry.body["plan"]));
      return other === undefined || scopeOf(other) === scope; // of an erased plan nobody can tell: it counts
    });
    const bound = tests.reduce((sum, { body }) => sum + Number(body["ceiling"]), 0);
    const rows = plan.inputs.find(({ party }) => party === log.me)?.rowsPadded ?? 0;
    const because = `allowances in epoch ${plan.protocol.epoch} for purpose ${plan.purpose}; at most ${rows} of the answers are yes`;
    return bound === 0
      ? []
      : [{ fact: "test-evaluated", about: [log.me], bound, because, how: "tests", planHash }];
  });
}

/** The key set of a question: what its tokens can be tested under; none where a key lives for one session. */
function scopeOf({ covenantHash, protocol, purpose, inputs }: Plan): string | undefined {
  if (protocol.epoch === null || isPairProtocol(protocol.id)) return undefined;
  return [covenantHash, protocol.epoch, purpose, ...inputs.map(({ party }) => party).sort()].join(" ");
}

/** Whether the contract lists tests of our data by the members, alone or together. */
function canTest({ contract }: ExposedQuestion, me: PartyId, who: ReadonlySet<PartyId>): boolean {
  const items: readonly ContractItem[] = [
    ...contract.outputs.filter(({ to }) => who.has(to)),
    ...viewsOf(contract, who).flatMap(({ learns, atMost }) => [...learns, ...atMost]),
    ...contract.coalitions
      .filter((row) => row.who.every((party) => party === "any" || who.has(party)))
      .flatMap(({ learns }) => learns),
  ];
  return items.some(({ fact, about }) => fact === "test-evaluated" && about.includes(me));
}

function forgottenIn(log: ExposureLog, sent: readonly Entry[]): readonly ForgottenDisclosure[] {
  return sent.flatMap(({ planHash, body, at }) => {
    if (planHash === null || documentsOf(log, planHash) !== undefined) return [];
    const { disclosure, bytes } = body as unknown as EntryBodies["disclose"]; // safe because the entry's reader says so
    return [{ planHash, disclosure, to: recipientsOf(body), bytes, at }];
  });
}

function recipientsOf(body: Entry["body"]): readonly PartyId[] {
  const to = body["to"];
  return Array.isArray(to) ? to.map(String) : [];
}

function noiseOf(body: Entry["body"]): number {
  const { debits } = body as unknown as EntryBodies["disclose"]; // safe because the entry's reader says so
  return debits.filter(({ unit }) => unit === "rhoMicro").reduce((sum, { amount }) => sum + amount, 0);
}

/** Highest rank first, then by question; equal ones of one question once. */
function ordered(
  items: readonly ExposedItem[],
  questions: readonly ExposedQuestion[],
): readonly ExposedItem[] {
  const unique = new Map(items.map((item) => [JSON.stringify(item), item]));
  const place = new Map(questions.map(({ planHash }, at) => [planHash, at]));
  const placeOf = ({ planHash }: ExposedItem): number => place.get(planHash) ?? 0;
  return [...unique.values()].sort((a, b) => rankOf(b.fact) - rankOf(a.fact) || placeOf(a) - placeOf(b));
}
