// SPDX-License-Identifier: Apache-2.0
// What the parts of a covenant must be to each other (evidence.md, sections 2 and 6).
import type { z } from "zod";
import { quotaCeiling } from "../quota.ts";
import type { Covenant } from "./covenant-types.ts";

type Payload = z.core.ParsePayload<Covenant>;

/** Reports each rule that a covenant breaks, at the field that breaks it. */
export function checkCovenant(payload: Payload): void {
  const covenant = payload.value;
  const fail = (path: readonly (string | number)[], message: string): void => {
    payload.issues.push({ code: "custom", message, path: [...path], input: undefined });
  };
  if (covenant.validFrom >= covenant.validUntil) fail(["validUntil"], "expected a time after validFrom");
  if (covenant.version > 1 !== (covenant.previous !== null))
    fail(["previous"], "expected the hash of the version before, and null in version 1");
  checkKeys(covenant, fail);
  checkPurposes(covenant, fail);
  checkData(covenant, fail);
  checkQuorum(covenant, fail);
  checkQuotas(covenant, fail);
  checkDealers(covenant, fail);
}

type Fail = (path: readonly (string | number)[], message: string) => void;

/** Two roles under one key would be one person or machine that agrees with itself. */
function checkKeys({ parties, approval, supervision }: Covenant, fail: Fail): void {
  const keys = [
    ...parties.flatMap(({ covenantKeys }) => covenantKeys),
    ...approval.external.flatMap((role) => role.keys),
    ...supervision.keys,
  ];
  if (new Set(keys).size !== keys.length) fail(["parties"], "expected every key once in the covenant");
}

function checkPurposes({ parties, purposes, validUntil, approval, personLevel }: Covenant, fail: Fail): void {
  for (const [at, { bases, until }] of purposes.entries()) {
    if (until > validUntil) fail(["purposes", at, "until"], "expected a time not after validUntil");
    const known = bases.every(({ party, basis }) =>
      parties.some((row) => row.id === party && row.bases.some((own) => own.id === basis)),
    );
    if (!known) fail(["purposes", at, "bases"], "expected bases that their party has");
  }
  const roles = approval.external.map(({ role }) => role);
  if (!personLevel.external.every((role) => roles.includes(role)))
    fail(["personLevel", "external"], "expected roles of approval.external");
}

function checkData({ parties, purposes, dataClasses, budgets }: Covenant, fail: Fail): void {
  const known = new Set(parties.map(({ id }) => id));
  const purposeIds = new Set(purposes.map(({ id }) => id));
  for (const [at, { party, allow }] of dataClasses.entries()) {
    if (!known.has(party)) fail(["dataClasses", at, "party"], "expected a party of the covenant");
    if (!allow.every(({ purpose }) => purposeIds.has(purpose)))
      fail(["dataClasses", at, "allow"], "expected purposes of the covenant");
    if (!allow.every(({ recipients }) => recipients.every((id) => known.has(id))))
      fail(["dataClasses", at, "allow"], "expected parties of the covenant as recipients");
  }
  for (const [at, { party }] of budgets.entries())
    if (!known.has(party)) fail(["budgets", at, "party"], "expected a party of the covenant");
}

function checkDealers({ parties, protocols }: Covenant, fail: Fail): void {
  const known = new Set(parties.map(({ id }) => id));
  for (const [at, { dealers = [] }] of protocols.entries())
    if (!dealers.every((id) => known.has(id)))
      fail(["protocols", at, "dealers"], "expected parties of the covenant");
}

/** With m witnesses besides the owner, a quorum q of 2q <= m would let two histories be cosigned by honest ones. */
function checkQuorum({ parties, witnesses }: Covenant, fail: Fail): void {
  const others = parties.length - 1 + witnesses.external.length;
  if (witnesses.quorum > others || 2 * witnesses.quorum <= others)
    fail(["witnesses", "quorum"], "expected more than half of the witnesses, and not more than there are");
}

function checkQuotas(covenant: Covenant, fail: Fail): void {
  const known = new Set([...covenant.parties.map(({ id }) => id), "*"]);
  const purposes = new Set(covenant.purposes.map(({ id }) => id));
  const lab = covenant.id.startsWith("lab/");
  for (const [at, quota] of covenant.quotas.entries()) {
    if (!known.has(quota.asker) || !known.has(quota.holder) || !purposes.has(quota.purpose))
      fail(["quotas", at], "expected parties and a purpose of the covenant");
    if (quota.asker === quota.holder && quota.asker !== "*")
      fail(["quotas", at, "holder"], "expected another party than the asker");
    const askers = quota.asker === "*" ? withRegisters(covenant) : [quota.asker];
    const most = Math.min(...askers.map((asker) => quotaCeiling(covenant, asker, [])));
    if (!lab && quota.evaluations > most)
      fail(
        ["quotas", at, "evaluations"],
        "expected at most four times the padded size of the asker's register",
      );
  }
}

function withRegisters({ dataClasses }: Covenant): readonly string[] {
  return [...new Set(dataClasses.map(({ party }) => party))];
}
