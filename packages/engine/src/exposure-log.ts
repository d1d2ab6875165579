// SPDX-License-Identifier: Apache-2.0
import { type Contract, type Hash, type Plan, readDocument } from "@koplamp/wire";
import type { ExposureLog } from "./exposure.ts";
import type { Store } from "./ports.ts";

/** What a node's own store holds for an exposure: all entries, and the documents that are not erased. */
export function exposureLog(store: Pick<Store, "size" | "leaf" | "document">): ExposureLog {
  const entries = Array.from({ length: store.size() }, (_, at) => readDocument("entry/v1", store.leaf(at)));
  const plans = new Map<Hash, Plan | undefined>();
  const contracts = new Map<Hash, Contract | undefined>();
  const kept = <T>(
    known: Map<Hash, T | undefined>,
    hash: Hash,
    read: (bytes: Uint8Array) => T,
  ): T | undefined => {
    if (!known.has(hash)) {
      const found = store.document(hash);
      known.set(hash, found === undefined ? undefined : read(found.bytes));
    }
    return known.get(hash);
  };
  return {
    me: entries[0]?.ledger.split("/").at(-1) ?? "",
    entries,
    plan: (hash) => kept(plans, hash, (bytes) => readDocument("plan/v1", bytes)),
    contract: (hash) => kept(contracts, hash, (bytes) => readDocument("contract/v1", bytes)),
  };
}
