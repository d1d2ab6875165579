// SPDX-License-Identifier: Apache-2.0
// Every document of a real question, and what is refused of each.
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { hasShared, sharedPath } from "../../../test/shared.ts";
import { Federation, matchOf, primitives } from "../../engine/test/federation.ts";
import {
  canonicalBytes,
  DOCUMENT_TYPES,
  type DocumentType,
  documentBytes,
  documentHash,
  fromUtf8,
  readDocument,
  WireError,
} from "../src/index.ts";

type Fields = Readonly<Record<string, unknown>>;

const samples = new Map<DocumentType, Fields>();

beforeAll(async () => {
  const federation = new Federation({ anna: ["x", "y"], bert: ["y", "z"] });
  const outcome = await federation.ask("anna", matchOf(["anna", "bert"], ["anna"]));
  await federation.outcomes(["bert"]);
  await federation.close();
  if (outcome.status !== "released" || outcome.bundle === undefined) throw new Error("expected a bundle");
  for (const [name, bytes] of filesIn(outcome.bundle)) {
    if (!name.endsWith(".json")) continue;
    const value = JSON.parse(fromUtf8(bytes)) as Fields;
    const type = name.startsWith("ledgers/")
      ? "entry/v1"
      : DOCUMENT_TYPES.find((one) => one === value["koplamp"]);
    if (type !== undefined) samples.set(type, value);
  }
  const { planHash, contractHash } = sample("bundle/v1");
  const salt = Buffer.alloc(32, 1).toString("base64");
  samples.set("result/v1", {
    koplamp: "result/v1",
    planHash,
    contractHash,
    answer: "{}",
    withheld: [],
    salt,
  });
  samples.set("suspension/v1", {
    koplamp: "suspension/v1",
    covenantHash: sample("bundle/v1")["covenantHash"],
    party: "anna",
    action: "suspend",
    by: sample("approval/v1")["by"],
    previous: planHash,
    reason: { nl: "Storing", en: "A fault" },
    at: "2026-11-24T12:00:00Z",
    salt,
  });
  samples.set("interest/v1", {
    koplamp: "interest/v1",
    covenantHash: sample("bundle/v1")["covenantHash"],
    party: "anna",
    action: "add",
    own: {
      interest: { kind: "vessel", values: ["9187629"] },
      reference: "2027-114",
      desk: "narcotics",
      by: "officer",
      expires: "2027-03-01T00:00:00Z",
    },
    previous: null,
    by: sample("approval/v1")["by"],
    at: "2026-11-24T12:00:00Z",
    salt,
  });
  samples.set("withdrawal/v1", {
    koplamp: "withdrawal/v1",
    covenantHash: sample("bundle/v1")["covenantHash"],
    party: "anna",
    reason: { nl: "Vertrek", en: "Leaving" },
    at: "2026-11-24T12:00:00Z",
    salt,
  });
}, 30_000);

/** The files of an uncompressed ustar archive. */
function filesIn(tar: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const text = (from: number, length: number): string =>
    fromUtf8(tar.subarray(from, from + length)).replace(/\0.*$/s, "");
  for (let at = 0; text(at, 100) !== ""; ) {
    const size = Number.parseInt(text(at + 124, 12), 8);
    files.set(text(at, 100), tar.slice(at + 512, at + 512 + size));
    at += 512 + 512 * Math.ceil(size / 512);
  }
  return files;
}

const codeOf = (type: DocumentType, value: unknown): string => {
  try {
    readDocument(type, canonicalBytes(value));
  } catch (reason) {
    if (!(reason instanceof WireError)) throw reason;
    expect(reason.message).not.toContain(MARK); // nothing that was sent is repeated
    return reason.code;
  }
  return "read";
};

const MARK = "Zq7MARKzq7";
const sample = (type: DocumentType): Fields => {
  const found = samples.get(type);
  if (found === undefined) throw new Error(`expected a ${type}`);
  return found;
};

describe.each(DOCUMENT_TYPES)("%s", (type) => {
  it("is read as it was written", () => {
    const value = sample(type);
    const bytes = canonicalBytes(value);
    const document = readDocument(type, bytes);
    expect(documentBytes(document)).toEqual(bytes);
    expect(documentHash(primitives.sha256, bytes)).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(Object.isFrozen(document)).toBe(true);
  });

  it("is refused without one of its fields, with one of another type, or with one more", () => {
    const value = sample(type);
    expect(codeOf(type, value)).toBe("read");
    for (const field of Object.keys(value)) {
      const { [field]: _gone, ...rest } = value;
      expect(codeOf(type, rest), `without ${field}`).toBe("invalid-document");
      for (const other of [{ unknown: MARK }, [MARK, [MARK]], true]) {
        if (typeof value[field] === typeof other && typeof other === "boolean") continue;
        expect(codeOf(type, { ...value, [field]: other }), `another ${field}`).toBe("invalid-document");
      }
    }
    expect(codeOf(type, { ...value, unknown: MARK })).toBe("invalid-document");
    expect(codeOf(type, { ...value, koplamp: MARK })).toBe("invalid-document");
    for (const none of [null, [], MARK, 1, [value]]) expect(codeOf(type, none)).toBe("invalid-document");
  });

  it("is refused with a text that is not of its form, wherever it stands", () => {
    let places = 0;
    for (const [path, text] of textsOf(sample(type))) {
      const code = codeOf(type, changed(sample(type), path, `${MARK} \u202e' or 1=1 --`));
      places += 1;
      if (/^(sha256|ed25519):/.test(text)) expect(code, path.join(".")).toBe("invalid-document");
    }
    expect(places).toBeGreaterThan(0);
  });

  it("is refused when it is too large", () => {
    const huge = { ...sample(type), unknown: "a".repeat(2 ** 20) };
    expect(codeOf(type, huge)).toMatch(
      type === "result/v1" ? "invalid-document" : /too-large|invalid-document/,
    );
  });
});

type Path = readonly (string | number)[];

function textsOf(value: unknown, path: Path = []): readonly (readonly [Path, string])[] {
  if (typeof value === "string") return [[path, value]];
  if (value === null || typeof value !== "object") return [];
  const fields = Array.isArray(value) ? [...value.slice(0, 2).entries()] : Object.entries(value);
  return fields.flatMap(([field, inner]) => textsOf(inner, [...path, field]));
}

function changed(value: unknown, [step, ...rest]: Path, text: string): unknown {
  if (step === undefined) return text;
  if (Array.isArray(value)) return value.map((one, at) => (at === step ? changed(one, rest, text) : one));
  return Object.fromEntries(
    Object.entries(value as Fields).map(([field, one]) => [
      field,
      field === step ? changed(one, rest, text) : one,
    ]),
  );
}

describe.skipIf(!hasShared)("naughty strings (need ../shared)", () => {
  it("are text like any other, or refused: never a crash, never a changed prototype", () => {
    const strings = JSON.parse(
      readFileSync(sharedPath("vectors/naughty-strings/blns.json"), "utf8"),
    ) as string[];
    const plan = sample("plan/v1");
    let taken = 0;
    for (const text of strings) {
      for (const path of [["necessity", "en"], ["id"], ["purpose"], ["indication", "reference"]]) {
        const value = changed(plan, path, text);
        try {
          const bytes = canonicalBytes(value);
          readDocument("plan/v1", bytes);
          taken += 1;
        } catch (reason) {
          expect(reason).toBeInstanceOf(WireError);
        }
      }
    }
    expect(strings.length).toBeGreaterThan(500);
    expect(taken).toBeGreaterThan(100);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
