// SPDX-License-Identifier: Apache-2.0
import type { Fact, Item, PartyId, Together, View } from "@koplamp/protocol";

/** The members of a coalition that stands for each of its kind: `any` party. */
export const ANY: PartyId = "any";

/**
 * Facts that are about several parties' data together. "A cell over a, b and c" says nothing definite about a alone,
 * so such facts are never merged, and one over fewer parties tells more.
 */
const JOINT: readonly Fact[] = ["count", "pair-count", "cell", "alarm", "hit-pattern", "pattern"];

/**
 * Whether who knows `wider` knows `item` already. Another way to know it (`because`) counts as something else, so that
 * what only a coalition can do is never hidden behind what one member might do some other day.
 */
export function implies(wider: Item, item: Item): boolean {
  if (wider.fact !== item.fact || wider.because !== item.because) return false;
  if (!boundCovers(wider.bound, item.bound)) return false;
  const covered = item.about.every((party) => wider.about.includes(party));
  return JOINT.includes(item.fact) ? covered && wider.about.length === item.about.length : covered;
}

function boundCovers(wider: Item["bound"], bound: Item["bound"]): boolean {
  return typeof wider === "number" && typeof bound === "number" ? wider >= bound : wider === bound;
}

/**
 * What the members of a coalition know together: their views, and every rule whose members are all there. More
 * members never know less.
 */
export function known(
  coalition: readonly PartyId[],
  views: readonly View[],
  together: readonly Together[],
): readonly Item[] {
  const members = new Set([...coalition, ANY]);
  const own = views
    .filter(({ who }) => members.has(who))
    .flatMap(({ learns, atMost }) => [...learns, ...atMost]);
  const joint = together
    .filter(({ who }) => who.every((party) => members.has(party)))
    .map(({ item }) => item);
  return [...own, ...joint];
}

/** A coalition and what it knows that no smaller one does, about parties that are no members. */
export interface Coalition {
  readonly who: readonly PartyId[];
  readonly learns: readonly Item[];
}

/**
 * Every coalition that knows something which none of its proper subsets knows (evidence.md, section 3). Knowledge is a
 * union of views and of rules, so something new appears exactly at a set that is the `who` of a rule: looking at those
 * sets gives what looking at all 2^n subsets would give, for any number of parties.
 */
export function coalitionsOf(views: readonly View[], together: readonly Together[]): readonly Coalition[] {
  const sets = new Map<string, { who: readonly PartyId[]; items: Item[] }>();
  for (const { who, item } of together) {
    const sorted = [...new Set(who)].sort();
    const found = sets.get(sorted.join(" ")) ?? { who: sorted, items: [] };
    found.items.push(item);
    sets.set(sorted.join(" "), found);
  }
  const ordered = [...sets.values()].sort((a, b) => a.who.length - b.who.length || compare(a.who, b.who));
  return ordered.flatMap(({ who, items }) => {
    const smaller = together.filter((rule) => isProperSubset(rule.who, who));
    const before = known(who, views, smaller);
    const fresh = items.filter((item) => !before.some((wider) => implies(wider, item)));
    const learns = outside(who, fresh);
    return learns.length === 0 ? [] : [{ who, learns }];
  });
}

function isProperSubset(smaller: readonly PartyId[], larger: readonly PartyId[]): boolean {
  return new Set(smaller).size < larger.length && smaller.every((party) => larger.includes(party));
}

/** Facts about members of the coalition drop out. */
function outside(who: readonly PartyId[], items: readonly Item[]): readonly Item[] {
  return items.flatMap((item) => {
    const about = item.about.filter((party) => !who.includes(party));
    return about.length === 0 ? [] : [{ ...item, about }];
  });
}

/** An item about several parties as one about each, where that says the same. */
export function apart(item: Item): readonly Item[] {
  return JOINT.includes(item.fact) ? [item] : item.about.map((party) => ({ ...item, about: [party] }));
}

/** Items in canonical order, equal ones once; items about single parties that say the same are one item. */
export function merged(items: readonly Item[]): readonly Item[] {
  const groups = new Map<string, Item>();
  for (const item of items) {
    const { fact, bound, because, about } = item;
    const parties = [...new Set(about)].sort();
    const name = JSON.stringify([fact, bound, because ?? "", JOINT.includes(fact) ? parties : []]);
    const before = groups.get(name)?.about ?? [];
    groups.set(name, { ...item, about: [...new Set([...before, ...parties])].sort() });
  }
  return [...groups.values()].sort(byItem);
}

function byItem(a: Item, b: Item): number {
  const key = ({ fact, about, bound, because = "" }: Item): readonly string[] => [
    fact,
    about.join(" "),
    String(bound).padStart(20, "0"),
    because,
  ];
  return compare(key(a), key(b));
}

/** Lists of text in order of code units, which is the same everywhere. */
export function compare(a: readonly string[], b: readonly string[]): number {
  for (const [at, left] of a.entries()) {
    const right = b[at];
    if (right === undefined) return 1;
    if (left !== right) return left < right ? -1 : 1;
  }
  return a.length - b.length;
}
