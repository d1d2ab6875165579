// SPDX-License-Identifier: Apache-2.0
// People of a test federation: what they see, and what they sign with keys that their nodes do not have.
import { type Decided, type SignedBytes, signDecision } from "@koplamp/covenant";
import { timeText } from "@koplamp/wire";
import { expect } from "vitest";
import type { InboxQuestion, Store } from "../src/index.ts";
import { type Federation, type Lists, type Machine, matchOf, primitives, rng } from "./federation.ts";

export const LISTS: Lists = { anna: ["x", "y"], bert: ["y", "z"], cleo: ["z", "y"] };
export const PARTIES = ["anna", "bert", "cleo"];
export const ROLES = ["lawful", "ethical"] as const;
export type Role = (typeof ROLES)[number];
export const question = matchOf(PARTIES, ["anna", "bert"]);

/** What a slow group on a busy machine may take. */
const PATIENCE_MS = Number(process.env["KOPLAMP_PATIENCE_MS"] ?? 25_000);

/** Waits until something holds. */
export async function until<T>(what: () => T | undefined | false): Promise<T> {
  for (const end = Date.now() + PATIENCE_MS; ; ) {
    const found = what();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) expect.fail("it did not come about");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The question as it waits at a party. */
export function waiting(all: Federation, party: string): Promise<InboxQuestion> {
  return until(() => {
    const { node } = all.machine(party);
    const item = node.inbox().find(({ state }) => state === "waiting");
    return item === undefined ? undefined : node.question(item.planHash);
  });
}

export interface Choice extends Partial<Decided> {
  readonly seed?: Uint8Array;
  readonly now?: number;
  readonly validFor?: string;
}

export function decision(
  all: Federation,
  at: InboxQuestion,
  party: string,
  role: Role,
  choice: Choice = {},
): SignedBytes {
  const {
    seed = all.founded.keys[party]?.people[role],
    now = all.clock.now(),
    validFor = "P30D",
    ...changed
  } = choice;
  if (seed === undefined) throw new Error(`no key of ${party}`);
  const considered = [{ question: "test", answer: { en: "yes" } }];
  return signDecision(
    { party, role, decision: "approve", considered, reason: null, ...changed },
    { ...at, validFor },
    { seed, salt: rng(32), now: timeText(now), primitives },
  );
}

export async function approve(
  all: Federation,
  party: string,
  roles: readonly Role[] = ROLES,
  choice: Choice = {},
): Promise<void> {
  const at = await waiting(all, party);
  for (const role of roles) all.machine(party).node.decide(decision(all, at, party, role, choice));
}

export const NO: Choice = { decision: "withdraw", reason: { en: "The ground has gone" } };

export function entries(all: Federation, party: string, type: string): number {
  const { store } = all.machine(party);
  const leaves = Array.from({ length: store.size() }, (_, at) => Buffer.from(store.leaf(at)).toString());
  return leaves.filter((leaf) => leaf.includes(`"type":"${type}"`)).length;
}

/** No session began, and nothing is disclosed. */
export function expectNothing(all: Federation): void {
  for (const party of PARTIES)
    expect([entries(all, party, "begin"), entries(all, party, "disclose")]).toEqual([0, 0]);
}

const dead = new Set<Store>();
const stores = new Map<Store, Store>();

/** A store that writes nothing any more once its process was killed. */
export function mortal(store: Store): Store {
  const proxy: Store = new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (dead.has(proxy) && /^(?:append|put|drop|replace)/.test(String(name))) return () => [];
      return value.bind(target);
    },
  });
  stores.set(proxy, store);
  return proxy;
}

/** Ends a process without a word to anybody: from now on it writes and says nothing. Its store has to be {@link mortal}. */
export async function kill({ store, ports, line }: Machine): Promise<void> {
  dead.add(store);
  ports.post.close();
  await line.close();
}

/** Starts a party's machine again over what it kept; `killed`: without a word to anybody. */
export async function restart(all: Federation, party: string, killed = false): Promise<Machine> {
  const machine = all.machine(party);
  if (killed) await kill(machine);
  else await machine.close();
  return again(all, party, LISTS[party]);
}

/** Another process of a party, over what the last one kept. */
export function again(all: Federation, party: string, list: Lists[string]): Machine {
  const { store } = all.machine(party);
  return all.start(party, list, mortal(stores.get(store) ?? store));
}

export function seedOf(all: Federation, party: string, role: Role | "analyst"): Uint8Array {
  const seed = all.founded.keys[party]?.people[role];
  if (seed === undefined) throw new Error(`no key of ${party}`);
  return seed;
}
