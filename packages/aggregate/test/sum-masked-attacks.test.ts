// SPDX-License-Identifier: Apache-2.0
// One party or the coordinator deviates, or some of them put together what they have: the sum stays shut, or stays right.
import { groupSecretHandle } from "@koplamp/crypto";
import { type Effect, type Job, MemoryVault, type Party, type PartyId, runJob } from "@koplamp/protocol";
import { describe, expect, it } from "vitest";
import { nodePrimitives } from "../../pool/src/index.ts";
import {
  commitmentOf,
  hideChunk,
  keepSeed,
  MASKED_CHECKS_USE,
  openChunk,
  sumChunks,
} from "../src/sum-masked-jobs.ts";
import { seedStream } from "../src/sum-masked-streams.ts";
import { addChunk, lanesOfBytes, packDoubles, subtractChunk, TAIL_LANES } from "../src/sum-masked-words.ts";
import { plainSum, type Sum, seeded } from "./federation.ts";
import { MaskedFederation, PER_CHUNK } from "./masked-federation.ts";

const primitives = nodePrimitives();
const masked = new MaskedFederation(primitives, "attacks");

const numbers = (start: number): number[] =>
  Array.from({ length: 2 * PER_CHUNK + 3 }, (_, at) => start * 1000 + at);
/** Two whole chunks and a part of one. */
const SUM: Sum = {
  values: { alice: numbers(1), bob: numbers(-2), mallory: numbers(3) },
  recipients: ["alice", "zoe"],
};

type Forge = (bytes: Uint8Array, to: PartyId, nth: number) => Uint8Array;

/** A party that is honest but for its messages of one type. */
function* forging(party: Party<unknown>, type: string, forge: Forge): Party<unknown> {
  let nth = 0;
  let step = party.next();
  while (!step.done)
    step = party.next(yield forged(step.value, type, (bytes, to) => forge(bytes, to, nth++)));
  return step.value;
}

function forged(effect: Effect, type: string, forge: (bytes: Uint8Array, to: PartyId) => Uint8Array): Effect {
  const leaves = effect.kind === "send" || effect.kind === "disclose";
  return leaves && effect.type === type ? { ...effect, bytes: forge(effect.bytes, effect.to) } : effect;
}

function attack(who: PartyId, type: string, forge: Forge): unknown {
  const parties = masked.parties(masked.setups(SUM));
  const attacked = parties[who];
  if (attacked === undefined) throw new Error(`no ${who}`);
  return ended(() => masked.run({ ...parties, [who]: forging(attacked, type, forge) }));
}

/** What the recipient has, or the error with which a run ended. */
function ended(run: () => ReturnType<MaskedFederation["run"]>): unknown {
  try {
    return run().outputs.get("zoe");
  } catch (error) {
    return error;
  }
}

const flip = (bytes: Uint8Array, at = 0): Uint8Array => {
  const copy = bytes.slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
};
const flipped: Forge = (bytes) => flip(bytes);
const only =
  (to: PartyId, forge: (bytes: Uint8Array) => Uint8Array): Forge =>
  (bytes, whom) =>
    whom === to ? forge(bytes) : bytes;
const repeatFirst = (): Forge => {
  let first: Uint8Array | undefined;
  return (bytes) => {
    first ??= bytes;
    return first.length === bytes.length ? first : bytes;
  };
};

