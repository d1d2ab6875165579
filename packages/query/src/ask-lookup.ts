// SPDX-License-Identifier: Apache-2.0
import { FINEST_GRID, INTERESTS, type LookupAsk, RESERVED_PARTIES, type Source } from "@koplamp/wire";
import { readKey } from "./ask-rows.ts";
import { NAME, PARTY_ID } from "./names.ts";
import { entriesOf, field, integerOf, mapOf, nameIn, oneOf, required, textOf } from "./yaml-fields.ts";
import { failAt, type YamlMap, type YamlValue } from "./yaml-source.ts";

/** The dataset of a holder whose question names none: the only one of its lists that has the key. */
export const ONLY_LIST = "";

/** Most elements of one open look-up: each may be a request of its own, with an entry of its own in the evidence. */
const MOST_OPEN = 1024;
const NEXT = "ask for another once it is used up, or ask questions in a file";

/**
 * Reads a look-up. How many elements it takes follows from its questions, which are in a file of their own; an open one
 * says itself how many it takes at most.
 */
export function readLookup(map: YamlMap): LookupAsk {
  const holder = readHolder(required(map, "holder", "who holds the list: holder: party"));
  const at = required(map, "asker", "who asks: asker: party");
  const asker = partyIn(at);
  if (asker === holder.party) {
    throw failAt(at, "invalid-value", `${asker} cannot ask itself`, "expected an asker and a holder");
  }
  const tell = oneOf(required(map, "tell", "asker, or both-on-hit"), ["asker", "both-on-hit"]);
  const ask = { kind: "lookup", key: readKey(map), from: [holder], asker, elements: 0, tell } as const;
  const open = field(map, "open");
  if (open === undefined) return ask;
  const questions = field(map, "questions");
  if (questions === undefined) return { ...ask, elements: integerOf(open, 1, MOST_OPEN, NEXT), open: true };
  const message = "expected questions in a file, or open: the most that are asked one by one; got both";
  throw failAt(questions, "invalid-value", message, "leave one of them out");
}

/**
 * Reads a deconfliction: a look-up of what the desks of one look at among what those of the other look at, told to both.
 */
export function readDeconflict(map: YamlMap): LookupAsk {
  const at = required(map, "asker", "who compares: asker: party");
  const [asker, party] = [partyIn(at), partyIn(required(map, "with", "with whom: with: party"))];
  if (asker === party)
    throw failAt(at, "invalid-value", `${asker} cannot meet itself`, "expected two parties: asker and with");
  const [place, time] = [field(map, "place"), field(map, "time")];
  const interests = {
    place: place === undefined ? FINEST_GRID.place : oneOf(place, ["geohash-5", "geohash-6"]),
    time: time === undefined ? FINEST_GRID.time : oneOf(time, ["hour", "day"]),
  };
  const { dataset, column, elements } = INTERESTS;
  const from = [{ party, dataset }];
  return { kind: "lookup", key: [column], from, asker, elements, tell: "both-on-hit", interests };
}

/** The fields of a deconfliction. */
export const DECONFLICT_FIELDS = ["kind", "asker", "with", "place", "time"] as const;

/** The file with the questions, as the ask names it. */
export function questionsFileIn(map: YamlMap): string {
  const value = required(
    map,
    "questions",
    "a file with the questions: questions: questions.csv, or open: 200 to ask at most 200 one by one",
  );
  const file = textOf(value, 1000);
  if (/\.(?:csv|tsv)$/.test(file)) return file;
  throw failAt(value, "invalid-value", `expected a .csv or .tsv file of questions, got "${file}"`);
}

/** `party`, or `{ party: dataset }` where it has several lists with the key. */
function readHolder(value: YamlValue): Source {
  if (value.kind !== "map") return { party: partyIn(value), dataset: ONLY_LIST };
  const [entry, ...more] = entriesOf(value);
  if (entry === undefined || more.length > 0) {
    throw failAt(
      value,
      "invalid-value",
      "expected one holder",
      "holder: party, or holder: { party: dataset }",
    );
  }
  const [party, { key, value: dataset }] = entry;
  if (!isParty(party)) throw failAt(key, "invalid-value", 'expected a party id in "holder"');
  return { party, dataset: nameIn(dataset, NAME, "the name of a dataset") };
}

function partyIn(value: YamlValue): string {
  const party = nameIn(value, PARTY_ID, "a party id ([a-z][a-z0-9-]{0,31})");
  if (isParty(party)) return party;
  const reserved = `reserved: ${RESERVED_PARTIES.join(", ")}`;
  throw failAt(value, "invalid-value", `"${party}" cannot be a party's id`, reserved);
}

function isParty(party: string): boolean {
  return PARTY_ID.test(party) && !RESERVED_PARTIES.includes(party);
}

/** The ask's own fields, besides those that every ask has. */
export const LOOKUP_FIELDS = ["kind", "key", "asker", "holder", "questions", "open", "tell"] as const;

/** The map of a look-up's ask. */
export function lookupMap(value: YamlValue): YamlMap {
  return mapOf(value, LOOKUP_FIELDS);
}
