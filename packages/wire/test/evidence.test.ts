// SPDX-License-Identifier: Apache-2.0
// The published example of a whole question: what is read of it, and every place in it with something else put there.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hasShared, sharedPath } from "../../../test/shared.ts";
import {
  canonicalBytes,
  DOCUMENT_TYPES,
  type DocumentType,
  fromUtf8,
  readDocument,
  utf8,
  WireError,
} from "../src/index.ts";

type Fields = Readonly<Record<string, unknown>>;
type Path = readonly (string | number)[];
interface Published {
  readonly type: DocumentType;
  readonly bytes: Uint8Array;
  readonly value: Fields;
}

function published(type: unknown, bytes: Uint8Array): Published {
  const found = DOCUMENT_TYPES.find((one) => one === type);
  if (found === undefined) throw new Error("expected a known type");
  return { type: found, bytes, value: JSON.parse(fromUtf8(bytes)) };
}

function loaded(): readonly Published[] {
  const folder = sharedPath("vectors/koplamp-evidence/bundle/documents");
  const documents = readdirSync(folder).map((name) => {
    const bytes = new Uint8Array(readFileSync(`${folder}/${name}`));
    return published(JSON.parse(fromUtf8(bytes)).koplamp, bytes);
  });
  const ledger = readFileSync(sharedPath("vectors/koplamp-evidence/douane-ledger.jsonl"), "utf8");
  return [
    ...documents,
    ...ledger
      .trimEnd()
      .split("\n")
      .map((line) => published("entry/v1", utf8(line))),
  ];
}

const all = hasShared ? loaded() : [];

/** `read`, or the sentence of the refusal; any other error fails the test. */
function told(type: DocumentType, bytes: Uint8Array): string {
  try {
    readDocument(type, bytes);
  } catch (reason) {
    if (reason instanceof WireError) return reason.message;
    throw reason;
  }
  return "read";
}

const toldOf = (type: DocumentType, value: unknown): string => told(type, canonicalBytes(value));
/** One readable document of each type, and one entry of each kind. */
const samples = all
  .filter(({ type, bytes }) => told(type, bytes) === "read")
  .filter(({ type, value }, at, list) => {
    return list.findIndex((one) => one.type === type && one.value["type"] === value["type"]) === at;
  });

/** Every place in a value, the outermost first; of lists the first item only. */
function placesIn(value: unknown, path: Path = []): readonly (readonly [Path, unknown])[] {
  if (value === null || typeof value !== "object") return [[path, value]];
  const inner = Array.isArray(value) ? [...value.slice(0, 1).entries()] : Object.entries(value);
  return [[path, value], ...inner.flatMap(([step, one]) => placesIn(one, [...path, step]))];
}

/** A copy with another value at a place. */
function put(value: unknown, [step, ...rest]: Path, other: unknown): unknown {
  if (step === undefined) return other;
  const inner = put((value as Fields)[step], rest, other); // safe because the path came out of the value
  if (Array.isArray(value)) return value.with(Number(step), inner);
  return { ...(value as Fields), [step]: inner };
}

