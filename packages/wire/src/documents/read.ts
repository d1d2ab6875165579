// SPDX-License-Identifier: Apache-2.0
import { z } from "zod";
import { canonicalBytes, parseCanonical } from "../canonical.ts";
import { WireError } from "../errors.ts";
import { hex } from "../text.ts";
import type { Hash } from "./basic-types.ts";
import { contractForm } from "./contract.ts";
import { entryForm } from "./entry.ts";
import { approvalForm, bundleForm, egressForm, receiptForm, resultForm } from "./evidence.ts";
import { cardForm, covenantForm, rosterForm, suspensionForm, withdrawalForm } from "./governance.ts";
import { interestWordForm } from "./interest-word.ts";
import { planForm } from "./plan.ts";
import type { Documents, DocumentType } from "./types.ts";

const KIB = 2 ** 10;

interface DocumentSpec<T> {
  readonly form: z.ZodType<T>;
  readonly maxBytes: number;
}

/** Form and size of each type (evidence.md, section 1; leaves: section 6). */
const SPECS: { readonly [T in DocumentType]: DocumentSpec<Documents[T]> } = {
  "covenant/v1": { form: covenantForm, maxBytes: 64 * KIB },
  "card/v1": { form: cardForm, maxBytes: 64 * KIB },
  "roster/v1": { form: rosterForm, maxBytes: 64 * KIB },
  "withdrawal/v1": { form: withdrawalForm, maxBytes: 64 * KIB },
  "suspension/v1": { form: suspensionForm, maxBytes: 64 * KIB },
  "interest/v1": { form: interestWordForm, maxBytes: 64 * KIB },
  "plan/v1": { form: planForm, maxBytes: 64 * KIB },
  "contract/v1": { form: contractForm, maxBytes: KIB * KIB },
  "approval/v1": { form: approvalForm, maxBytes: 64 * KIB },
  "receipt/v1": { form: receiptForm, maxBytes: 64 * KIB },
  "egress/v1": { form: egressForm, maxBytes: 64 * KIB },
  "result/v1": { form: resultForm, maxBytes: 256 * KIB * KIB },
  "bundle/v1": { form: bundleForm, maxBytes: KIB * KIB },
  "entry/v1": { form: entryForm, maxBytes: 8 * KIB },
};

/** The names of all types of documents. */
// Safe because Object.keys of a record over a closed type gives exactly its members.
export const DOCUMENT_TYPES: readonly DocumentType[] = Object.keys(SPECS) as DocumentType[];

/**
 * Reads a document: canonical bytes of the right size, no unknown field, every field of its type, and what the fields
 * must be to each other. Signatures, hashes of other documents and the curve points of keys are not checked here. The
 * document is frozen, its objects have no prototype.
 * @throws {WireError} naming the type and the place of the first fault, never a value.
 */
export function readDocument<T extends DocumentType>(type: T, bytes: Uint8Array): Documents[T] {
  // attacker-controlled
  const { form, maxBytes } = SPECS[type];
  const value = named(type, () => parseCanonical(bytes, { maxBytes }));
  checkForm(type, form, value);
  return value as unknown as Documents[T]; // safe because the form has accepted it, and changes nothing
}

/**
 * The bytes of a document that get hashed, signed and sent. What no reader would take is not written.
 * @throws {WireError} as {@link readDocument}.
 */
export function documentBytes(document: Documents[DocumentType]): Uint8Array {
  const type = document.koplamp;
  const { form, maxBytes } = SPECS[type];
  const bytes = named(type, () => canonicalBytes(document));
  if (bytes.length > maxBytes)
    throw new WireError("too-large", `${type}: expected at most ${maxBytes} bytes, got ${bytes.length}`);
  checkForm(type, form, document);
  return bytes;
}

/** A fault of a document that somebody still writes: where it is, and what was expected there. */
export interface DocumentIssue {
  readonly path: readonly PropertyKey[];
  readonly expected: string;
}

/** Everything that keeps a value from being a document of a type. For those who write one: a reader stops at the first. */
export function documentIssues(type: DocumentType, value: unknown): readonly DocumentIssue[] {
  const issues = SPECS[type].form.safeParse(value).error?.issues ?? [];
  return issues.flatMap((issue) => {
    if (issue.code !== "unrecognized_keys") return [{ path: issue.path, expected: issue.message }];
    return issue.keys.map((key) => ({ path: [...issue.path, key], expected: "expected no such field" }));
  });
}

/** The JSON schema of a type, for editors: forms and closed lists, not what the parts must be to each other. */
export function documentSchema(type: DocumentType): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(SPECS[type].form, { io: "input", unrepresentable: "any" });
}

/** `sha256:` and the hash of a document's bytes. */
export function documentHash(sha256: (data: Uint8Array) => Uint8Array, bytes: Uint8Array): Hash {
  return `sha256:${hex(sha256(bytes))}`;
}

function named<T>(type: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw error instanceof WireError ? new WireError(error.code, `${type}: ${error.message}`) : error;
  }
}

function checkForm(type: string, form: z.ZodType, value: unknown): void {
  const [issue] = form.safeParse(value).error?.issues ?? [];
  if (issue === undefined) return;
  const place = [type, ...issue.path.map(pathPart)].join(".");
  const what = issue.code === "unrecognized_keys" ? "expected no other fields than its own" : issue.message;
  throw new WireError("invalid-document", `${place}: ${what}`);
}

/** A name in a path may be the sender's own: only plain words are repeated. */
function pathPart(part: PropertyKey): string {
  return typeof part === "number" || /^[A-Za-z]{1,32}$/.test(String(part)) ? String(part) : "…";
}
