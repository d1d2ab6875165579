// SPDX-License-Identifier: Apache-2.0
import { z } from "zod";
import { bucket } from "../bucket.ts";
import { askForm, MOST_PARTIES } from "./ask-forms.ts";
import type { Ask } from "./asks.ts";
import { columnsAt, dealersOf } from "./asks.ts";
import {
  atLeastOne,
  bytes32,
  count,
  hash,
  id,
  label,
  line,
  list,
  name,
  party,
  protocolId,
  publicKey,
  queryClass,
  same,
  text,
  time,
  uniqueList,
} from "./fields.ts";
import { isStandable, scheduleForm } from "./schedule-form.ts";
import type { Dominance, Input, KnownTotal, NoisePlan, Plan } from "./types.ts";

const KINDS = [
  ..."bsn rsin kvk iban imo imo-company plate phone email lei passport person-name company-name date name-key".split(
    " ",
  ),
  ..."opaque category integer month boolean".split(" "),
];

const whole = z.int("expected an integer");
const bounds = z
  .strictObject({ column: name, min: whole, max: whole })
  .refine(({ min, max }) => min <= max, "expected min up to max");

const input: z.ZodType<Input> = z
  .strictObject({
    party,
    dataset: name,
    dataClass: label,
    columns: uniqueList(name, same, 256),
    kinds: list(z.enum(KINDS, "expected a kind of column"), 256),
    rowsPadded: z
      .int("expected a count")
      .min(256, "expected a padded size")
      .max(2 ** 40, "expected a padded size")
      .refine((rows) => bucket(rows) === rows, "expected a padded size"),
    bounds: uniqueList(bounds, (row) => row.column, 256),
    maxRowsPerCell: atLeastOne,
    snapshot: hash,
  })
  .refine(({ columns, kinds }) => columns.length === kinds.length, {
    message: "expected one kind for each column",
    path: ["kinds"],
  })
  .refine((row) => row.bounds.every(({ column }) => row.kinds[row.columns.indexOf(column)] === "integer"), {
    message: "expected bounds of integer columns only",
    path: ["bounds"],
  });

const roles = z.record(
  z.string().regex(/^[a-z][A-Za-z]{0,31}$/, "expected a role"),
  uniqueList(party, same, MOST_PARTIES),
);

const noise: z.ZodType<NoisePlan> = z.strictObject({
  mechanism: z.enum(["gaussian", "laplace"], "expected gaussian or laplace"),
  unit: z.enum(["row", "subject"], "expected row or subject"),
  most: uniqueList(z.strictObject({ party, rows: atLeastOne }), (row) => row.party, MOST_PARTIES),
  rhoMicro: atLeastOne,
  deltaExponent: z.int("expected a count").min(3, "expected 3 to 15").max(15, "expected 3 to 15"),
  colluders: count,
});

const MOST_ROUNDING = 1_000_000_000;

const dominance: z.ZodType<Dominance> = z.strictObject({
  largest: z.int("expected a count").min(1, "expected at least 1").max(16, "expected at most 16"),
  percent: z.int("expected a percentage").min(0, "expected 0 to 100").max(100, "expected 0 to 100"),
});

const knownTotal: z.ZodType<KnownTotal> = z.strictObject({
  group: uniqueList(
    z.strictObject({ column: name, values: uniqueList(line(256), same, 1000, 1) }),
    (row) => row.column,
    8,
  ),
  measure: line(200),
  value: whole,
});