function isObject(value: unknown): value is Fields {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** The object without each of its fields in turn; of a text in two languages one is enough. */
function lessOne(object: Fields): readonly (readonly [field: string, less: Fields])[] {
  const names = Object.keys(object);
  if (names.length > 1 && names.every((name) => name === "nl" || name === "en")) return [];
  return names.map((name) => {
    const { [name]: _gone, ...less } = object;
    return [name, less];
  });
}

/** Texts that are nearly of the form that a text has, for forms that have one spelling. */
function nearMisses(text: string): readonly string[] {
  if (/^\d{4}-.*Z$/.test(text))
    return ["2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", text.toLowerCase(), text.replace("Z", "+00:00")];
  if (/^(hmac-)?sha256:/.test(text))
    return [text.toUpperCase(), text.slice(0, -1), `${text}0`, text.slice(7)];
  if (!/^(ed25519:)?[A-Za-z0-9+/]{43}=$/.test(text)) return [];
  return [text.slice(0, -1), `${text.slice(0, -2)}B=`, `${text.slice(0, -4)}`, `${text}AAAA`];
}

const MARK = "Zq7MARKzq7";

describe.skipIf(!hasShared)("the published example (needs ../shared)", () => {
  it("is read, but for what is older than allowances and coordinators with an operator", () => {
    const refusals = all.map(({ type, bytes }) => told(type, bytes)).filter((message) => message !== "read");
    expect(all.length).toBe(33);
    expect(refusals.sort()).toEqual([
      "contract/v1.disclosures.0.via: expected coordinator or null",
      "entry/v1.verb: expected the verb of its type",
      "plan/v1.ask.from: expected a list",
      expect.stringMatching(/^roster\/v1\.coordinator\.operator: /),
    ]);
    expect(samples.length).toBeGreaterThan(10);
  });

  it.each(samples)("$type $value.type: no document of another type", ({ type, bytes }) => {
    for (const other of DOCUMENT_TYPES) if (other !== type) expect(told(other, bytes)).toMatch(`${other}`);
  });

  it.each(samples)(
    "$type $value.type: nothing of another type at any place, and the place is named",
    (one) => {
      const places = placesIn(one.value);
      for (const [path, found] of places) {
        const other = Array.isArray(found) ? { mark: MARK } : [[MARK]];
        const message = toldOf(one.type, put(one.value, path, other));
        expect(message, path.join(".")).toMatch(/^[a-z]+\/v1/);
        expect(message).not.toContain(MARK);
        const [first] = path;
        if (typeof first === "string" && first !== "body") expect(message).toContain(first);
      }
      expect(places.length).toBeGreaterThan(5);
    },
  );

  it.each(samples)("$type $value.type: no object has a field less or a field more", ({ type, value }) => {
    for (const [path, found] of placesIn(value)) {
      if (!isObject(found)) continue;
      const more = toldOf(type, put(value, path, { ...found, [MARK]: MARK }));
      expect(more, path.join(".")).not.toBe("read");
      expect(more).not.toContain(MARK);
      for (const [field, less] of lessOne(found))
        expect(toldOf(type, put(value, path, less)), [...path, field].join(".")).not.toBe("read");
    }
  });

  it.each(samples)("$type $value.type: no time, hash or key that is nearly one", ({ type, value }) => {
    let missed = 0;
    for (const [path, found] of placesIn(value)) {
      for (const text of typeof found === "string" ? nearMisses(found) : []) {
        expect(toldOf(type, put(value, path, text)), `${path.join(".")} ${text}`).not.toBe("read");
        missed += 1;
      }
    }
    expect(missed).toBeGreaterThan(0);
  });

  it.each(samples)("$type $value.type: no place is too deep or too long to be refused", ({ type, value }) => {
    let deep: unknown = MARK;
    for (let level = 0; level < 14; level += 1) deep = [deep];
    for (const [path] of placesIn(value)) {
      for (const other of [deep, MARK.repeat(900)]) {
        if (path.length > 2 && Array.isArray(other)) continue; // would be too deep to write at all
        expect(toldOf(type, put(value, path, other)), path.join(".")).not.toContain(MARK);
      }
    }
    expect(told(type, canonicalBytes({ ...value, koplamp: type.replace("v1", "v2") }))).not.toBe("read");
  });
});

describe.skipIf(!hasShared)("naughty strings at every place (need ../shared)", () => {
  const strings: readonly string[] = hasShared
    ? JSON.parse(readFileSync(sharedPath("vectors/naughty-strings/blns.json"), "utf8"))
    : [];

  /** What came of one string at one place. */
  function outcome({ type, value }: Published, path: Path, text: string): "read" | "refused" {
    try {
      const bytes = canonicalBytes(put(value, path, text));
      expect(canonicalBytes(readDocument(type, bytes))).toEqual(bytes); // what is read is what was written
      return "read";
    } catch (reason) {
      if (!(reason instanceof WireError)) throw reason;
      if (text.length > 12) expect(reason.message).not.toContain(text);
      return "refused";
    }
  }

  it.each(samples)("$type $value.type: read to the letter or refused, never repeated", (one) => {
    const places = placesIn(one.value).filter(([, found]) => typeof found === "string");
    const counts = { read: 0, refused: 0 };
    for (const [at, [path]] of places.entries())
      for (let next = at % 9; next < strings.length; next += 9)
        counts[outcome(one, path, strings[next] ?? "")] += 1;
    expect(counts.refused).toBeGreaterThan(50);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