describe("a party of sum-masked/1 that deviates", () => {
  it("passes when it does not", () => {
    expect(Array.from(attack("mallory", "none", (bytes) => bytes) as Float64Array)).toEqual(plainSum(SUM));
  });

  it.each<[string, PartyId, string, Forge, string, RegExp]>([
    ["shows two parties other commitments", "mallory", "commit", only("bob", flip), "echo", /mallory|bob/],
    ["echoes what it did not see", "mallory", "echo", only("bob", flip), "echo", /mallory/],
    ["opens another contribution to the group secret", "mallory", "alpha", flipped, "commitment", /^mallory/],
    [
      "commits to another seed at the coordinator",
      "mallory",
      "commit",
      only("coordinator", flip),
      "list",
      /mallory/,
    ],
    [
      "sends words that it had not committed to",
      "mallory",
      "y",
      flipped,
      "list",
      /took something else than mallory/,
    ],
    ["sends the same chunk twice", "mallory", "y", repeatFirst(), "list", /something else than mallory/],
    [
      "sends a byte too many",
      "mallory",
      "y",
      (bytes) => new Uint8Array([...bytes, 0]),
      "invalid-message",
      /of y/,
    ],
    ["says that it saw other messages", "mallory", "ready", flipped, "invalid-message", /mallory saw other/],
    ["discloses another seed", "mallory", "seed", flipped, "commitment", /^mallory disclosed another seed/],
    [
      "discloses a seed of another length",
      "mallory",
      "seed",
      (bytes) => bytes.slice(1),
      "invalid-message",
      /of seed/,
    ],
  ])("is caught when it %s", (_name, who, type, forge, code, says) => {
    const error = attack(who, type, forge);
    expect(error).toHaveProperty("code", code);
    expect(error).toHaveProperty("message", expect.stringMatching(says));
  });

  it("opens nothing when it holds its seed back", () => {
    const error = ended(() =>
      masked.run(masked.parties(masked.setups(SUM)), { gate: (party) => party !== "bob" }),
    );
    expect(error).toHaveProperty("code", "gate-shut");
    expect(error).toHaveProperty("message", expect.stringContaining("bob waits for its gate (seed.bob."));
  });
});

describe("a coordinator of sum-masked/1 that deviates", () => {
  it.each<[string, string, Forge, string, RegExp]>([
    ["lists other words", "list", (bytes) => flip(bytes, 40), "list", /lists other words of alice/],
    ["lists another seed of a party", "list", flipped, "list", /lists other words of alice/],
    [
      "lists other words to a single node",
      "list",
      only("bob", (bytes) => flip(bytes, 40)),
      "list",
      /other words/,
    ],
    ["lists a party twice", "list", (bytes) => bytes.slice().fill(1, 0, 128), "list", /lists other words/],
    [
      "lists another sum",
      "list",
      (bytes) => flip(bytes, bytes.length - 1),
      "list",
      /another sum than it listed/,
    ],
    ["sends another sum", "sum", flipped, "list", /another sum than it listed/],
    ["sends the same chunk of a sum twice", "sum", repeatFirst(), "list", /another sum than it listed/],
    ["says that it took something else", "echo", only("bob", flip), "list", /something else than bob sent/],
    ["sends too little", "sum", (bytes) => bytes.slice(8), "invalid-message", /bytes of sum/],
  ])("is caught when it %s", (_name, type, forge, code, says) => {
    const error = attack("coordinator", type, forge);
    expect(error).toHaveProperty("code", code);
    expect(error).toHaveProperty("message", expect.stringMatching(says));
  });

  /** A coordinator that adds other parts than it hashes, so that its list and its messages fit each other. */
  function adding(change: (parts: readonly Uint8Array[], nth: number) => readonly Uint8Array[]): unknown {
    let nth = 0;
    const jobs = new Map(masked.jobs);
    const sum = jobs.get(sumChunks.name);
    jobs.set(sumChunks.name, (vault, ...args) => {
      const [parts, bits] = args as [readonly Uint8Array[], number];
      const honest = sum?.(vault, parts, bits) as object;
      const changed = sum?.(vault, change(parts, nth++), bits) as object;
      return { ...changed, hashes: (honest as { hashes: unknown }).hashes };
    });
    return ended(() => masked.run(masked.parties(masked.setups(SUM)), { jobs }));
  }

  /** What another session's bob sent: late, or once more. */
  function elsewhere(): readonly Uint8Array[] {
    const run = masked.run(masked.parties(masked.setups(SUM)));
    return run.transcript
      .filter(({ from, type }) => from === "bob" && type === "y")
      .map(({ bytes }) => bytes);
  }
  const old = elsewhere();
  let kept: readonly Uint8Array[] = [];

  it.each<[string, (parts: readonly Uint8Array[], nth: number) => readonly Uint8Array[]]>([
    ["leaves one party out", (parts) => parts.slice(1)],
    ["counts one party twice", (parts) => [...parts, parts[1] ?? new Uint8Array()]],
    ["leaves one party out of the last chunk", (parts, nth) => (nth === 2 ? parts.slice(1) : parts)],
    ["flips a bit of a cell", ([first = new Uint8Array(), ...rest]) => [flip(first, 9), ...rest]],
    [
      "flips a bit of the count",
      ([first = new Uint8Array(), ...rest]) => [flip(first, first.length - 48), ...rest],
    ],
    [
      "flips a bit of a check sum",
      ([first = new Uint8Array(), ...rest]) => [flip(first, first.length - 1), ...rest],
    ],
    ["adds what came late, in another session", (parts, nth) => [...parts, old[nth] ?? new Uint8Array()]],
    ["puts another session's words in a party's place", ([a, _bob, m], nth) => [a, old[nth], m].map(some)],
    [
      "puts one chunk in another's place",
      (parts, nth) => {
        if (nth === 0) kept = parts;
        return nth === 1 ? kept : parts;
      },
    ],
  ])("gets INVALID_RESULT when it %s, and lists and sends it alike", (_name, change) => {
    expect(adding((parts) => parts)).toEqual(Float64Array.from(plainSum(SUM)));
    expect(adding(change)).toHaveProperty("code", "invalid-result");
  });
});

