// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import {
  type Ask,
  addPeriod,
  type Covenant,
  canonicalBytes,
  dealersOf,
  type Hash,
  type Input,
  keyOf,
  type Plan,
  type PublicKey,
  type Time,
  timeText,
} from "@koplamp/wire";
import type { CatalogueEntry } from "./catalogue.ts";
import { DISTINCT } from "./choices.ts";
import { choose, circumstances } from "./choose.ts";
import { normalise } from "./columns.ts";
import { epochOf } from "./epoch.ts";
import { QueryError } from "./errors.ts";
import { inputsOf } from "./inputs.ts";
import { checkJoin } from "./joins.ts";
import { checkLimits } from "./limits.ts";
import { withElements } from "./lookup-questions.ts";
import { checkLookup } from "./lookups.ts";
import { didYouMean } from "./nearest.ts";
import type { Question } from "./question.ts";
import { releaseOf } from "./release.ts";
import { checkSchedule } from "./schedule.ts";
import { shardsOf } from "./shards.ts";
import { checkSums, type SumTerms } from "./sums.ts";
import { checkTrend } from "./trends.ts";
import { withDomains } from "./vocabulary.ts";

/** Everything that a plan is made of. Nothing else influences it. */
export interface PlanRequest {
  readonly question: Question;
  readonly covenant: Covenant;
  readonly covenantHash: Hash;
  readonly rosterHash: Hash;
  readonly proposer: { readonly party: PartyId; readonly by: PublicKey };
  /** One entry for each source of the question, in any order. */
  readonly catalogue: readonly CatalogueEntry[];
  /** Milliseconds since 1970. */
  readonly now: number;
  /** base64 of 32 random bytes. */
  readonly salt: string;
}

/** The most that a plan may take (evidence.md, section 1). */
const MOST_BYTES = 65_536;
/** Clocks may differ by five minutes (assumption A5): a plan is valid from that long before it was made. */
const CLOCK_SKEW = 300_000;

/**
 * The typed document that runs: the question in normal form, who contributes what by public bounds, and the protocol.
 * @throws {QueryError} naming the party where there is one, with the smallest change that would pass.
 */
export function planQuery(request: PlanRequest): Plan {
  const { question, covenant, catalogue, now } = request;
  checkMembers(question, covenant);
  const entries = entriesFor(question, catalogue);
  const ask = fullAsk(normalise(withDomains(question.ask, entries), entries), request, entries);
  const inputs = inputsOf(ask, entries, covenant);
  checkRecipients(question, ask);
  const epoch = keyOf(ask).length === 0 ? null : epochOf(question, covenant, now);
  const { recipients } = question;
  const release = releaseOf(question.release, ask, { recipients, floors: covenant.floors, entries });
  const terms = { ask, inputs, release, epoch, recipients };
  const { protocol: id, params } = choose(ask, circumstances(covenant, terms));
  checkLimits(ask, id, inputs);
  checkNumbers(ask, inputs, { id, params, release });
  const [expires, { schedule }] = [expiryOf(question, now), question];
  if (schedule !== null) checkSchedule(schedule, { ask, expires, covenant, now });
  const { class: queryClass, purpose, indication, necessity, subsidiarity, intendedEffect } = question;
  return fitting({
    koplamp: "plan/v1",
    id: question.id,
    covenantHash: request.covenantHash,
    rosterHash: request.rosterHash,
    proposer: request.proposer,
    class: queryClass,
    purpose,
    bases: basesOf(question, inputs),
    indication: { text: indication, reference: question.id },
    necessity,
    subsidiarity,
    intendedEffect,
    ask,
    inputs,
    protocol: {
      id,
      params,
      epoch,
      roles: rolesOf(question, ask),
      shards: shardsOf(id, inputs, question.shards),
    },
    release,
    recipients: question.recipients.map((party) => ({ party, roles: ["analyst"] })),
    schedule,
    notBefore: timeText(now - CLOCK_SKEW),
    expires,
    salt: request.salt,
  });
}

