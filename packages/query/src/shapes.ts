// SPDX-License-Identifier: Apache-2.0
// What editors are told of federation.yaml and query.yaml: fields and closed lists. The readers stay the authority.
import { DATE_FORMATS, MONTH_FORMATS, TEXT_RULES, TRANSLITERATIONS } from "@koplamp/wire";
import { z } from "zod";
import { COLUMN_KINDS } from "./dataset.ts";

const party = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/);
const id = z.string().regex(/^[a-z][a-z0-9./-]{0,63}$/);
const name = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/);
const scalar = z.union([z.string(), z.number(), z.boolean()]);
const words = z.union([z.string(), z.strictObject({ nl: z.string().optional(), en: z.string().optional() })]);
const list = <T extends z.ZodType>(item: T, most: number): z.ZodArray<T> => z.array(item).max(most);

const column = z.strictObject({
  kind: z.enum(COLUMN_KINDS).describe("what the values are; identifiers are compared, integers are summed"),
  from: scalar.optional().describe("the column's name in the file, where it is another"),
  min: z.int().optional(),
  max: z.int().optional(),
  unit: scalar.optional(),
  values: list(scalar, 1000).optional().describe("what groups may be called: a public list"),
  padLeft: z.int().optional(),
  region: z.string().optional(),
  country: z.string().optional(),
  format: z.enum([...DATE_FORMATS, ...MONTH_FORMATS]).optional(),
  transliteration: z.enum(TRANSLITERATIONS).optional().describe("a pinned table for names in other scripts"),
  split: scalar.optional(),
  derive: z
    .union([
      z.strictObject({ rows: list(name, 8), within: z.record(name, scalar).optional() }),
      z.strictObject({ passed: name, into: name, out: name, per: list(name, 8) }),
      z.strictObject({ first: z.int().min(1).max(64), of: name }),
      z.strictObject({ sorted: list(name, 4) }),
      ...TEXT_RULES.map((rule) => z.strictObject({ [rule]: name })),
    ])
    .optional()
    .describe("a number, or another form of values (name-key), that the node computes of its own rows"),
});

const dataset = z.strictObject({
  file: z.string().regex(/\.(?:csv|tsv|parquet|json|jsonl)$/),
  nulls: list(scalar, 32).optional(),
  subject: z.string().optional().describe("the unit that minCount protects; absent: the row"),
  maxRowsPerCell: z.int().min(1).optional(),
  maxRowsPerSubject: z.int().min(1).optional().describe("how often one subject counts in an answer, at most"),
  columns: z.record(name, column).describe("what is not listed does not exist for a question"),
});

const federation = z.strictObject({
  koplamp: z.literal("federation/v1"),
  id,
  covenant: z.string().describe("default, or a covenant file"),
  parties: z
    .array(
      z.strictObject({
        id: party,
        name: scalar,
        datasets: z.record(name, dataset),
        interests: z
          .string()
          .optional()
          .describe("what its desks look at, for deconfliction in a lab: a file"),
      }),
    )
    .min(2)
    .max(64),
});

const from = z.record(party, name).describe("who contributes what: party: dataset");
const key = list(name, 8).describe("the columns that identify");
const axis = z.union([list(scalar, 1000), z.literal("declared")]);
const domain = z.union([z.record(name, axis), z.literal("declared")]);
const ofParty = z.string().regex(/^[a-z][a-z0-9-]{0,31}\.[A-Za-z][A-Za-z0-9_-]{0,63}$/);
const measures = z.array(z.string().regex(/^(?:count|(?:sum|mean)\(.+\))$/)).max(16);
const statistics = z
  .array(
    z.string().regex(/^(?:count|(?:sum|mean|variance|correlation|regression|chi-square|quantile)\(.+\))$/),
  )
  .max(16);
const condition = z.strictObject({
  column: name,
  op: z.enum(["=", "in", ">=", "<"]),
  value: z.union([scalar, list(scalar, 1000)]),
});

const lookup = z.strictObject({
  kind: z.literal("lookup"),
  key,
  asker: party,
  holder: z
    .union([party, z.record(party, name)])
    .describe("who holds the list; party: dataset where it has several"),
  questions: z
    .string()
    .regex(/\.(?:csv|tsv)$/)
    .describe("a file beside this one, which stays at the asker"),
  tell: z.enum(["asker", "both-on-hit"]),
});

const deconflict = z.strictObject({
  kind: z.literal("deconflict"),
  asker: party,
  with: party,
  place: z
    .enum(["geohash-5", "geohash-6"])
    .optional()
    .describe("cells in which places meet; absent: geohash-6"),
  time: z.enum(["hour", "day"]).optional().describe("in which times meet, UTC; absent: hour"),
});

