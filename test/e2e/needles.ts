// SPDX-License-Identifier: Apache-2.0
// What an identifier looks like when it leaks: twelve encodings, and what each covers.
import { createHash } from "node:crypto";

/** An identifier that must not be found: its canonical form, and how its file writes it. */
export interface Planted {
  readonly canonical: string;
  readonly written: string;
}

/** Bytes that mean an identifier. */
export interface Needle {
  readonly bytes: Uint8Array;
  /** Its name. */
  readonly encoding: string;
  /** Index in the planted identifiers. */
  readonly planted: number;
  /** What its neighbours are read as, if it counts only where they are neither letter nor digit. */
  readonly alone?: Neighbours;
}

/** One byte or two a character; or base64, of a value of `length` bytes that begins `shift` bytes into its group. */
export type Neighbours = "bytes" | "pairs" | { readonly shift: number; readonly length: number };

interface Form {
  readonly bytes: string | Uint8Array;
  /** For base64. */
  readonly shift?: number;
}

interface Encoding {
  readonly name: string;
  readonly forms: (planted: Planted) => readonly (string | Uint8Array | Form)[];
}

/** Twelve encodings. The first ones are told first when two give the same bytes. */
export const ENCODINGS: readonly Encoding[] = [
  // As logs, JSON and CSV have it; Latin-1 too, as V8 keeps short strings.
  { name: "text", forms: ({ canonical }) => [canonical, Buffer.from(canonical, "latin1")] },
  // A normalising step on the way: a host name, a file name, an e-mail address.
  { name: "lower case", forms: ({ canonical }) => [canonical.toLowerCase()] },
  // The cell of the file before it was canonicalised.
  { name: "as written", forms: ({ written }) => [written] },
  // Two-byte strings of V8 and Windows.
  { name: "UTF-16 LE", forms: ({ canonical }) => [Buffer.from(canonical, "utf16le")] },
  // The same in network order.
  { name: "UTF-16 BE", forms: ({ canonical }) => [Buffer.from(canonical, "utf16le").swap16()] },
  // Dumps, SQL literals, traces.
  { name: "hex", forms: ({ canonical }) => [hexOf(canonical)] },
  { name: "HEX", forms: ({ canonical }) => [hexOf(canonical).toUpperCase()] },
  // Binary fields of JSON and headers, base64url included: what does not depend on the neighbours, at each alignment.
  { name: "base64", forms: ({ canonical }) => [0, 1, 2].flatMap((shift) => cores64(canonical, shift)) },
  // A buffer that was made JSON, and a typed array that was printed.
  { name: "byte list", forms: ({ canonical }) => [",", ", "].map((comma) => bytesOf(canonical).join(comma)) },
  // Little-endian packing.
  { name: "reversed", forms: ({ canonical }) => [Buffer.from(canonical).reverse()] },
  // "Pseudonymised": the digests that people reach for, raw, in hex and in base64.
  { name: "SHA-256", forms: ({ canonical }) => digests("sha256", canonical) },
  {
    name: "SHA-1, MD5",
    forms: ({ canonical }) => ["sha1", "md5"].flatMap((name) => digests(name, canonical)),
  },
];

/** Every form of every identifier, each bytes of an identifier once. */
export function needlesOf(planted: readonly Planted[]): readonly Needle[] {
  return planted.flatMap((one, index) => {
    const seen = new Set<string>();
    return ENCODINGS.flatMap(({ name: encoding, forms }) =>
      forms(one).flatMap((form) => {
        const { bytes: content, shift } = isForm(form) ? form : { bytes: form };
        const bytes = Buffer.from(content);
        const name = bytes.toString("latin1");
        if (seen.has(name)) return [];
        seen.add(name);
        const alone = aloneAs(one.canonical, name, shift);
        return [{ bytes, encoding, planted: index, ...(alone === undefined ? {} : { alone }) }];
      }),
    );
  });
}

function isForm(form: string | Uint8Array | Form): form is Form {
  return typeof form === "object" && "bytes" in form;
}

/** Numbers of up to nine digits stand in longer ones by chance (times, tables, constants). Anything else does not. */
function aloneAs(canonical: string, latin1: string, shift: number | undefined): Neighbours | undefined {
  if (!/^\d{1,9}$/.test(canonical)) return undefined;
  if (shift !== undefined) return { shift, length: canonical.length };
  if (/^[\d.]+$/.test(latin1)) return "bytes";
  return /^(?:\d\0|\0\d)+$/.test(latin1) ? "pairs" : undefined;
}

function bytesOf(value: string): readonly number[] {
  return [...Buffer.from(value)];
}

function hexOf(value: string): string {
  return Buffer.from(value).toString("hex");
}

function digests(algorithm: string, value: string): readonly (string | Uint8Array)[] {
  const digest = createHash(algorithm).update(value).digest();
  const hex = digest.toString("hex");
  return [digest, hex, hex.toUpperCase(), ...cores64(digest, 0).map(({ bytes }) => bytes)];
}

/** The characters of base64, in both alphabets, that `shift` bytes before the value and any behind it do not change. */
function cores64(value: string | Uint8Array, shift: number): readonly Form[] {
  const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(value)]);
  const core = bytes.toString("base64").slice(Math.ceil((8 * shift) / 6), Math.floor((8 * bytes.length) / 6));
  return [core, core.replaceAll("+", "-").replaceAll("/", "_")].map((text) => ({ bytes: text, shift }));
}
