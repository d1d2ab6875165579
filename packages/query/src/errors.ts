// SPDX-License-Identifier: Apache-2.0

/** What can be wrong with a question, a federation file, a catalogue entry or a plan. Stable: tools may rely on it. */
export type QueryErrorCode =
  | "yaml"
  | "too-large"
  | "unknown-field"
  | "missing-field"
  | "invalid-value"
  | "not-yet"
  | "unknown-party"
  | "unknown-dataset"
  | "unknown-column"
  | "kind-mismatch"
  | "wrong-kind"
  | "too-few-parties"
  | "too-many"
  | "recipient"
  | "no-domain"
  | "no-bounds"
  | "overflow"
  | "expired"
  | "catalogue"
  | "above-class"
  | "coordinator";

/** Where in a question or federation file an error stands. Lines and columns count from 1. */
export interface FilePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The line itself: of a question or federation file, never of data. */
  readonly excerpt: string;
}

/** What an error may carry besides its sentence. */
export interface QueryErrorFacts {
  /** The smallest change that would pass. */
  readonly hint?: string;
  /** Whose data, or whose node, it is about. */
  readonly party?: string;
  readonly place?: FilePlace;
}

/** An error as data: what `--json` prints. */
export interface QueryErrorForm {
  readonly code: QueryErrorCode;
  readonly message: string;
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly party: string | null;
  readonly hint: string | null;
}

/**
 * A question cannot be read, planned or put into a contract. The message is one sentence that says what was expected
 * and what came; it may quote the question, never a value from data.
 */
export class QueryError extends Error {
  override readonly name = "QueryError";
  readonly code: QueryErrorCode;
  readonly hint: string;
  readonly party: string | undefined;
  readonly place: FilePlace | undefined;

  constructor(code: QueryErrorCode, message: string, { hint = "", party, place }: QueryErrorFacts = {}) {
    super(visible(message));
    this.code = code;
    this.hint = hint;
    this.party = party;
    this.place = place;
  }

  /** The error as data. */
  toJSON(): QueryErrorForm {
    const { code, message, place, party = null, hint } = this;
    return {
      code,
      message,
      file: place?.file ?? null,
      line: place?.line ?? null,
      column: place?.column ?? null,
      party,
      hint: hint === "" ? null : hint,
    };
  }
}

/**
 * An error as a person reads it: `error:` and one sentence, then the place with its line, then `hint:`
 * (experience.md, section 2.1).
 */
export function errorText({ message, place, party, hint }: QueryError): string {
  const lines = [`error: ${message}`];
  if (place !== undefined) {
    const number = String(place.line);
    const margin = " ".repeat(number.length);
    lines.push(`  ${place.file}:${place.line}:${place.column}`);
    lines.push(`  ${number} | ${visible(place.excerpt)}`);
    if (place.column <= place.excerpt.length + 1)
      lines.push(`  ${margin} | ${" ".repeat(place.column - 1)}^`);
  }
  if (party !== undefined) lines.push(`  party  ${party}`);
  if (hint !== "") lines.push(`hint:  ${hint}`);
  return lines.join("\n");
}

const MOST_SHOWN = 1000;

/** Text for a terminal: what would move the cursor, hide or reorder the rest of the line is shown as U+FFFD. */
function visible(text: string): string {
  const shown = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
  return shown.replace(/\t/g, " ").replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "\ufffd");
}
