// SPDX-License-Identifier: Apache-2.0
// What an agency looks at, as the items by which agencies find out that they look at the same.
import type { PresenceGrid } from "../documents/asks.ts";
import { WireError } from "../errors.ts";
import { canonicalise } from "../kinds/canonicalise.ts";
import type { ColumnKind } from "../table.ts";
import { timeMs, timeText } from "../time.ts";
import { cellsTouched } from "./geohash.ts";
import type { Interest, Presence, Target } from "./target.ts";

/** The finest grid: what fits it fits the others. */
export const FINEST_GRID: PresenceGrid = { place: "geohash-6", time: "hour" };

/** The columns of each target. Of a person, a name counts with a date of birth only. */
export const TARGETS: Readonly<Record<string, readonly ColumnKind[]>> = {
  person: ["bsn"],
  "named-person": ["person-name", "date"],
  company: ["kvk"],
  account: ["iban"],
  vehicle: ["plate"],
  vessel: ["imo"],
  phone: ["phone"],
  email: ["email"],
  document: ["passport"],
  address: ["opaque", "opaque"],
};

/** A canonical item: what it is, and its values. Two interests meet when they have an item in common. */
export interface InterestItem {
  readonly keySpec: string;
  readonly values: readonly string[];
}

/** The most items of one interest. */
const MOST_ITEMS = 256;
const HOUR_MS = 3_600_000;
const CELL_LETTERS: Readonly<Record<PresenceGrid["place"], number>> = { "geohash-5": 5, "geohash-6": 6 };

/**
 * The items of an interest, sorted: one of a target; of a presence one for each cell that it touches in each hour or day
 * that it lasts. The message of an error names the part that is wrong, and no value.
 * @throws {WireError} `invalid-value`, or `too-large` beyond 256 items.
 */
export function interestItems(interest: Interest, grid: PresenceGrid): readonly InterestItem[] {
  return isPresence(interest) ? presenceItems(interest, grid) : [targetItem(interest)];
}

const isPresence = (interest: Interest): interest is Presence => interest.kind === "presence";

function targetItem({ kind, values }: Target): InterestItem {
  const columns = Object.hasOwn(TARGETS, kind) ? TARGETS[kind] : undefined;
  if (columns === undefined)
    throw invalid(`a kind of interest: presence, ${Object.keys(TARGETS).join(", ")}`);
  if (values.length !== columns.length)
    throw invalid(`${columns.length} values of ${kind} (${columns.join(", ")}), got ${values.length}`);
  const canonical = columns.map((column, at) => {
    const value = canonicalise({ kind: column, ...COUNTRY[column] }, values[at] ?? "");
    if (value.kind === "value") return value.value;
    const why = value.kind === "empty" ? "nothing" : `what is none (${value.reason})`;
    throw invalid(`a ${column} as value ${at + 1} of ${kind}, got ${why}`);
  });
  return { keySpec: `${kind}:${columns.join("+")}`, values: canonical };
}

/** What a number means where it does not say so itself. */
const COUNTRY: Partial<Record<ColumnKind, { readonly region?: string; readonly country?: string }>> = {
  phone: { region: "NL" },
  plate: { country: "NL" },
};

function presenceItems({ place, from, to }: Presence, grid: PresenceGrid): readonly InterestItem[] {
  const slots = slotsOf(from, to, grid.time);
  const cells = placesOf(place, grid.place, Math.floor(MOST_ITEMS / slots.length));
  const keySpec = `presence:${"municipality" in place ? "municipality" : grid.place}+${grid.time}`;
  return cells.flatMap((cell) => slots.map((slot) => ({ keySpec, values: [cell, slot] })));
}

function placesOf(place: Presence["place"], grid: PresenceGrid["place"], most: number): readonly string[] {
  if ("municipality" in place) {
    if (!/^GM\d{4}$/.test(place.municipality)) throw invalid("a municipality as GM and four digits");
    return [place.municipality];
  }
  const [latitude, longitude] = [place.latitudeMicro / 1_000_000, place.longitudeMicro / 1_000_000];
  return cellsTouched({ latitude, longitude, metres: place.metres }, CELL_LETTERS[grid], most);
}

/** The hours or days (UTC) that a time touches, e.g. `2026-11-26T14` or `2026-11-26`. */
function slotsOf(from: string, to: string, unit: PresenceGrid["time"]): readonly string[] {
  const [length, letters] = unit === "hour" ? [HOUR_MS, 13] : [24 * HOUR_MS, 10];
  const [first, end] = [timeMs(from), timeMs(to)];
  if (end <= first) throw invalid("a time that ends after it begins");
  const start = Math.floor(first / length);
  const count = Math.ceil(end / length) - start;
  if (count > MOST_ITEMS)
    throw new WireError("too-large", `expected a time of at most ${MOST_ITEMS} ${unit}s`);
  return Array.from({ length: count }, (_, at) => timeText((start + at) * length).slice(0, letters));
}

function invalid(expected: string): WireError {
  return new WireError("invalid-value", `expected ${expected}`);
}