const some = (bytes: Uint8Array | undefined): Uint8Array => bytes ?? new Uint8Array();

/** Three contributors by hand, chunk 0 of one session, and what the coordinator and a recipient put together. */
class Table {
  static readonly parties = ["mallory", "oscar", "victim"];
  static readonly victim: readonly number[] = Array.from({ length: 20 }, (_, at) => 1000 + at);
  readonly transcript = primitives.sha256(Uint8Array.of(1));
  readonly of = { transcript: this.transcript, contributors: Table.parties, chunk: 0, bits: 64 as const };
  readonly seeds: readonly Uint8Array[];
  readonly words: readonly Uint8Array[];
  readonly #recipient = this.#vault("r");

  constructor() {
    const rng = seeded(primitives, "table");
    this.seeds = Table.parties.map(() => rng(32));
    this.words = Table.parties.map((me, at) => {
      const own = Float64Array.from(me === "victim" ? Table.victim : Table.victim.map(() => 0));
      const vault = this.#vault(me);
      this.#run(vault, keepSeed, this.transcript, me, some(this.seeds[at]));
      return this.#run(vault, hideChunk, { ...this.of, me }, packDoubles(own)).words;
    });
  }

  /** What a recipient opens of these parts under these seeds. */
  open(parts: readonly Uint8Array[], seeds = this.seeds): Uint32Array | undefined {
    const { sum } = this.#run(this.#vault("coordinator"), sumChunks, parts, 64);
    return this.#run(this.#recipient, openChunk, this.of, sum.words, seeds);
  }

  /** What one party's words are without its seed: all that the coordinator and a recipient have of it together. */
  unseeded(party: PartyId): Uint32Array {
    const at = Table.parties.indexOf(party);
    const lanes = lanesOfBytes(some(this.words[at])).slice();
    subtractChunk(lanes, seedStream(primitives, some(this.seeds[at]), this.of, party, lanes.length), 64);
    return lanes;
  }

  commitment(party: PartyId, seed: Uint8Array): Uint8Array {
    return this.#run(this.#recipient, commitmentOf, this.transcript, party, seed);
  }

