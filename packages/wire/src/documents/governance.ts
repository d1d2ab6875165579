// SPDX-License-Identifier: Apache-2.0
// Covenant, card and roster: who agreed on what, with which keys (evidence.md, section 2).
import { z } from "zod";
import { checkCovenant } from "./covenant-rules.ts";
import type { Card, Covenant, Roster } from "./covenant-types.ts";
import {
  atLeastOne,
  bytes32,
  count,
  fact,
  flag,
  hash,
  id,
  label,
  line,
  list,
  name,
  party,
  period,
  protocolId,
  publicKey,
  queryClass,
  same,
  sortedList,
  text,
  time,
  uniqueList,
  verifierKey,
} from "./fields.ts";
import type { Suspension, Withdrawal } from "./types.ts";

const MOST_PARTIES = 64;
const MOST = 1024;

const basisRow = z.strictObject({ id: label, law: line(400), article: line(400) });

const partyRow = z.strictObject({
  id: party,
  name: line(200),
  part: z.enum(["member", "input-only", "result-only"], "expected member, input-only or result-only"),
  task: z.enum(["supervision", "enforcement", "investigation", "other"], "expected a task"),
  regimes: uniqueList(z.enum(["avg", "wpg", "awr", "wwft", "wgs", "other"], "expected a regime"), same, 6),
  bases: uniqueList(basisRow, (basis) => basis.id, 64),
  covenantKeys: uniqueList(publicKey, same, 8, 1),
});

const purposeRow = z.strictObject({
  id,
  text,
  classes: uniqueList(queryClass, same, 6),
  until: time,
  bases: uniqueList(z.strictObject({ party, basis: label }), (row) => `${row.party} ${row.basis}`, MOST),
});

const allowRow = z.strictObject({
  purpose: id,
  classes: uniqueList(queryClass, same, 6),
  recipients: uniqueList(party, same, MOST_PARTIES),
});

const dataClassRow = z.strictObject({
  id: label,
  party,
  dataset: name,
  columns: uniqueList(name, same, 256),
  registerSize: count,
  sensitivity: z.enum(["ordinary", "special", "criminal", "secret"], "expected a sensitivity"),
  allow: list(allowRow, MOST),
});

const quotaRow = z.strictObject({
  asker: z.union([party, z.literal("*")], "expected a party id or *"),
  holder: z.union([party, z.literal("*")], "expected a party id or *"),
  purpose: id,
  epoch: z.union([period, z.literal("once")], "expected a period or once"),
  evaluations: count,
  lookupsPerDay: count,
});

const budgetRow = z.strictObject({
  party,
  dataset: name,
  unit: z.enum(["subject", "row"], "expected subject or row"),
  period,
  rhoMicro: count,
  exactCells: count,
  repeats: count,
});

const floors = z.strictObject({
  minCount: count,
  minContributors: count,
  minSet: count,
  dominanceN: count,
  dominancePercent: z.int("expected a percentage").min(0).max(100, "expected at most 100"),
  maxDomainPermille: z.int("expected a number of thousandths").min(0).max(1000, "expected at most 1000"),
});

const externalRow = z.strictObject({
  role: id,
  classes: uniqueList(queryClass, same, 6),
  keys: uniqueList(publicKey, same, 64, 1),
});

