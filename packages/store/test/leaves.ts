// SPDX-License-Identifier: Apache-2.0
import { documentBytes, type Entry } from "@koplamp/wire";

const hash = `sha256:${"0".repeat(64)}`;

/** A leaf that states one debit of `exactCells`, or none. */
export function disclosed(amount?: number): Uint8Array {
  return leaf("disclose", "disclosure", {
    session: "0".repeat(32),
    disclosure: "d",
    output: "o",
    to: ["b"],
    frame: hash,
    commitment: `hmac-${hash}`,
    bytes: 1,
    debits: amount === undefined ? [] : [{ unit: "exactCells", amount }],
    contractHash: hash,
  });
}

/** A leaf that allows `ceiling` evaluations to `asker`. */
export function allowed(asker: string, ceiling: number): Uint8Array {
  const validUntil = "2026-11-24T10:00:00Z";
  return leaf("allow", "disclosure", {
    session: "0".repeat(32),
    plan: hash,
    asker,
    unit: "evaluations",
    ceiling,
    validUntil,
  });
}

/** A leaf that announces a ceiling and charges nothing. */
export function begun(asker: string, amount: number): Uint8Array {
  const debits = [{ asker, unit: "evaluations", amount }];
  return leaf("begin", "combination", { session: "0".repeat(32), shard: "0/1", transcript: hash, debits });
}

function leaf(type: Entry["type"], verb: Entry["verb"], body: Entry["body"]): Uint8Array {
  const shared = {
    koplamp: "entry/v1",
    ledger: "koplamp.example/a",
    at: "2026-11-23T10:00:00Z",
    by: "node",
  } as const;
  return documentBytes({ ...shared, planHash: hash, type, verb, body });
}
