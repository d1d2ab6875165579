// SPDX-License-Identifier: Apache-2.0
import type { Primitives } from "@koplamp/crypto";
import type { Item, PartyId } from "@koplamp/protocol";
import {
  type Contract,
  type ContractItem,
  type Covenant,
  canonicalBytes,
  documentBytes,
  documentHash,
  type Plan,
  type Roster,
} from "@koplamp/wire";
import { assumptionsOf } from "./assumptions.ts";
import { checkClass, checkCoordinator, checkPersonLevel } from "./ceilings.ts";
import { contractText } from "./contract-text.ts";
import { type Described, describePlan } from "./describe-plan.ts";
import { QueryError } from "./errors.ts";
import { coalitionsOf, compare, merged } from "./knowledge.ts";
import { warningsOf } from "./warnings.ts";

/** The most that a contract may take (evidence.md, section 1). */
const MOST_BYTES = 2 ** 20;

/**
 * Who learns what, computed from the plan (evidence.md, section 3): the same bytes at every node, in any order of
 * its inputs. Nothing in it comes from data; bounds are padded sizes, quotas and numbers of cells.
 * @throws {QueryError} `above-class` when a fact is above the class's highest, `coordinator` when the coordinator would
 * learn more than the covenant lets it, or is run by a party of the question. Both are refusals. `too-many` when it
 * would not fit a document.
 */
export function contractOf(
  covenant: Covenant,
  roster: Roster,
  plan: Plan,
  { sha256 }: Pick<Primitives, "sha256">,
): Contract {
  const described = describePlan(plan, covenant);
  checkClass(plan, described);
  checkPersonLevel(plan, covenant);
  checkCoordinator(covenant, roster, plan, described);
  return fitting({
    koplamp: "contract/v1",
    planHash: documentHash(sha256, documentBytes(plan)),
    covenantHash: plan.covenantHash,
    rosterHash: plan.rosterHash,
    protocol: plan.protocol.id,
    descriptionHash: documentHash(sha256, canonicalBytes(plainDescription(described))),
    disclosures: disclosuresOf(described),
    outputs: outputsOf(plan, described),
    views: viewsOf(described),
    coalitions: coalitionRows(described),
    egress: egressOf(described),
    debits: debitsOf(described),
    assumptions: assumptionsOf(described),
    warnings: warningsOf(plan, covenant),
    text: contractText(plan, covenant),
  });
}

/** The contract, if it can travel as a document. */
function fitting(contract: Contract): Contract {
  const { length } = canonicalBytes(contract);
  if (length <= MOST_BYTES) return Object.freeze(contract);
  const message = `the contract takes ${length} bytes, and a document at most ${MOST_BYTES}`;
  throw new QueryError("too-many", message, { hint: "ask fewer parties at a time" });
}

function disclosuresOf({ disclosures, sessions }: Described): Contract["disclosures"] {
  const lines = disclosures.map(({ id, from, to, via, release, output }) => ({
    id,
    from,
    to,
    via: via ?? null,
    release,
    output,
    perShard: 1,
    shards: sessions.get(id) ?? 1,
  }));
  return lines.sort((a, b) => compare([a.id, a.from, a.to], [b.id, b.from, b.to]));
}

function outputsOf({ ask }: Plan, { outputs }: Described): Contract["outputs"] {
  const columns = "measures" in ask ? [...ask.groupBy, ...ask.measures] : ask.key;
  return outputs
    .map(({ id, to, item }) => ({
      id,
      to,
      fact: item.fact,
      about: [...item.about].sort(),
      columns,
      bound: item.bound,
    }))
    .sort((a, b) => compare([a.id, a.to], [b.id, b.to]));
}

/** Views in party order, then the coordinator's and the witnesses'; parties that learn exactly the same stand in one row. */
function viewsOf({ views }: Described): Contract["views"] {
  const rows = new Map<
    string,
    { who: PartyId[]; learns: readonly ContractItem[]; atMost: readonly ContractItem[] }
  >();
  for (const { who, learns, atMost } of [...views].sort((a, b) => compare(placeOf(a.who), placeOf(b.who)))) {
    const row = { learns: merged(learns).map(plainItem), atMost: merged(atMost).map(plainItem) };
    const name = JSON.stringify(row);
    const found = rows.get(name) ?? { who: [], ...row };
    found.who.push(who);
    rows.set(name, found);
  }
  return [...rows.values()];
}

/** Parties stand before the two that are none. */
function placeOf(who: PartyId): readonly string[] {
  return [who === "coordinator" || who === "witnesses" ? "2" : "1", who];
}

function coalitionRows({ views, together }: Described): Contract["coalitions"] {
  return coalitionsOf(views, together).map(({ who, learns }) => {
    const items = merged(learns).map(plainItem);
    return { who, about: [...new Set(items.flatMap(({ about }) => about))].sort(), learns: items };
  });
}

function plainItem({ fact, about, bound, because }: Item): ContractItem {
  return because === undefined ? { fact, about, bound } : { fact, about, bound, because };
}

/** One row for each sender, recipient, way and type: everything that leaves, in all sessions together. */
function egressOf({ egress }: Described): Contract["egress"] {
  const rows = new Map<string, Contract["egress"][number]>();
  for (const row of egress) {
    const name = [row.from, row.to, row.channel, row.what].join(" ");
    const before = rows.get(name) ?? { messages: 0, bytes: 0 };
    rows.set(name, { ...row, messages: before.messages + row.messages, bytes: before.bytes + row.bytes });
  }
  return [...rows.values()].sort((a, b) =>
    compare([a.from, a.to, a.channel, a.what], [b.from, b.to, b.channel, b.what]),
  );
}

function debitsOf({ debits }: Described): Contract["debits"] {
  return [...debits].sort((a, b) => compare([a.holder, a.asker, a.unit], [b.holder, b.asker, b.unit]));
}

/** The description as JSON: what its hash is taken over. */
function plainDescription(described: Described): object {
  const { disclosures, outputs, egress, debits, views, together, assumptions } = described;
  return { disclosures, outputs, egress, debits, views, together, assumptions };
}
