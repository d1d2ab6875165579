// SPDX-License-Identifier: Apache-2.0
import canonicalize from "canonicalize";
import { WireError } from "./errors.ts";
import { fromUtf8, utf8 } from "./text.ts";

/** A value that came out of canonical bytes: frozen, objects without prototype. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** How much a reader takes. */
export interface JsonLimits {
  readonly maxBytes: number;
  /** Lists and objects inside each other, the outermost counted; 16 when absent. */
  readonly maxDepth?: number;
}

const MAX_DEPTH = 16;
const KEY = /^[A-Za-z][A-Za-z0-9]*$/;

/**
 * The bytes that get hashed and signed: RFC 8785, stricter (evidence.md, section 1). Integers up to 2^53 - 1 only;
 * text in normal form C without control characters but `\n`; names of letters and digits; depth 16.
 * @throws {WireError} `invalid-value` for anything else, `undefined` included.
 */
export function canonicalBytes(value: unknown): Uint8Array {
  return utf8(strictText(value, 1));
}

/**
 * Reads canonical bytes. They are written again and compared, so that equal names, `__proto__`, other number forms
 * and other orders are refused and no two readers can see two things.
 * @throws {WireError} without a word of the content.
 */
export function parseCanonical(bytes: Uint8Array, { maxBytes, maxDepth = MAX_DEPTH }: JsonLimits): Json {
  // attacker-controlled
  if (bytes.length > maxBytes)
    throw new WireError("too-large", `expected at most ${maxBytes} bytes of JSON, got ${bytes.length}`);
  const text = textOf(bytes);
  const value = frozen(parsed(text), Math.min(maxDepth, MAX_DEPTH));
  if (strictText(value, 1) !== text)
    throw new WireError("not-canonical", "expected canonical JSON (RFC 8785), got another form of it");
  return value;
}

/**
 * RFC 8785 text of any JSON value: fractions and any names allowed. For answers that people read; documents take
 * `canonicalBytes`. @throws {WireError} `invalid-value` on what JSON cannot say.
 */
export function canonicalText(value: unknown): string {
  const text = attempt(() => canonicalize(value), "invalid-value", "expected a value that JSON can say");
  if (text === undefined) throw new WireError("invalid-value", "expected a value that JSON can say");
  return text;
}

function textOf(bytes: Uint8Array): string {
  return attempt(() => fromUtf8(bytes), "not-utf8", "expected well-formed UTF-8");
}

function parsed(text: string): unknown {
  return attempt(() => JSON.parse(text), "not-json", "expected JSON");
}

/** What `act` gives, or an error of our own: those of the platform quote what they read. */
function attempt<T>(act: () => T, code: "invalid-value" | "not-utf8" | "not-json", message: string): T {
  try {
    return act();
  } catch {
    throw new WireError(code, message);
  }
}

/** A copy of what `JSON.parse` gave: frozen throughout, objects without prototype. */
function frozen(value: unknown, depthLeft: number): Json {
  if (value === null || typeof value !== "object") return value as Json; // safe because JSON.parse makes nothing else
  if (depthLeft === 0) throw tooDeep();
  if (Array.isArray(value)) return Object.freeze(value.map((item) => frozen(item, depthLeft - 1)));
  const bare: Record<string, Json> = Object.create(null);
  for (const [name, item] of Object.entries(value)) bare[plainName(name)] = frozen(item, depthLeft - 1);
  return Object.freeze(bare);
}

function strictText(value: unknown, depth: number): string {
  if (typeof value === "string") return JSON.stringify(plainString(value));
  if (typeof value === "number") return plainInteger(value);
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value !== "object") throw unfit(`a value of type ${typeof value}`);
  if (depth > MAX_DEPTH) throw tooDeep();
  if (Array.isArray(value)) return `[${Array.from(value, (item) => strictText(item, depth + 1)).join(",")}]`;
  return objectText(value, depth);
}

function objectText(value: object, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) throw unfit("an object of a class");
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)); // by UTF-16 code units, section 3.2.3
  return `{${fields.map(([name, item]) => `"${plainName(name)}":${strictText(item, depth + 1)}`).join(",")}}`;
}

function plainName(name: string): string {
  if (!KEY.test(name)) throw unfit("a name of other characters than letters and digits");
  return name;
}

/** What is plain at a glance: most of a long answer is. */
const ASCII = /^[\n\x20-\x7e]*$/;

function plainString(text: string): string {
  if (ASCII.test(text)) return text;
  if (!text.isWellFormed()) throw unfit("text with a lone surrogate");
  if (/[^\P{Cc}\n]/u.test(text)) throw unfit("text with a control character");
  if (text.normalize("NFC") !== text) throw unfit("text that is not in normal form C");
  return text;
}

function plainInteger(value: number): string {
  if (!Number.isSafeInteger(value)) throw unfit("a number that is no integer of at most 2^53 - 1");
  return String(value);
}

function tooDeep(): WireError {
  return unfit("lists or objects too deep inside each other");
}

function unfit(what: string): WireError {
  return new WireError("invalid-value", `expected what a document may hold, got ${what}`);
}
