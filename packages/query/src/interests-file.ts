// SPDX-License-Identifier: Apache-2.0
// What the desks of one agency look at, as a file (interests/v1): for its own node, or for a lab.
import {
  FINEST_GRID,
  type Interest,
  interestItems,
  type OwnInterest,
  TARGETS,
  WireError,
} from "@koplamp/wire";
import { QueryError } from "./errors.ts";
import { field, listOf, mapOf, oneOf, required, scalarOf, wordOf } from "./yaml-fields.ts";
import { failAt, readYaml, type YamlMap, type YamlValue } from "./yaml-source.ts";

const PLACES = ["near", "municipality"] as const;
const WHAT = [...Object.keys(TARGETS), ...PLACES];
const MOST = 1024;

/**
 * Reads what desks look at: each item names one target or one place, with the case and the desk that it is of.
 * `by`: who puts it in, for their own audit.
 * @throws {QueryError} with file, line and column, and never a line of the file: it may hold a person.
 */
export function readInterests(
  text: string,
  { file, by }: { readonly file: string; readonly by: string },
): readonly OwnInterest[] {
  try {
    const root = mapOf(readYaml(text, file), ["koplamp", "interests"]);
    oneOf(required(root, "koplamp", "it begins with: koplamp: interests/v1"), ["interests/v1"]);
    return listOf(required(root, "interests"), 1, MOST).items.map((item) => readOne(item, by));
  } catch (reason) {
    throw reason instanceof QueryError ? withoutLine(reason) : reason;
  }
}

function readOne(item: YamlValue, by: string): OwnInterest {
  const map = mapOf(item, [...WHAT, "from", "to", "case", "desk", "expires"]);
  const [name, ...more] = WHAT.filter((one) => field(map, one) !== undefined);
  if (name === undefined || more.length > 0)
    throw failAt(map, "invalid-value", "expected one target or one place", `one of: ${WHAT.join(", ")}`);
  const interest = isPlace(name) ? placeIn(map, name) : targetIn(map, name);
  const [reference, desk] = [wordOf(required(map, "case"), 200), wordOf(required(map, "desk"), 200)];
  expectItems(map, interest);
  return { interest, reference, desk, by, expires: expiryIn(map, interest) };
}

const isPlace = (name: string): name is (typeof PLACES)[number] => PLACES.some((one) => one === name);

function targetIn(map: YamlMap, kind: string): Interest {
  const at = required(map, kind);
  const values = at.kind === "list" ? at.items : [at];
  return { kind, values: values.map((value) => wordOf(value)) };
}

function placeIn(map: YamlMap, name: (typeof PLACES)[number]): Interest {
  const at = required(map, name);
  const [from, to] = [instantIn(map, "from"), instantIn(map, "to")];
  if (name === "municipality") return { kind: "presence", place: { municipality: wordOf(at) }, from, to };
  const [latitude, longitude, metres] = listOf(at, 3, 3).items.map(numberIn);
  return { kind: "presence", place: around(latitude ?? 0, longitude ?? 0, metres ?? 0), from, to };
}

/** Everything within so many metres of a point, in degrees, as the register keeps it. */
export function around(
  latitude: number,
  longitude: number,
  metres: number,
): { readonly latitudeMicro: number; readonly longitudeMicro: number; readonly metres: number } {
  const micro = (degrees: number): number => Math.round(degrees * 1_000_000);
  return { latitudeMicro: micro(latitude), longitudeMicro: micro(longitude), metres: Math.ceil(metres) };
}

function numberIn(value: YamlValue): number {
  const { value: content } = scalarOf(value, "a number");
  if (typeof content === "number" && Number.isFinite(content)) return content;
  throw failAt(value, "invalid-value", "expected a number", "near: [LATITUDE, LONGITUDE, METRES]");
}

function instantIn(map: YamlMap, name: string): string {
  const at = required(map, name, `a place has a time: ${name}: YYYY-MM-DDThh:mm:ssZ`);
  const text = wordOf(at);
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text)) return text;
  throw failAt(at, "invalid-value", `expected an instant as YYYY-MM-DDThh:mm:ssZ in "${at.path}"`);
}

/** The day on which it is over, or of a place the end of its time. */
function expiryIn(map: YamlMap, interest: Interest): string {
  const at = field(map, "expires");
  if (at === undefined && "to" in interest) return interest.to;
  const hint = "expires: YYYY-MM-DD: nobody is to meet an old one";
  const text = at === undefined ? "" : wordOf(at);
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return `${text}T00:00:00Z`;
  throw failAt(
    at ?? map,
    at === undefined ? "missing-field" : "invalid-value",
    "expected its last day",
    hint,
  );
}

/** What the register would refuse is refused at its line. */
function expectItems(map: YamlMap, interest: Interest): void {
  try {
    interestItems(interest, FINEST_GRID);
  } catch (reason) {
    throw reason instanceof WireError ? failAt(map, "invalid-value", reason.message) : reason;
  }
}

function withoutLine({ code, message, place, hint }: QueryError): QueryError {
  return new QueryError(code, message, {
    hint,
    ...(place === undefined ? {} : { place: { ...place, excerpt: "" } }),
  });
}