  #vault(me: PartyId): MemoryVault {
    const pair = (a: string, b: string): Uint8Array =>
      primitives.sha256(new TextEncoder().encode([a, b].sort().join("|")));
    const peers = Table.parties.map((peer) => [`exporter/${peer}`, pair(me, peer)] as const);
    const group = [groupSecretHandle(MASKED_CHECKS_USE), primitives.sha256(Uint8Array.of(9))] as const;
    return new MemoryVault(Object.fromEntries([...peers, group]));
  }

  #run<Args extends readonly unknown[], Value>(
    vault: MemoryVault,
    job: Job<Args, Value>,
    ...args: Args
  ): Value {
    return runJob(masked.jobs, vault, job.name, args) as Value;
  }
}

describe("what a coalition sees", () => {
  const table = new Table();
  const truth = [...packDoubles(Float64Array.from(Table.victim))];
  const seen = (lanes: Uint32Array): number => truth.filter((lane, at) => lanes[at] === lane).length;

  it("is the sum with everybody's words and seeds", () => {
    const opened = table.open(table.words);
    expect(Array.from(opened ?? [])).toEqual(truth);
  });

  it("is noise of one party, its seed known: not one word, and not the check words either", () => {
    expect(seen(table.unseeded("victim"))).toBeLessThan(3); // by luck: 40 lanes of 32 bits
    const tail = table.unseeded("victim").subarray(-TAIL_LANES);
    expect(tail.filter((lane) => lane === 0).length).toBe(0); // upper lanes of an unmasked check sum would be 0
  });

  it("is noise of a multiple, or of a part of the sum", () => {
    const [mallory, oscar, victim] = table.words.map(some);
    expect(table.open([victim, victim, victim].map(some))).toBeUndefined();
    expect(table.open([mallory, victim].map(some))).toBeUndefined();
    expect(table.open([oscar, victim, victim].map(some))).toBeUndefined();
    expect(table.open([victim].map(some))).toBeUndefined();
  });

  /** The sum of all words less the streams of all seeds but one. */
  function without(missing: PartyId | undefined): Uint32Array {
    const sum = new Uint32Array(some(table.words[0]).length / 4);
    for (const [at, party] of Table.parties.entries()) {
      addChunk(sum, lanesOfBytes(some(table.words[at])), 64);
      if (party === missing) continue;
      subtractChunk(sum, seedStream(primitives, some(table.seeds[at]), table.of, party, sum.length), 64);
    }
    return sum;
  }

  it("is noise of the sum while one seed is missing, whoever holds it", () => {
    expect(seen(without(undefined))).toBe(40);
    for (const [at, party] of Table.parties.entries()) {
      expect(seen(without(party))).toBeLessThan(3);
      const seeds = table.seeds.map((seed, place) => (place === at ? new Uint8Array(32) : seed));
      expect(table.open(table.words, seeds)).toBeUndefined();
    }
  });

  it("says nothing of a seed by what it was committed by, and tells one seed from another", () => {
    const [seed = new Uint8Array()] = table.seeds;
    expect(table.commitment("mallory", seed)).not.toEqual(table.commitment("mallory", flip(seed)));
    expect(table.commitment("mallory", seed)).not.toEqual(table.commitment("oscar", seed));
  });

  it("a party that leaves its masks out, or lays them towards a stranger, stops the sum", () => {
    const honest = table.words.slice(0, 2);
    expect(table.open([...honest, withoutMasks(table)])).toBeUndefined();
  });
});

/** The victim's words under its seed alone. */
function withoutMasks(table: Table): Uint8Array {
  const numbers = packDoubles(Float64Array.from(Table.victim));
  const lanes = new Uint32Array(numbers.length + TAIL_LANES);
  lanes.set(numbers);
  lanes[numbers.length] = 1;
  const stream = seedStream(primitives, some(table.seeds[2]), table.of, "victim", lanes.length);
  return new Uint8Array(lanes.map((lane, at) => lane + (stream[at] ?? 0)).buffer);
}