/** `plan/v1`: inputs stand in the order of the ask's sources, one for each. */
export const planForm: z.ZodType<Plan> = z
  .strictObject({
    koplamp: z.literal("plan/v1"),
    id,
    covenantHash: hash,
    rosterHash: hash,
    proposer: z.strictObject({ party, by: publicKey }),
    class: queryClass,
    purpose: id,
    bases: uniqueList(
      z.strictObject({ party, basis: line(400) }),
      (row) => `${row.party} ${row.basis}`,
      1024,
    ),
    indication: z.strictObject({ text, reference: line(400) }),
    necessity: text,
    subsidiarity: text,
    intendedEffect: z.strictObject({ text, measure: text }),
    ask: askForm,
    inputs: list(input, MOST_PARTIES, 1),
    protocol: z.strictObject({
      id: protocolId,
      params: label,
      epoch: label.nullable(),
      roles,
      shards: atLeastOne,
    }),
    release: z.strictObject({
      minCount: count,
      minContributors: count,
      noise: noise.nullable(),
      dominance: dominance.exactOptional(),
      rounding: z.int("expected a count").min(2, "expected at least 2").max(MOST_ROUNDING).exactOptional(),
      known: list(knownTotal, 1000, 1).exactOptional(),
    }),
    recipients: uniqueList(
      z.strictObject({ party, roles: uniqueList(id, same, 16, 1) }),
      (row) => row.party,
      MOST_PARTIES,
      1,
    ),
    schedule: scheduleForm.nullable(),
    notBefore: time,
    expires: time,
    salt: bytes32,
  })
  .refine(({ ask, release }) => release.noise === null || ask.kind === "aggregate", {
    message: "expected noise in sums only",
    path: ["release"],
  })
  .refine(({ ask, release }) => isJudged(ask, release), {
    message:
      "expected dominance, totals and what is known only where sums are told of rows, and without noise",
    path: ["release"],
  })
  .refine(
    ({ inputs, recipients, release: { noise } }) => noise === null || hides(noise, inputs, recipients),
    {
      message: "expected colluders with a recipient that brings data among them, and one contributor outside",
      path: ["release"],
    },
  )
  .refine(({ inputs, release: { noise } }) => noise === null || boundsSubjects(noise, inputs), {
    message: "expected how often a subject counts, once for each input, where subjects are hidden",
    path: ["release"],
  })
  .refine(isAskedByItsAsker, {
    message:
      "expected a look-up that its asker proposes, told to the asker, and to the holder where both are told",
    path: ["recipients"],
  })
  .refine(isDealtApart, {
    message: "expected a dealer that brings no data and gets no answer",
    path: ["ask", "dealer"],
  })
  .refine(isStandable, {
    message: "expected runs of a sum without a key, the last one due before the plan expires",
    path: ["schedule"],
  })
  .refine(({ notBefore, expires }) => notBefore < expires, {
    message: "expected a time after notBefore",
    path: ["expires"],
  })
  .refine(
    ({ ask, inputs }) =>
      ask.from.length === inputs.length &&
      ask.from.every(
        ({ party: id, dataset }, at) => inputs[at]?.party === id && inputs[at]?.dataset === dataset,
      ),
    { message: "expected one input for each source of the ask, in that order", path: ["inputs"] },
  )
  .refine(
    ({ ask, inputs }) =>
      inputs.every(({ party: id, columns }) =>
        columnsAt(ask, id).every((column) => columns.includes(column)),
      ),
    {
      message: "expected every column that the ask reads",
      path: ["inputs"],
    },
  );

/** Whoever brings data and receives knows its own noise: it hides nothing from it. */
function hides({ colluders }: NoisePlan, inputs: readonly Input[], recipients: Plan["recipients"]): boolean {
  const own = recipients.some((to) => inputs.some((row) => row.party === to.party)) ? 1 : 0;
  return colluders >= own && colluders < inputs.length;
}

/** Questions are at the asker's node and nowhere else, and whom a look-up tells is what it says. */
function isAskedByItsAsker({
  ask,
  proposer,
  recipients,
}: Pick<Plan, "ask" | "proposer" | "recipients">): boolean {
  if (ask.kind !== "lookup") return true;
  const told = ask.tell === "asker" ? [ask.asker] : [ask.asker, ...ask.from.map((row) => row.party)];
  const named = recipients.map((row) => row.party).sort();
  return proposer.party === ask.asker && named.join() === told.sort().join();
}

/** Whoever deals and one of the two together break the other: one that is both would be alone in that. */
function isDealtApart({ ask, inputs, recipients }: Pick<Plan, "ask" | "inputs" | "recipients">): boolean {
  const dealers = dealersOf(ask);
  return ![...inputs, ...recipients].some((row) => dealers.includes(row.party));
}

/** Parts of parties are opened for the rules, exact: noise would hide nothing beside them. */
function isJudged(ask: Ask, { noise, dominance: rule, known }: Plan["release"]): boolean {
  const rows = ask.kind === "aggregate" && ask.distinctBy === undefined;
  const totals = ask.kind === "aggregate" && ask.totals !== undefined;
  if (rule === undefined && known === undefined && !totals) return true;
  return rows && noise === null;
}

function boundsSubjects({ unit, most }: NoisePlan, inputs: readonly Input[]): boolean {
  const named = unit === "row" ? [] : inputs.map((row) => row.party);
  return most.length === named.length && most.every((row, at) => row.party === named[at]);
}
