// SPDX-License-Identifier: Apache-2.0
import { type ReadBundle, readBundle } from "./bundle.ts";
import { checkApproved } from "./check-approvals.ts";
import { checkEgress, checkReceipts } from "./check-conduct.ts";
import { checkContract, checkCovenant, checkIndex, checkPlan, checkRoster } from "./check-documents.ts";
import { checkErasure } from "./check-erasure.ts";
import { checkDisclosed, checkLedgers, checkOrder } from "./check-ledgers.ts";
import { checkQuotas } from "./check-quotas.ts";
import { LedgerError } from "./errors.ts";
import type { Evidence, Trust, VerifyOptions } from "./evidence.ts";
import { type Finding, fail, type PromiseName, type Report, reportOf } from "./report.ts";

/**
 * Reads what somebody was told on paper: one line, `covenant sha256:…`.
 * @throws {LedgerError} `malformed`
 */
export function readTrust(text: string): Trust {
  const [, covenant] = /^covenant (sha256:[0-9a-f]{64})\n?$/.exec(text) ?? [];
  if (covenant === undefined)
    throw new LedgerError("malformed", "expected one line: covenant sha256: and 64 hex digits");
  return { covenant };
}

/**
 * Checks a bundle offline, promise by promise. Pure and total: hostile bytes give a report that says FAIL. What the
 * bundle leaves out, and what a lab does not have, is SKIP and never PASS.
 */
export function verifyBundle(bytes: Uint8Array, options: VerifyOptions): Report {
  const bundle = readOrRefuse(bytes, options);
  if (bundle instanceof LedgerError) return reportOf(new Map([["bundle", fail(bundle.message)]]));
  const { trust, primitives } = options;
  const start: Evidence = { bundle, trust, primitives };
  const roster = checkRoster(start, options);
  const founded: Evidence = { ...start, ...named("founding", roster.value) };
  const plan = checkPlan(founded);
  const planned: Evidence = { ...founded, ...named("plan", plan.value) };
  const contract = checkContract(planned, options);
  const evidence: Evidence = { ...planned, ...named("contract", contract.value) };
  const ledgers = checkLedgers(evidence);
  return reportOf(
    new Map<PromiseName, Finding>([
      ["bundle", checkIndex(evidence)],
      ["covenant", checkCovenant(evidence)],
      ["roster", roster.finding],
      ["plan", plan.finding],
      ["contract", contract.finding],
      ["approvals", checkApproved(evidence, options, ledgers.value)],
      ["quotas", checkQuotas(evidence, options, ledgers.value)],
      ["ledgers", ledgers.finding],
      ["disclosed", checkDisclosed(evidence, ledgers.value)],
      ["order", checkOrder(evidence, ledgers.value)],
      ["egress", checkEgress(evidence)],
      ["receipts", checkReceipts(evidence, ledgers.value)],
      ["erasure", checkErasure(evidence, ledgers.value, options.at)],
    ]),
  );
}

function readOrRefuse(bytes: Uint8Array, { primitives }: VerifyOptions): ReadBundle | LedgerError {
  try {
    return readBundle(primitives, bytes);
  } catch (error) {
    if (error instanceof LedgerError) return error;
    throw error;
  }
}

function named<Name extends string, T>(name: Name, value: T | undefined): Partial<Record<Name, T>> {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, T>); // safe: the one name has the one value
}