/** A look-up also says how many elements its questions take; they themselves stand nowhere in the plan. */
function fullAsk(ask: Ask, { question, proposer }: PlanRequest, entries: readonly CatalogueEntry[]): Ask {
  if (ask.kind !== "lookup") return ask;
  checkLookup(ask, proposer.party, question.recipients);
  return withElements(ask, question, entries);
}

/** The plan, if it can travel as a document. */
function fitting(plan: Plan): Plan {
  const { length } = canonicalBytes(plan);
  if (length <= MOST_BYTES) return Object.freeze(plan);
  const message = `the plan takes ${length} bytes, and a document at most ${MOST_BYTES}`;
  throw new QueryError("too-many", message, { hint: "list fewer values in `domain`, or ask twice" });
}

/** Whether what is summed can be summed, by public bounds. */
function checkNumbers(
  ask: Ask,
  inputs: readonly Input[],
  { id, ...terms }: SumTerms & { readonly id: string },
): void {
  if (ask.kind === "trend") checkTrend(ask, inputs, terms);
  else if (ask.kind === "join-aggregate" || (ask.kind === "aggregate" && id === DISTINCT.protocol))
    checkJoin(terms);
  else if (ask.kind === "aggregate") checkSums(ask, inputs, terms);
}

function checkMembers({ ask, sources, recipients }: Question, covenant: Covenant): void {
  const known = covenant.parties.map(({ id }) => id);
  const named = [...sources.map((source) => source.party), ...recipients, ...dealersOf(ask)];
  for (const party of named) {
    if (known.includes(party)) continue;
    const message = `${party} is not a party to covenant "${covenant.id}"${didYouMean(party, known)}`;
    throw new QueryError("unknown-party", message, { party, hint: `parties: ${known.join(", ")}` });
  }
}

/** The entries in party order, one for each source. */
function entriesFor({ sources }: Question, catalogue: readonly CatalogueEntry[]): readonly CatalogueEntry[] {
  return sources.map(({ party, dataset }) => {
    const found = catalogue.find((entry) => entry.party === party && entry.dataset === dataset);
    if (found !== undefined) return found;
    const known = catalogue.filter((entry) => entry.party === party).map((entry) => entry.dataset);
    throw new QueryError(
      "unknown-dataset",
      `${party} offers no dataset "${dataset}"${didYouMean(dataset, known)}`,
      {
        party,
        hint: known.length === 0 ? "koplamp catalogue lists what is offered" : `offered: ${known.join(", ")}`,
      },
    );
  });
}

/** In a match a recipient learns about its own keys only, so it must bring some. */
function checkRecipients({ recipients }: Question, ask: Ask): void {
  if (ask.kind !== "match") return;
  const holders = ask.from.map(({ party }) => party);
  for (const party of recipients) {
    if (holders.includes(party)) continue;
    throw new QueryError("recipient", `${party} cannot receive a match: it brings no keys of its own`, {
      party,
      hint: `recipients may be: ${holders.join(", ")}; kind: overlap-count tells numbers to anybody`,
    });
  }
}

function basesOf({ legalBasis }: Question, inputs: readonly Input[]): Plan["bases"] {
  return inputs.flatMap(({ party }) => legalBasis.map((basis) => ({ party, basis })));
}

function rolesOf({ recipients }: Question, ask: Ask): Plan["protocol"]["roles"] {
  const contributor = ask.from.map(({ party }) => party);
  if (ask.kind === "lookup") return { asker: [ask.asker], holder: contributor, recipient: recipients };
  const recipient = recipients;
  const [dealer] = dealersOf(ask);
  const dealing = dealer === undefined ? {} : { dealer: [dealer] };
  return keyOf(ask).length === 0
    ? { contributor, recipient }
    : { contributor, keyHolder: contributor, recipient, ...dealing };
}

function expiryOf({ expires }: Question, now: number): Time {
  if (expires === null) return addPeriod(`${timeText(now).slice(0, 10)}T00:00:00Z`, "P2D");
  if (expires > timeText(now)) return expires;
  throw new QueryError("expired", `the question expired at ${expires}`, {
    hint: "give a later day in `expires`",
  });
}
