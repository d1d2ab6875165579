// SPDX-License-Identifier: Apache-2.0
import { findNativeGroup } from "@koplamp/pool";
import { describe, expect, test } from "vitest";
import { bench } from "../src/bench.ts";
import { type BenchRecord, goal, machineText, median, recordText } from "../src/bench-record.ts";

const native = findNativeGroup();

describe("a benchmark of a few items", { timeout: 60_000 }, () => {
  test("of a match: three rows, with every phase, bytes as they must be, and a checked answer", async () => {
    const lines: string[] = [];
    const args = {
      suite: "psi",
      sizes: [60],
      parties: [2],
      backends: ["wasm"],
      runs: 2,
      quick: true,
    } as const;
    const { records, skipped } = await bench(args, (line) => void lines.push(line));
    expect(skipped).toEqual([]);
    expect(records.map((record) => record.case)).toEqual([
      "match-tokens/1, first query",
      "match-tokens/1, second query",
      "match-pair/1",
    ]);
    const [first, second, pair] = records;
    expect(Object.keys(first?.perItem.phasesUs ?? {}).sort()).toEqual(
      ["answer", "blind", "cache", "join", "keys", "rest", "root", "tokens", "unblind", "verify"].sort(),
    );
    expect(first?.ours.cpuMs.length).toBe(2);
    // Root, ready and 256 padded tokens of 16 bytes, to the other.
    expect(second?.ours.bytesUp).toBe(32 + 32 + 256 * 16);
    // Two parties: K, R and ready, M, E with its proof, a nonce and tokens, between both.
    expect(pair?.ours.bytesUp).toBe((72 + 4 * 32 + 256 * 32 + 256 * 32 + 64 + 32 + 256 * 16) / 2);
    expect(Object.keys(pair?.perItem.phasesUs ?? {}).sort()).toEqual(
      ["answer", "blind", "join", "proofs in these", "rest", "root", "tokens", "unblind"].sort(),
    );
    expect(second?.goals.map(({ what }) => what)).toEqual(["CPU-µs an item and recipient"]);
    expect(lines[0]).toBe(
      "match-tokens/1, first query: 2 parties, 60 items each, sodium-wasm, median of 2 runs",
    );
  });

  test("of a bulk match: every phase, the dealer apart, bytes as they must be, and a checked answer", async () => {
    const args = { suite: "bulk", sizes: [300], runs: 1, quick: true } as const;
    const { records } = await bench(args, () => {});
    expect(records.map((record) => record.case)).toEqual([
      "bulk-pair/1, the coordinator deals",
      "bulk-pair/1, nobody deals",
    ]);
    const [row, undealt] = records;
    expect(Object.keys(row?.perItem.phasesUs ?? {}).sort()).toEqual([
      "dealer",
      "encode",
      "join",
      "list",
      "rest",
      "tokens",
    ]);
    // R, ready, commit, echo, alpha of both; a store of 627 + 64 cells and its masks, twice; tokens.
    const cells = (627 + 64) * 16;
    const store = 1 + 32 + cells;
    const all = 10 * 32 + (16 + 32) + (32 + cells + 16) + store + 384 * 16;
    expect(row?.ours.bytesUp).toBe(Math.round(all / 2));
    expect(row?.goals).toEqual([]);
    expect(Object.keys(undealt?.perItem.phasesUs ?? {}).sort()).toEqual([
      "correlation",
      "encode",
      "join",
      "list",
      "rest",
      "tokens",
    ]);
    // In place of what was dealt: offers, and 128 rows of all cells and two masks, an element and two sums.
    const made = 128 * 64 + 32 + 128 * (cells + 2 * 16) + 32;
    expect(undealt?.ours.bytesUp).toBe(Math.round((10 * 32 + made + store + 384 * 16) / 2));
  });

  test("of a look-up: one question and batches, both with the answers of the plain list", async () => {
    const args = { suite: "lookup", sizes: [300], backends: ["wasm"], runs: 1, quick: true } as const;
    const { records } = await bench(args, () => {});
    expect(records.map((record) => record.case)).toEqual([
      "lookup/1, one question",
      "lookup/1, in batches of 32",
    ]);
    // R and ready of both, an allowance, one element and back with its proof.
    const [one] = records;
    expect(one?.perItem.bytes).toBeGreaterThan(3 * 32 + 2 * 32 + 64);
    expect(Object.keys(one?.perItem.phasesUs ?? {}).sort()).toEqual([
      "answer",
      "blind",
      "index",
      "rest",
      "verify",
    ]);
    expect(one?.goals).toEqual([]);
  });

  test("of workers: one pool against another on the same work, and how long the process was deaf", async () => {
    const args = { suite: "workers", sizes: [40], runs: 2, quick: true } as const;
    const [record, ...more] = (await bench(args, () => {})).records;
    expect(more).toEqual([]);
    expect(record).toMatchObject({ backend: "kernel", size: 40, parties: 2 });
    const { "one worker": one = 0, "two workers": two = 0 } = record?.perItem.phasesUs ?? {};
    expect(Math.min(one, two)).toBeGreaterThan(0);
    const [time, late] = record?.goals ?? [];
    expect(time).toMatchObject({ what: "part of the time of one worker, by two", most: 1 / 1.8 });
    expect(time?.got).toBeGreaterThan(0.1);
    expect(late?.what).toBe("ms that the event loop was late, at most");
  });

  test("of the group: each operation by every backend, paired, and the goal of the kernel", async () => {
    const args = { suite: "group", sizes: [32], runs: 3, quick: true } as const;
    const { records } = await bench(args, () => {});
    const names = [
      "hashToGroup",
      "decodeCheck",
      "mulSame",
      "mulBase",
      "mulPoint",
      "addEach",
      "subEach",
      "msm",
    ];
    expect(records.map((record) => record.case)).toEqual(names.map((name) => `ristretto255, ${name}`));
    for (const { backend, perItem, goals } of records) {
      expect(backend).toBe("kernel");
      expect(Object.keys(perItem.phasesUs)).toEqual(expect.arrayContaining(["kernel", "sodium-wasm"]));
      expect(goals.map(({ what }) => what)).toEqual(["part of the CPU of sodium-wasm"]);
    }
  });

  test("of a sum, as lines of JSON", async () => {
    const lines: string[] = [];
    const args = { suite: "sum", sizes: [50], runs: 1, quick: true, json: true } as const;
    const { records } = await bench(args, (line) => void lines.push(line));
    expect(lines.map((line) => JSON.parse(line) as BenchRecord)).toEqual(records);
    expect(records).toEqual([
      expect.objectContaining({ case: "sum-threshold/1", size: 50, parties: 3, backend: "seal" }),
    ]);
    expect(records[0]?.commit ?? "no checkout").toMatch(/^([0-9a-f]{40}|no checkout)$/);
    expect(records[0]?.ours.rssMiB).toBeGreaterThan(20);
  });

  test("of a masked sum: what a node sends before its release, and a checked answer", async () => {
    const args = { suite: "masked", sizes: [40_000], runs: 1, quick: true } as const;
    const { records } = await bench(args, () => {});
    const [row] = records;
    expect(row).toEqual(expect.objectContaining({ case: "sum-masked/1", size: 40_000, parties: 3 }));
    // Two chunks with their check words; commitments, echoes, alpha and ready to two others, one commitment to the coordinator.
    expect(row?.ours.bytesBefore).toBe(40_000 * 8 + 2 * 48 + 2 * 6 * 32 + 32);
  });

  test("of a join: its total is checked, and one encryption a row is measured beside it", async () => {
    const lines: string[] = [];
    const args = { suite: "join", sizes: [10_000], runs: 1, quick: true } as const;
    const { records } = await bench(args, (line) => void lines.push(line));
    const [row] = records;
    expect(row).toEqual(
      expect.objectContaining({ case: "join-sum-pair/1, homomorphic work", size: 10_000, parties: 2 }),
    );
    // A key, two chunks for a bucket of 12,288 rows, and the reply.
    const bytes = 327_680 + 2 * 262_179 + 524_291;
    expect(Math.abs((row?.ours.bytesUp ?? 0) * 2 - bytes)).toBeLessThan(2);
    expect(row?.reference?.sample).toBe(20);
    expect(lines.some((line) => /reckoned from a sample of 20: [0-9.]+ times as much/.test(line))).toBe(true);
  });

  test.skipIf(native.group !== undefined)(
    "a backend that is not there is skipped, with the reason",
    async () => {
      const args = { suite: "psi", backends: ["native"], quick: true } as const;
      const { records, skipped } = await bench(args, () => {});
      expect(records).toEqual([]);
      expect(skipped[0]).toContain("skipped: the system has no");
    },
  );
});