const ask = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("match"),
    key: key.optional(),
    anyKey: z.array(key).min(2).max(8).optional().describe("in place of key: keys of which any may agree"),
    bands: z
      .array(
        z.strictObject({
          any: z.array(z.int().min(0)).optional().describe("one of these alternatives agrees, from 0"),
          atLeast: z.int().min(1).optional().describe("or so many of all agree"),
        }),
      )
      .max(7)
      .optional()
      .describe("with anyKey: the best band first, named A, B, …; what fits none is in one more"),
    from,
    atLeast: z.int().min(2),
    tell: z.enum(["holders", "count", "nothing"]),
    flaggedBy: z
      .record(name, scalar)
      .optional()
      .describe("only keys that one of their holders has flagged: column: value"),
    mode: z
      .enum(["pair", "bulk", "tokens", "threshold"])
      .optional()
      .describe(
        "pair: two parties, a key for this question only; bulk: two parties with long lists, the coordinator or `dealer` deals, or nobody; tokens: keys of the epoch, cheaper when repeated; threshold: nobody sees anything below atLeast",
      ),
    dealer: name
      .optional()
      .describe("with mode: bulk, the party that deals in place of the coordinator, or nobody"),
  }),
  z.strictObject({
    kind: z.literal("overlap-count"),
    key,
    from,
    shape: z.enum(["histogram", "pairs", "atLeast"]),
    atLeast: z.int().min(1).optional(),
    mode: z.enum(["hub", "recipient", "atLeast", "pairs.blind", "pairs.local"]).optional(),
  }),
  z.strictObject({
    kind: z.literal("aggregate"),
    from,
    where: list(condition, 16).optional(),
    groupBy: list(name, 8).optional(),
    domain: domain.optional(),
    flow: z
      .strictObject({ origin: name, destination: name, period: name.optional() })
      .optional()
      .describe("money on its way, in place of groupBy: from where, to where, and when"),
    measures: statistics,
    distinctBy: key.optional().describe("what names an event: however many report it, it counts once"),
  }),
  z.strictObject({
    kind: z.literal("join-aggregate"),
    key,
    from,
    groupBy: list(ofParty, 8).optional(),
    domain: z.union([z.record(ofParty, axis), z.literal("declared")]).optional(),
    measures: z.array(z.string().regex(/^(?:count|(?:sum|mean)\([^.]+\.[^.]+\))$/)).max(16),
    mode: z.enum(["pair", "hub"]).optional(),
  }),
  z.strictObject({
    kind: z.literal("trend"),
    from,
    where: list(condition, 16).optional(),
    groupBy: list(name, 8).optional(),
    domain: domain.optional(),
    measures: measures.max(1),
    period: name.describe("the column of months; its values stand in `domain`"),
    alarm: z.strictObject({
      rule: z.enum(["zscore", "cusum", "seasonal"]),
      window: z
        .int()
        .min(2)
        .max(1000)
        .optional()
        .describe("periods that a test looks back on; years, if seasonal"),
      baseline: z
        .strictObject({ mean: z.int(), deviation: z.int().min(1) })
        .optional()
        .describe("in place of a window: whole numbers in the unit of the measure"),
      threshold: z.number().min(0.001).max(1000).describe("how many standard deviations are too many"),
    }),
    reveal: z.enum(["alarms", "series"]).describe("which periods raise an alarm, or the summed series too"),
  }),
  lookup,
  deconflict,
]);

const query = z.strictObject({
  koplamp: z.literal("query/v1"),
  id,
  class: z.enum(["A", "B", "C", "D", "E", "F"]).optional(),
  purpose: id.optional(),
  legalBasis: list(scalar, 16).optional(),
  indication: words.optional(),
  necessity: words.optional(),
  subsidiarity: words.optional(),
  intendedEffect: z.strictObject({ text: words, measure: words }).optional(),
  ask,
  recipients: list(party, 64),
  release: z
    .strictObject({
      minCount: z.int().min(1).optional(),
      minContributors: z.int().min(1).optional(),
      noise: z
        .strictObject({
          epsilon: z.number().min(0.001).max(20),
          mechanism: z.enum(["gaussian", "laplace"]).optional(),
          colluders: z
            .int()
            .min(0)
            .optional()
            .describe("whose noise a recipient may know, its own included; absent: all but one"),
        })
        .optional(),
    })
    .optional(),
  expires: z.string().optional().describe("the last day, YYYY-MM-DD"),
  schedule: z
    .strictObject({
      every: z.string().regex(/^P(?:[1-9]\d{0,3}[DMY]|T[1-9]\d{0,3}[MH])$/),
      runs: z.int().min(2).max(1000),
      from: z.string().describe("the day of the first run, YYYY-MM-DD"),
    })
    .optional()
    .describe("asks a sum or a trend so many times, on one approval"),
  shards: z
    .int()
    .min(1)
    .max(4096)
    .optional()
    .describe(
      "a match in so many parts, a power of two: less memory at a time; absent: as many as its lists need",
    ),
});

/** A file that people edit. */
type EditedFile = "federation" | "query";

/** Files that people edit, and what their editors may be told of each. */
const SHAPES: Readonly<Record<EditedFile, z.ZodType>> = { federation, query };

/** The JSON schema of a file, for editors. */
export function fileSchema(of: EditedFile): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(SHAPES[of], { io: "input" });
}

/** Whether an editor with the schema would be content. The readers say why, and check more. */
export function fitsShape(of: EditedFile, value: unknown): boolean {
  return SHAPES[of].safeParse(value).success;
}
