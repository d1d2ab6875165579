// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import { bucket, type ColumnKind, type ColumnSpec, type Hash, parseCanonical } from "@koplamp/wire";
import { z } from "zod";
import { COLUMN_KINDS } from "./dataset.ts";
import { QueryError } from "./errors.ts";
import { NAME, PARTY_ID } from "./names.ts";

/** How its owner reads a column, besides its kind: a question that names values must read them in the same way. */
export type Reading = Pick<ColumnSpec, "padLeft" | "region" | "country" | "format" | "transliteration">;

/** A column as its owner offers it: a name, a kind and public bounds, never a value. */
export interface CatalogueColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  /** Declared bounds of an integer; null for other kinds and where none are declared. */
  readonly min: number | null;
  readonly max: number | null;
  readonly unit: string | null;
  /** The public list of its values, where the question groups by it and its owner declares one. */
  readonly values?: readonly string[];
  /** The options of its kind, where its owner declares any. */
  readonly reading?: Reading;
}

/** What a node offers publicly of one dataset, for one question. */
export interface CatalogueEntry {
  readonly party: PartyId;
  readonly dataset: string;
  readonly columns: readonly CatalogueColumn[];
  /** `bucket(rows)`, or of distinct keys for a question with a key: the true number never leaves the node. */
  readonly rowsPadded: number;
  /** The most rows that one cell of a sum may count, by the owner's declaration. */
  readonly maxRowsPerCell: number;
  /** How often one subject counts in an answer at most; null where the owner declares no subject, or no bound. */
  readonly maxRowsPerSubject: number | null;
  /** Salted commitment to the canonical rows. */
  readonly snapshot: Hash;
}

const integer = z.int().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER);
const option = z.string().min(1).max(32);
const reading: z.ZodType<Reading> = z.strictObject({
  padLeft: z.int().min(1).max(32).exactOptional(),
  region: option.exactOptional(),
  country: option.exactOptional(),
  format: option.exactOptional(),
  transliteration: option.exactOptional(),
});
const column = z
  .strictObject({
    name: z.string().regex(NAME),
    kind: z.enum(COLUMN_KINDS),
    min: integer.nullable(),
    max: integer.nullable(),
    unit: z.string().min(1).max(100).nullable(),
    values: z.array(z.string().min(1).max(256)).min(1).max(1000).exactOptional(),
    reading: reading.exactOptional(),
  })
  .refine(({ kind, min, max }) => boundsFit(kind, min, max));

const form: z.ZodType<CatalogueEntry> = z.strictObject({
  party: z.string().regex(PARTY_ID),
  dataset: z.string().regex(NAME),
  columns: z
    .array(column)
    .max(256)
    .refine((columns) => new Set(columns.map(({ name }) => name)).size === columns.length),
  rowsPadded: z
    .int()
    .max(2 ** 31)
    .refine((rows) => bucket(rows) === rows),
  maxRowsPerCell: z
    .int()
    .min(1)
    .max(2 ** 32),
  maxRowsPerSubject: z.int().min(1).max(1_000_000).nullable(),
  snapshot: z.string().regex(/^sha256:[0-9a-f]{64}$/),
});

/**
 * Reads an entry that `party` sent: canonical JSON, at most 64 KiB.
 * @throws {QueryError} `catalogue`, naming the party and never the content.
 */
export function readCatalogueEntry(party: PartyId, bytes: Uint8Array): CatalogueEntry {
  const entry = parsed(party, bytes); // attacker-controlled
  if (entry.party === party) return entry;
  throw new QueryError("catalogue", `${party} sent a catalogue entry in the name of another party`, {
    party,
  });
}

function parsed(party: PartyId, bytes: Uint8Array): CatalogueEntry {
  try {
    return form.parse(parseCanonical(bytes, { maxBytes: 65_536, maxDepth: 4 }));
  } catch {
    const hint = "its node may run another version";
    throw new QueryError("catalogue", `${party} sent a catalogue entry that is not of the agreed form`, {
      party,
      hint,
    });
  }
}

function boundsFit(kind: ColumnKind, min: number | null, max: number | null): boolean {
  if (min === null || max === null) return min === max;
  return kind === "integer" && min <= max;
}
