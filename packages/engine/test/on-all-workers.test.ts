// SPDX-License-Identifier: Apache-2.0
// The rows of an index, made by several threads at a time.
import { randomFillSync } from "node:crypto";
import { job } from "@koplamp/protocol";
import { itemRows } from "@koplamp/psi";
import { inputEncoder, NORM_VERSION, type PackedInputs, packInputs } from "@koplamp/wire";
import { afterAll, expect, it } from "vitest";
import { startThreads } from "../../pool/src/index.ts";
import { onAllWorkers } from "../src/on-all-workers.ts";
import type { Workers } from "../src/ports.ts";

const registry = new URL("../../../test/e2e/psi-registry.ts", import.meta.url);
const threads: Workers = startThreads({ registry, size: 3 });
afterAll(() => threads.close());

const rng = (length: number): Uint8Array => randomFillSync(new Uint8Array(length));
const keys = { storage: rng(32) };
const route = { context: rng(32), holder: "bert", asker: "anna" };
/** Two whole stretches and a part of one. */
const ITEMS = 2 * 8192 + 300;
const inputs = listOf(ITEMS);

function listOf(count: number): PackedInputs {
  const encode = inputEncoder({
    covenantId: "test-covenant",
    purposeId: "test",
    epoch: "2026-W48",
    keySpec: "opaque",
    normVersion: NORM_VERSION,
  });
  return packInputs(Array.from({ length: count }, (_, at) => encode([`item ${at}`])));
}

async function freshShare(): Promise<Uint8Array> {
  const pool = await threads.session({ cacheKey: keys.storage });
  await pool.run(job("psi.keyset.create"), [route.context, route.holder, rng(32)]);
  const share = (await pool.run(job("psi.keyset.seal"), [route.context, rng(32)])) as Uint8Array; // safe because that job gives bytes
  await pool.wipe();
  return share;
}

/**
 * The threads, and how many vaults were opened and wiped, and which numbers of inputs their jobs had. `waits`: what was
 * begun first is not there before something else is.
 */
function watched(waits: boolean) {
  const other = Promise.withResolvers<void>();
  const seen = { workers: threads, opened: 0, wiped: 0, sizes: [] as number[] };
  const session: Workers["session"] = async (secrets) => {
    expect(Object.keys(secrets)).toEqual(["cacheKey"]);
    const pool = await threads.session(secrets);
    seen.opened += 1;
    return {
      run: async (job, args) => {
        const first = seen.sizes.length === 0;
        seen.sizes.push((args[2] as PackedInputs).ends.length); // safe because this is the only job that runs here
        const made = await pool.run(job, args);
        if (first && waits) await other.promise;
        other.resolve();
        return made;
      },
      wipe: async () => {
        await pool.wipe();
        seen.wiped += 1;
      },
    };
  };
  seen.workers = { size: threads.size, session, close: () => threads.close() };
  return seen;
}

it("is the same bytes as in one go, in stretches on every thread", async () => {
  const share = await freshShare();
  const alone = await threads.session({ cacheKey: keys.storage });
  const rows = await alone.run(itemRows, [route, share, inputs]);
  await alone.wipe();
  const seen = watched(true);
  const some = (stretch: PackedInputs) => [route, share, stretch] as const;
  const allowed = { stillAllowed: () => {} };
  const made = await onAllWorkers({ workers: seen.workers, keys }, allowed, inputs, {
    job: itemRows,
    args: some,
  });
  expect(Buffer.compare(made, rows as Uint8Array)).toBe(0);
  expect([...seen.sizes].sort((a, b) => a - b)).toEqual([300, 8192, 8192]);
  expect([seen.opened, seen.wiped]).toEqual([3, 3]);
  const none = await onAllWorkers({ workers: threads, keys }, allowed, listOf(0), {
    job: itemRows,
    args: some,
  });
  expect(none).toHaveLength(0);
}, 60_000);

it("ends with a question that stops, or with the first worker that fails, and every vault is wiped", async () => {
  const share = await freshShare();
  let asked = 0;
  const stops = {
    stillAllowed: () => {
      asked += 1;
      if (asked > 1) throw new Error("the question is over");
    },
  };
  const seen = watched(false);
  const work = { job: itemRows, args: (stretch: PackedInputs) => [route, share, stretch] as const };
  await expect(onAllWorkers({ workers: seen.workers, keys }, stops, inputs, work)).rejects.toThrow("is over");
  expect([seen.sizes.length, seen.opened, seen.wiped]).toEqual([1, 3, 3]);

  const failing = watched(false);
  let made = 0;
  const broken = {
    job: itemRows,
    args: (stretch: PackedInputs) => {
      made += 1;
      return [route, made === 1 ? rng(60) : share, stretch] as const;
    },
  };
  const [allowed, many] = [{ stillAllowed: () => {} }, listOf(12 * 8192)];
  await expect(onAllWorkers({ workers: failing.workers, keys }, allowed, many, broken)).rejects.toThrow(
    "the sealed share is damaged",
  );
  expect(made).toBeLessThan(12); // nobody begins another stretch
  expect(failing.wiped).toBe(failing.opened);
}, 60_000);
