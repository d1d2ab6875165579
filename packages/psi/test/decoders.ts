// SPDX-License-Identifier: Apache-2.0
import type { Group } from "@koplamp/crypto";
import type { Rng } from "@koplamp/protocol";
import { codecTarget, type Target } from "../../../test/fuzz/target.ts";
import { bulkTokensCodec, dealtCodec, storeCodec } from "../src/bulk-messages.ts";
import { churnCodec, indexCodec, lookupKeyCodec } from "../src/lookup-messages.ts";
import {
  allowanceBytes,
  allowanceCodec,
  countedTokensCodec,
  countsCodec,
  KEYSET_COMMIT,
  KEYSET_ECHO,
  KEYSET_OPEN,
  OPENING_BYTES,
  ROOT,
  replyCodec,
  requestCodec,
  tokensCodec,
} from "../src/messages.ts";
import { okvsLayout } from "../src/okvs-layout.ts";
import { openingsCodec, pairKeyCodec, slotsCodec, sortedCodec } from "../src/pair-messages.ts";
import { type SilentShape, silentShape } from "../src/silent-code.ts";
import { silentBytes, silentCodec } from "../src/silent-messages.ts";
import { countedTablesCodec, hitsCodec, NEXT, tablesCodec } from "../src/threshold-messages.ts";

const ROWS = 16;
const ALLOWANCE = {
  asker: "anna",
  ceiling: 256,
  plan: `sha256:${"0a".repeat(32)}`,
  session: "0b".repeat(16),
  validUntil: "2026-12-31T00:00:00Z",
};

const LAYOUT = { parties: 2, atLeast: 2, flagged: true, shards: 1, rows: 2, bins: 4 };
const HIT = { table: 2, bin: 1, low: 7, high: 9, told: 3 };

/** Everything that matching reads of others. */
export function decoders(group: Group, rng: Rng): readonly Target[] {
  const rising = (rows: number, width: number): Uint8Array =>
    Uint8Array.from({ length: rows * width }, (_, at) => (at % width === 0 ? 3 + 7 * (at / width) : 9));
  const pairKey = pairKeyCodec("anna", ROWS);
  const key = pairKey.encode({ key: rng(32), commitment: rng(32) });
  const opening = new Uint8Array(32 + ROWS * 16);
  opening.set(rising(ROWS, 16), 32);
  const counts = countsCodec(ROWS);
  const layout = okvsLayout(1);
  const store = storeCodec("anna", layout);
  const hits = hitsCodec(LAYOUT);
  return [
    codecTarget("R", ROOT, [rng(32)], 20_000),
    codecTarget("keyset.commit", KEYSET_COMMIT, [rng(32)], 20_000),
    codecTarget("keyset.echo", KEYSET_ECHO, [rng(32)], 20_000),
    codecTarget("keyset.open", KEYSET_OPEN, [rng(OPENING_BYTES)], 30_000),
    codecTarget("M", requestCodec(ROWS), [rng(32 * ROWS)], 30_000),
    codecTarget("E", replyCodec(ROWS), [rng(32 * ROWS + 64)], 30_000),
    codecTarget("T", tokensCodec(ROWS), [rising(ROWS, 16)], 40_000),
    codecTarget("T of a count", countedTokensCodec(ROWS, true), [rising(ROWS + 1, 16)], 40_000),
    codecTarget("A", tablesCodec(LAYOUT), [new Uint8Array(24 * 4 * 16).fill(1)], 30_000),
    codecTarget(
      "A of a count",
      countedTablesCodec(LAYOUT, true),
      [new Uint8Array(16 + 24 * 4 * 16).fill(1)],
      30_000,
    ),
    codecTarget("H", hits, [hits.encode([HIT, { ...HIT, table: 23 }])], 40_000),
    codecTarget("next", NEXT, [new Uint8Array(1)], 5000),
    codecTarget("C", counts, [counts.encode(Array.from({ length: ROWS }, (_, at) => at || null))], 30_000),
    codecTarget("W", allowanceCodec(ALLOWANCE), [allowanceBytes(ALLOWANCE)], 20_000),
    codecTarget("K of a pair", pairKey, [key], 30_000),
    codecTarget("T of a pair", openingsCodec("anna", ROWS, 1), [opening], 40_000),
    codecTarget("M, sorted", sortedCodec("anna", "M", ROWS), [rising(ROWS, 32)], 40_000),
    codecTarget("T in slots", slotsCodec("anna", ROWS), [opening], 30_000),
    codecTarget("dealt", dealtCodec("zeta", { receives: [], sends: 1 }), [rng(48)], 20_000),
    codecTarget(
      "V",
      store,
      [store.encode({ attempt: 3, sums: rng(32), cells: rng(layout.cells * 16) })],
      5000,
    ),
    codecTarget("O", silentCodec("anna", "O", SILENT), [rng(silentBytes(SILENT).O)], 10_000),
    codecTarget("U", silentCodec("anna", "U", SILENT), [rng(silentBytes(SILENT).U)], 5000),
    codecTarget("G", silentCodec("anna", "G", PUNCTURED), [rng(silentBytes(PUNCTURED).G)], 10_000),
    codecTarget("T of a bulk match", bulkTokensCodec("anna", ROWS), [rising(ROWS, 16)], 30_000),
    codecTarget("K of a look-up", lookupKeyCodec("anna"), [rng(96)], 20_000),
    codecTarget("T of an index", indexCodec("anna", ROWS), [rising(ROWS, 16)], 30_000),
    codecTarget("dT", churnCodec("anna", ROWS), [churn(rising(ROWS, 16))], 30_000),
    elements(group, rng),
  ];
}

/** Correlations of few elements, one of them with trees. */
const SILENT = silentShape(10);
const PUNCTURED: SilentShape = { elements: 10, trees: 5, block: 4, levels: 2 };

/** A churn with the same list twice. */
function churn(list: Uint8Array): Uint8Array {
  return Uint8Array.of(0, 0, 0, ROWS, ...list, ...list);
}

/** Elements of the group: what is taken is the only encoding of what it is. */
function elements(group: Group, rng: Rng): Target {
  const base = group.hashToGroup(rng(64));
  return {
    name: "an element of ristretto255",
    samples: [base, group.hashToGroup(rng(64))],
    inputs: 20_000,
    again: (bytes) => {
      group.decodeCheck(bytes);
      return group.subEach(group.addEach(bytes, base), base);
    },
  };
}