test("the median is a value that was measured", () => {
  expect(median([5, 1, 9])).toBe(5);
  expect(median([4, 1, 2, 3])).toBe(2);
  expect(median([])).toBe(0);
});

test("a missed goal is printed as missed", () => {
  const record: BenchRecord = {
    suite: "psi",
    case: "match-tokens/1, second query",
    command: "koplamp bench --suite psi",
    size: 10,
    parties: 2,
    backend: "sodium-wasm",
    koplamp: "0.0.0",
    node: "24.0.0",
    cpuModel: "a processor",
    cores: 2,
    memoryMiB: 4096,
    load: [0, 0],
    seed: 1,
    ours: { cpuMs: [1], wallMs: [1], rssMiB: 100, bytesUp: 10, bytesDown: 10, bytesBefore: 9 },
    perItem: { cpuUs: 123.4, phasesUs: { join: 12.34, keys: 0.001 }, bytes: 1.5 },
    goals: [goal("CPU-µs an item and recipient", 5, 61.7), goal("megabytes", 8, 8)],
  };
  expect(recordText(record)).toEqual([
    "match-tokens/1, second query: 2 parties, 10 items each, sodium-wasm, one run",
    "  123 CPU-µs and 1.50 bytes an item, peak 100 MiB with all parties in one process",
    "  by phase: join 12.3",
    "  CPU-µs an item and recipient: 61.7, goal 5.00: missed",
    "  megabytes: 8.00, goal 8.00: met",
  ]);
  expect(machineText(record)).toBe(
    "koplamp bench --suite psi (a processor, 2 cores, 4096 MiB, Node 24.0.0, load 0 then 0)",
  );
});
