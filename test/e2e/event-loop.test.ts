// SPDX-License-Identifier: Apache-2.0
// A node answers health checks while it computes: the event loop turns during a match of 20,000 items.
import { randomFillSync } from "node:crypto";
import { nodePrimitives, startThreads, type Workers } from "@koplamp/pool";
import {
  type Channel,
  drive,
  type Gate,
  type Message,
  type Party,
  type PartyId,
  type Rng,
} from "@koplamp/protocol";
import {
  evaluateAsker,
  evaluateHolder,
  evaluationBatches,
  type KeySet,
  keysetParty,
  type Matched,
  matchTokensParty,
  openShare,
  tellMatches,
} from "@koplamp/psi";
import {
  bucket,
  concat,
  hex,
  inputEncoder,
  lp,
  NORM_VERSION,
  type PackedInputs,
  packInputs,
  selectInputs,
} from "@koplamp/wire";
import { afterAll, expect, test } from "vitest";

const PARTIES: readonly PartyId[] = ["alice", "bob"];
const rng: Rng = (length) => randomFillSync(new Uint8Array(length));
const { sha256 } = nodePrimitives();
const SCOPE = new Uint8Array(32).fill(7);
const workers: Workers = startThreads({ registry: new URL("./psi-registry.ts", import.meta.url), size: 2 });
afterAll(() => workers.close());

/** Links in memory between the parties of one session. */
function links(): (me: PartyId) => Channel {
  const waiting = new Map<string, { messages: Message[]; wake: () => void }>();
  const link = (from: PartyId, to: PartyId) => {
    const name = `${from}>${to}`;
    const found = waiting.get(name) ?? { messages: [], wake: () => {} };
    waiting.set(name, found);
    return found;
  };
  const put = (from: PartyId, to: PartyId, message: Message): void => {
    const { messages, wake } = link(from, to);
    messages.push(message);
    wake();
  };
  return (me) => ({
    send: async (to, type, bytes) => put(me, to, { type, bytes }),
    async receive(from) {
      const queue = link(from, me);
      for (;;) {
        const message = queue.messages.shift();
        if (message !== undefined) return message;
        await new Promise<void>((resolve) => {
          queue.wake = resolve;
        });
      }
    },
    seal: async (disclosure) => ({ ...disclosure, frame: new Uint8Array(32), sealedBytes: 0 }),
    release: async ({ to, type, bytes }) => put(me, to, { type, bytes }),
  });
}

const gate: Gate = { open: async () => {} };

/** What a party keeps between sessions. */
interface Site {
  readonly cacheKey: Uint8Array;
  readonly chunks: Uint8Array[];
  keySet?: KeySet;
}
const sites: Readonly<Record<PartyId, Site>> = {
  alice: { cacheKey: rng(32), chunks: [] },
  bob: { cacheKey: rng(32), chunks: [] },
};

function siteOf(party: PartyId): Site {
  const site = sites[party];
  if (site === undefined) throw new Error(`no site ${party}`);
  return site;
}

/** One session at every party, on threads. */
async function session<Output>(party: (me: PartyId) => Party<Output>): Promise<ReadonlyMap<PartyId, Output>> {
  const channel = links();
  const outputs = PARTIES.map(async (me) => {
    const { cacheKey, keySet } = siteOf(me);
    const pool = await workers.session({ cacheKey, salt: rng(32) });
    if (keySet !== undefined) await pool.run(openShare, [keySet.context, keySet.sealedShare]);
    return [me, await drive(party(me), { channel: channel(me), pool, gate })] as const;
  });
  return new Map(await Promise.all(outputs));
}

/** Shares of a step, in percent, that a 10 ms timer ticked. */
async function ticking<Value>(work: () => Promise<Value>): Promise<{ value: Value; percent: number }> {
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
  }, 10);
  const start = performance.now();
  try {
    const value = await work();
    return { value, percent: (100 * ticks) / ((performance.now() - start) / 10) };
  } finally {
    clearInterval(timer);
  }
}

const encode = inputEncoder({
  covenantId: "test-covenant",
  purposeId: "test",
  epoch: "2026-W48",
  keySpec: "bsn",
  normVersion: NORM_VERSION,
});
const list = (from: number, count: number): PackedInputs =>
  packInputs(Array.from({ length: count }, (_, at) => encode([`${100_000_000 + from + at}`])));
/** 20,000 items against 1,000, half of which both hold. */
const lists: Readonly<Record<PartyId, PackedInputs>> = { alice: list(0, 20_000), bob: list(19_500, 1_000) };
const inputsOf = (party: PartyId): PackedInputs => lists[party] ?? list(0, 0);

async function ceremony(): Promise<void> {
  const context = rng(32);
  const keySets = await session((me) => keysetParty({ me, parties: PARTIES, context }, rng));
  for (const [party, keySet] of keySets) siteOf(party).keySet = keySet;
}

/** Has all items of a party evaluated, its sessions at the same time. */
async function evaluateAll(asker: PartyId): Promise<void> {
  const inputs = inputsOf(asker);
  const all = Uint32Array.from(inputs.ends.keys());
  const sessions = evaluationBatches(all).map(async (positions) => {
    const elements = bucket(positions.length);
    const allowance = {
      asker,
      ceiling: elements,
      plan: `sha256:${"0".repeat(64)}`,
      session: hex(rng(16)),
      validUntil: "2026-11-25T12:00:00Z",
    };
    const keys = siteOf(asker).keySet?.keys ?? {};
    const common = { parties: PARTIES, transcript: rng(32), asker, keys, elements, allowance };
    const chunks = await session<unknown>((me) =>
      me === asker
        ? evaluateAsker({ ...common, me, inputs: selectInputs(inputs, positions), scope: SCOPE }, rng)
        : evaluateHolder({ ...common, me }, rng),
    );
    siteOf(asker).chunks.push(...(chunks.get(asker) as Uint8Array[]));
  });
  await Promise.all(sessions);
}

async function match(): Promise<ReadonlyMap<PartyId, Matched>> {
  const transcript = rng(32);
  const sid = sha256(concat(lp("koplamp/sid/1"), transcript));
  const rowsPadded = Object.fromEntries(PARTIES.map((party) => [party, bucket(inputsOf(party).ends.length)]));
  const common = { parties: PARTIES, recipients: PARTIES, transcript, sid, rowsPadded };
  return session((me) => {
    const items = { inputs: inputsOf(me), scope: SCOPE, chunks: siteOf(me).chunks };
    return matchTokensParty({ ...common, me, items }, rng);
  });
}

test("a 10 ms timer ticks at least half as often as it should, in evaluation and in the query", async () => {
  await ceremony();
  const evaluation = await ticking(() => Promise.all(PARTIES.map(evaluateAll)));
  const query = await ticking(match);
  const matched = query.value.get("bob");
  if (matched === undefined) throw new Error("bob has no answer");
  expect(tellMatches(matched, "nothing", 2).length).toBe(500);
  expect(evaluation.percent).toBeGreaterThan(50);
  expect(query.percent).toBeGreaterThan(50);
  process.stdout.write(
    `event loop: ${evaluation.percent.toFixed(0)}% of ticks in the evaluation, ${query.percent.toFixed(0)}% in the query\n`,
  );
}, 180_000);
