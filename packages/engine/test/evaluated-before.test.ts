// SPDX-License-Identifier: Apache-2.0
// A list that stays as it was read, asked about again.
import { openStore } from "@koplamp/store";
import { wholeOf } from "@koplamp/wire";
import { afterEach, describe, expect, it } from "vitest";
import { eraseQuestions } from "../src/erasure.ts";
import { dropChunks, rememberEvaluated, takeEvaluated } from "../src/evaluated-before.ts";
import type { Evaluated } from "../src/evaluations.ts";
import type { NodePorts } from "../src/index.ts";
import { itemsLoader } from "../src/items-loader.ts";
import type { SessionPool, Snapshot } from "../src/ports.ts";
import { Federation, matchOf } from "./federation.ts";

const TWO = ["anna", "bert"];
const SEEK = "psi.cache.seek";
const LOAD = "psi.cache.load";
const AGAIN = "psi.cache.load-sealed";
/** Longer than anything of a question is kept. */
const TERM_MS = 4000 * 86_400_000;

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

/** A federation whose lists are read once, and how often each of its parties ran a job; `broken` jobs fail. */
function opened(broken: Set<string>) {
  const ran = new Map<string, number>();
  const nodes = new Map<string, NodePorts>();
  const all = new Federation(
    { anna: ["k1", "k2", "k3"], bert: ["k2", "k3", "k4"] },
    {
      ports: (ports) => {
        const changed = readingOnce(ports);
        nodes.set(changed.me, changed);
        return changed;
      },
      jobs: (table) =>
        new Map(
          [...table].map(([name, code]) => [
            name,
            (...args: Parameters<typeof code>) => {
              ran.set(name, (ran.get(name) ?? 0) + 1);
              if (broken.has(name)) throw new Error("broken");
              return code(...args);
            },
          ]),
        ),
    },
  );
  federation = all;
  let asked = 0;
  /** Asks for what two lists share, by turns at each, and gives the jobs that took. */
  const ask = async () => {
    ran.clear();
    const recipient = asked % 2 === 0 ? "anna" : "bert";
    asked += 1;
    const others = TWO.filter((party) => party !== recipient);
    const before = all.machine(others[0] ?? "").outcomes.length;
    const outcome = await all.ask(recipient, matchOf(TWO, [recipient], { id: `time-${asked}` }));
    await all.outcomes(others, before + 1);
    return { outcome, seeks: ran.get(SEEK) ?? 0, loads: ran.get(LOAD) ?? 0, again: ran.get(AGAIN) ?? 0 };
  };
  const ports = (party: string): NodePorts => {
    const found = nodes.get(party);
    if (found === undefined) throw new Error("expected a party");
    return found;
  };
  return { all, ports, ask };
}

function readingOnce(ports: NodePorts): NodePorts {
  let kept: Promise<Snapshot> | undefined;
  const { sources } = ports;
  return {
    ...ports,
    sources: {
      ...sources,
      snapshot: (dataset) => {
        kept ??= sources.snapshot(dataset);
        return kept;
      },
    },
  };
}

const RELEASED = {
  status: "released",
  result: { matches: [{ key: ["k2"] }, { key: ["k3"] }] },
};