/** `covenant/v1`, with its references, keys, quorum and quotas checked against each other. */
export const covenantForm: z.ZodType<Covenant> = z
  .strictObject({
    koplamp: z.literal("covenant/v1"),
    id: z.string().regex(/^(?:lab\/)?[a-z][a-z0-9./-]{0,63}$/, "expected an id"),
    version: atLeastOne,
    previous: hash.nullable(),
    title: text,
    validFrom: time,
    validUntil: time,
    parties: uniqueList(partyRow, (row) => row.id, MOST_PARTIES, 2),
    purposes: uniqueList(purposeRow, (row) => row.id, MOST),
    dataClasses: uniqueList(dataClassRow, (row) => row.id, MOST),
    personLevel: z.strictObject({
      allowed: flag,
      ground: text.nullable(),
      external: uniqueList(id, same, 64),
    }),
    floors,
    quotas: uniqueList(quotaRow, (row) => `${row.asker} ${row.holder} ${row.purpose} ${row.epoch}`, 65_536),
    budgets: uniqueList(budgetRow, (row) => `${row.party} ${row.dataset} ${row.unit} ${row.period}`, MOST),
    approval: z.strictObject({ validFor: period, external: uniqueList(externalRow, (row) => row.role, 64) }),
    witnesses: z.strictObject({
      quorum: atLeastOne,
      external: uniqueList(z.strictObject({ name: line(200), vkey: verifierKey(4) }), (row) => row.vkey, 64),
    }),
    protocols: uniqueList(
      z.strictObject({
        id: protocolId,
        paramSets: uniqueList(label, same, 64),
        coordinatorLearns: uniqueList(fact, same, 64),
        dealers: uniqueList(party, same, 64).exactOptional(),
      }),
      (row) => row.id,
      64,
    ),
    retention: z.strictObject({ results: period, salts: period, ledger: period, extensions: count }),
    supervision: z.strictObject({ body: line(400), keys: uniqueList(publicKey, same, 64) }),
    dpia: z.strictObject({ reference: line(400), hash }),
    ethics: z.strictObject({ framework: line(400), reference: line(400), hash }),
  })
  .check(checkCovenant);

const sealKeys = z.strictObject({ x25519: bytes32, mlkem768Hash: hash });

const personRow = z.strictObject({
  person: id,
  roles: uniqueList(
    z.enum(["analyst", "lawful", "ethical", "officer", "operator"], "expected a role"),
    same,
    5,
    1,
  ),
  key: publicKey,
  validUntil: time,
});

/** `card/v1`. Every key in it stands there once. */
export const cardForm: z.ZodType<Card> = z
  .strictObject({
    koplamp: z.literal("card/v1"),
    party,
    serial: count,
    covenantHash: hash,
    identity: publicKey,
    seal: sealKeys,
    ledger: verifierKey(1),
    witness: verifierKey(4),
    tlsPins: uniqueList(hash, same, 16),
    people: uniqueList(personRow, (row) => row.person, MOST),
  })
  .refine(
    ({ identity, people }) => new Set([identity, ...people.map(({ key }) => key)]).size === people.length + 1,
    { message: "expected each key once", path: ["people"] },
  );

/** `withdrawal/v1`: a party leaves the covenant, by its own word. */
export const withdrawalForm: z.ZodType<Withdrawal> = z.strictObject({
  koplamp: z.literal("withdrawal/v1"),
  covenantHash: hash,
  party,
  reason: text,
  at: time,
  salt: bytes32,
});

/** `suspension/v1`: an officer halts the own node, or lets it go on. A suspension says why. */
export const suspensionForm: z.ZodType<Suspension> = z
  .strictObject({
    koplamp: z.literal("suspension/v1"),
    covenantHash: hash,
    party,
    action: z.enum(["suspend", "resume"], "expected suspend or resume"),
    by: publicKey,
    previous: hash.nullable(),
    reason: text.nullable(),
    at: time,
    salt: bytes32,
  })
  .refine(({ action, reason }) => action === "resume" || reason !== null, {
    message: "expected a reason for a suspension",
    path: ["reason"],
  })
  .refine(({ action, previous }) => action === "suspend" || previous !== null, {
    message: "expected the hash of the suspension that ends",
    path: ["previous"],
  });

/** `roster/v1`, cards in party order. */
export const rosterForm: z.ZodType<Roster> = z.strictObject({
  koplamp: z.literal("roster/v1"),
  id: z.string().regex(/^(?:lab\/)?[a-z][a-z0-9./-]{0,63}$/, "expected an id"),
  epoch: count,
  previous: hash.nullable(),
  covenantHash: hash,
  cards: sortedList(z.strictObject({ party, cardHash: hash }), (row) => row.party, MOST_PARTIES, 1),
  witnessQuorum: atLeastOne,
  coordinator: z.strictObject({
    name: line(200),
    operator: line(200),
    identity: publicKey,
    seal: sealKeys,
    tlsPins: uniqueList(hash, same, 16),
  }),
});
