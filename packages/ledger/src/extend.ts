// SPDX-License-Identifier: Apache-2.0
import { type BundleParts, packBundle, readBundle, type ShownLedger } from "./bundle.ts";
import { LedgerError } from "./errors.ts";

/** Who makes a bundle anew, and when. */
export type Maker = Pick<BundleParts, "by" | "made" | "identity" | "primitives">;

/**
 * A bundle with entries that its question got later, signed by whoever adds them. Entries that it has stay as they are.
 * @throws {LedgerError} `malformed` for bytes that are no bundle, or one that leaves documents out: its index names what
 * cannot be packed again.
 */
export function extendBundle(bytes: Uint8Array, more: readonly ShownLedger[], maker: Maker): Uint8Array {
  const { index, documents, entries } = readBundle(maker.primitives, bytes);
  if (index.documents.some(({ included }) => !included))
    throw new LedgerError("malformed", "expected a bundle that leaves no document out");
  const parties = [...new Set([...entries, ...more].map(({ party }) => party))];
  const ledgers = parties.map((party) => {
    const kept = entries.filter((one) => one.party === party).map(({ leaf, proof }) => ({ leaf, proof }));
    const known = new Set(kept.map(({ leaf }) => textOf(leaf)));
    const added = more.filter((one) => one.party === party).flatMap((one) => one.entries);
    return { party, entries: [...kept, ...added.filter(({ leaf }) => !known.has(textOf(leaf)))] };
  });
  return packBundle({ ...maker, documents, ledgers });
}

function textOf(leaf: Uint8Array): string {
  return leaf.join();
}