describe("a list whose last question ended well", () => {
  it("is not looked up again, but where a chunk is gone", async () => {
    const { all, ask } = opened(new Set());
    expect(await ask()).toMatchObject({ outcome: RELEASED, seeks: 2, loads: 2, again: 0 });
    for (let time = 0; time < 2; time += 1)
      expect(await ask()).toMatchObject({ outcome: RELEASED, seeks: 0, loads: 0, again: 2 });

    const { store } = all.machine("anna");
    const [chunk = ""] = store.sealedNames("cache/");
    store.dropSealed(chunk);
    expect(store.sealedNames("cache/")).toEqual([]);
    expect(await ask()).toMatchObject({ outcome: RELEASED, seeks: 1, loads: 1, again: 1 });
    expect(store.sealedNames("cache/")).toHaveLength(1);
  });

  it("is looked up again after a question that failed", async () => {
    const broken = new Set<string>();
    const { ask } = opened(broken);
    await ask();
    broken.add(AGAIN);
    expect(await ask()).toMatchObject({ outcome: { status: "failed" }, seeks: 0 });
    broken.clear();
    expect(await ask()).toMatchObject({ outcome: RELEASED, seeks: 2, loads: 2, again: 0 });
  });

  it("is one object in memory, and its chunks are these and no others", () => {
    const list = () => ({ head: new Uint8Array(1), tails: new Uint8Array(2), ends: Uint32Array.of(2) });
    const [one, other] = [list(), list()];
    const [store, others] = [openStore(":memory:"), openStore(":memory:")];
    const part = { sealed: Uint8Array.of(1), distinct: 1 };
    const found = (names: readonly string[], by = one, at = store) => {
      rememberEvaluated(store, one, { names: ["a", "b"], part });
      return takeEvaluated(at, by, names);
    };
    expect(found(["a", "b"])).toBe(part);
    expect(takeEvaluated(store, one, ["a", "b"])).toBeUndefined(); // it was told, and forgotten
    expect(found(["a", "b"], other)).toBeUndefined();
    expect(found(["a", "b"], one, others)).toBeUndefined();
    for (const names of [[], ["a"], ["a", "c"], ["a", "b", "c"]]) expect(found(names)).toBeUndefined();
  });

  it("is looked up again after its question was erased, though the same chunk came back", async () => {
    const { all, ports, ask } = opened(new Set());
    await ask();
    expect(await ask()).toMatchObject({ outcome: RELEASED, loads: 0, again: 2 });
    const { store } = all.machine("anna");
    const kept = store.sealedNames("cache/").map((name) => [name, store.sealed(name)] as const);
    all.clock.ahead += TERM_MS;
    expect(eraseQuestions(ports("anna"))).toHaveLength(2);
    all.clock.ahead -= TERM_MS;
    expect(store.sealedNames("cache/")).toEqual([]);
    for (const [name, bytes] of kept) store.putSealed(name, bytes ?? new Uint8Array());
    expect(await ask()).toMatchObject({ outcome: RELEASED, loads: 1, again: 1 });
  });

  it("is not remembered where a chunk has gone while the question ran", async () => {
    const list = { head: new Uint8Array(1), tails: new Uint8Array(2), ends: Uint32Array.of(2) };
    const store = openStore(":memory:");
    const part = { sealed: Uint8Array.of(1), distinct: 1 };
    const pool = { run: async () => part } as unknown as SessionPool; // whatever it is asked
    for (const [left, expected] of [
      [["a", "b"], part],
      [["b"], undefined],
    ] as const) {
      let names: readonly string[] = ["a", "b"];
      const cache = {
        scope: new Uint8Array(32),
        names: () => names,
        chunks: () => [],
      } as unknown as Evaluated;
      const node = { store, rng: () => new Uint8Array(12) } as unknown as NodePorts; // all that is used of it
      const { load, remember } = itemsLoader(node, cache, list, wholeOf(list));
      await load(pool);
      names = left;
      remember();
      const taken = takeEvaluated(store, list, left);
      expect(taken).toEqual(expected);
      if (taken !== undefined) expect(taken.sealed.buffer).toBeInstanceOf(SharedArrayBuffer); // no worker gets a copy
    }
  });

  it("is forgotten with the first chunk that is erased, whichever it is", () => {
    const list = { head: new Uint8Array(1), tails: new Uint8Array(2), ends: Uint32Array.of(2) };
    const store = openStore(":memory:");
    const part = { sealed: Uint8Array.of(1), distinct: 1 };
    for (const [erased, expected] of [
      [[], part],
      [["c"], undefined],
    ] as const) {
      rememberEvaluated(store, list, { names: ["a"], part });
      dropChunks(store, erased);
      expect(takeEvaluated(store, list, ["a"])).toBe(expected);
    }
  });
});
