// SPDX-License-Identifier: Apache-2.0
import { z } from "zod";
import {
  atLeastOne,
  count,
  fact,
  hash,
  label,
  line,
  list,
  member,
  party,
  partyOrCoordinator,
  protocolId,
  same,
  text,
  uniqueList,
  viewer,
} from "./fields.ts";
import type { Contract, ContractItem, EgressLine } from "./types.ts";

const MOST = 16_384;
const MOST_PARTIES = 64;

const bound = z.union([count, line(400)], "expected a count, or words where no number bounds it");
const about = uniqueList(party, same, MOST_PARTIES);

const item: z.ZodType<ContractItem> = z.strictObject({
  fact,
  about,
  bound,
  because: line(2000).exactOptional(),
});

const disclosure = z.strictObject({
  id: label,
  from: party,
  to: partyOrCoordinator,
  via: z.literal("coordinator", "expected coordinator or null").nullable(),
  release: count,
  output: label,
  perShard: atLeastOne,
  shards: atLeastOne,
});

const output = z.strictObject({ id: label, to: party, fact, about, columns: list(line(200), 256), bound });

const egressRow = {
  to: partyOrCoordinator,
  channel: z.enum(["send", "disclose"], "expected send or disclose"),
  what: label,
  messages: count,
  bytes: count,
};

/** Rows of egress with their sender. */
const egressLine: z.ZodType<EgressLine> = z.strictObject({ from: partyOrCoordinator, ...egressRow });

/** Rows of egress whose sender stands elsewhere. */
export const egressRows: z.ZodType<readonly Omit<EgressLine, "from">[]> = uniqueList(
  z.strictObject(egressRow),
  (row) => `${row.to} ${row.channel} ${row.what}`,
  MOST,
);

const view = z.strictObject({
  who: uniqueList(viewer, same, MOST_PARTIES + 2, 1),
  learns: list(item, MOST),
  atMost: list(item, MOST),
});

const coalition = z.strictObject({
  who: uniqueList(member, same, MOST_PARTIES + 2, 1),
  about,
  learns: list(item, MOST),
});

/** `contract/v1`: every disclosure names an output, and everybody has one view. */
export const contractForm: z.ZodType<Contract> = z
  .strictObject({
    koplamp: z.literal("contract/v1"),
    planHash: hash,
    covenantHash: hash,
    rosterHash: hash,
    protocol: protocolId,
    descriptionHash: hash,
    disclosures: uniqueList(disclosure, (row) => `${row.id} ${row.from} ${row.to}`, MOST),
    outputs: uniqueList(output, (row) => `${row.id} ${row.to}`, MOST),
    views: list(view, MOST_PARTIES + 2),
    coalitions: list(coalition, MOST),
    egress: uniqueList(egressLine, (row) => `${row.from} ${row.to} ${row.channel} ${row.what}`, MOST),
    debits: uniqueList(
      z.strictObject({ holder: party, asker: party, unit: label, amount: count }),
      (row) => `${row.holder} ${row.asker} ${row.unit}`,
      MOST,
    ),
    assumptions: uniqueList(z.strictObject({ id: label, text, ifFalse: line(2000) }), (row) => row.id, 256),
    warnings: uniqueList(z.string().regex(/^[A-Z][A-Z0-9-]{0,63}$/, "expected a code"), same, 256),
    text,
  })
  .refine(
    ({ disclosures, outputs }) => disclosures.every((row) => outputs.some(({ id }) => id === row.output)),
    {
      message: "expected outputs of the contract",
      path: ["disclosures"],
    },
  )
  .refine(
    ({ views }) => new Set(views.flatMap(({ who }) => who)).size === views.flatMap(({ who }) => who).length,
    {
      message: "expected each viewer once",
      path: ["views"],
    },
  );
