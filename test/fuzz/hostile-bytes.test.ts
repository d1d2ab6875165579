// SPDX-License-Identifier: Apache-2.0
// A million changed inputs over every reader of what others send. Each is refused by an error of ours, or read as what it
// says: written again it gives the same bytes. The seed is printed; KOPLAMP_SEED takes another.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { CryptoError } from "@koplamp/crypto";
import { HeError } from "@koplamp/he";
import { chooseGroup, nodePrimitives } from "@koplamp/pool";
import { ProtocolError } from "@koplamp/protocol";
import { WireError } from "@koplamp/wire";
import { beforeAll, describe, expect, it } from "vitest";
import { SumError } from "../../packages/aggregate/src/index.ts";
import { decoders as sums } from "../../packages/aggregate/test/decoders.ts";
import { decoders as channels } from "../../packages/crypto/test/decoders.ts";
import { EngineError } from "../../packages/engine/src/index.ts";
import { decoders as control } from "../../packages/engine/test/decoders.ts";
import { rng } from "../../packages/engine/test/federation.ts";
import { decoders as lattice } from "../../packages/he/test/decoders.ts";
import { LedgerError } from "../../packages/ledger/src/index.ts";
import { decoders as ledgers } from "../../packages/ledger/test/decoders.ts";
import { PsiError } from "../../packages/psi/src/index.ts";
import { decoders as matches } from "../../packages/psi/test/decoders.ts";
import { QueryError } from "../../packages/query/src/index.ts";
import { decoders as questions } from "../../packages/query/test/decoders.ts";
import { TransportError } from "../../packages/transport/src/index.ts";
import { decoders as relays } from "../../packages/transport/test/decoders.ts";
import { decoders as documents } from "../../packages/wire/test/decoders.ts";
import { Chance, mutated } from "./mutate.ts";
import { samples } from "./samples.ts";
import type { Target } from "./target.ts";

const SEED = Number(process.env["KOPLAMP_SEED"] ?? 20_261_126);
const INPUTS = 1_000_000;
/** Changes of each of the frames in full size: 3 sets in 2 forms, 3 seeded ones, and a key. */
const FULL_SIZE = 205;
/** Twelve to twenty-six were seen, on idle and on busy machines. */
const CPU_SECONDS = 60;
const MOST_GROWTH = 64 * 2 ** 20;

const OURS = [
  ...[CryptoError, EngineError, HeError, LedgerError, ProtocolError],
  ...[PsiError, QueryError, SumError, TransportError, WireError],
];

/** Why a refusal is none of ours; `RangeError` is what text that is no UTF-8 ends in. */
function foreign(reason: unknown): boolean {
  return !(OURS.some((error) => reason instanceof error) || reason instanceof RangeError);
}

/** What became of the inputs of one target. */
interface Tally {
  refused: number;
  taken: number;
  readonly faults: string[];
}

/** Tries one input. Gives what is wrong with what became of it. */
function tried({ again }: Target, bytes: Uint8Array, tally: Tally): void {
  const before = bytes.slice();
  try {
    const written = again(bytes);
    if (written === undefined) tally.refused += 1;
    else tally.taken += 1;
    if (written !== undefined && Buffer.compare(written, before) !== 0)
      tally.faults.push("read as something else");
  } catch (reason) {
    tally.refused += 1;
    if (foreign(reason)) tally.faults.push(`ended in ${reason}`);
  }
}

/** Changes of one target's samples, from the seed and its name. */
function run(target: Target, inputs: number): Tally {
  const chance = new Chance(
    SEED + [...target.name].reduce((sum, letter) => 31 * sum + letter.charCodeAt(0), 7),
  );
  const tally: Tally = { refused: 0, taken: 0, faults: [] };
  for (let input = 0; input < inputs && tally.faults.length < 3; input += 1) {
    tried(target, mutated(chance, target.samples), tally);
  }
  return tally;
}

/** Garbage is collected before memory is looked at: what V8 puts off is no growth. */
function collect(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

/** Resident memory above what it was when everything had run a little: what stays, and at the highest. */
class Memory {
  readonly #start: number;
  readonly #peak = process.resourceUsage().maxRSS * 1024;
  growth = 0;

  /** `warm` fills the young generation, which collecting has made small. */
  constructor(warm: () => void) {
    collect();
    warm();
    this.#start = process.memoryUsage().rss;
  }

  look(): void {
    collect();
    this.growth = Math.max(this.growth, process.memoryUsage().rss - this.#start);
  }

  /** Garbage included. */
  get peak(): number {
    return process.resourceUsage().maxRSS * 1024 - this.#peak;
  }
}

const inputs = lattice(rng, FULL_SIZE);
let cheap: readonly Target[] = [];

beforeAll(async () => {
  Error.stackTraceLimit = 0; // a million errors without their stacks: half the time
  const { documents: samplesOf, bundle, tickets } = await samples();
  const { group } = await chooseGroup("wasm");
  cheap = [
    ...documents(samplesOf),
    ...control(tickets),
    ...questions(),
    ...ledgers(bundle),
    ...channels(nodePrimitives(), rng),
    ...relays(rng),
    ...matches(group, rng),
    ...sums(rng),
  ];
}, 60_000);

describe(`hostile bytes, seed ${SEED}`, () => {
  it("of full-size ciphertexts and keys, more than 2,000 of them, are refused or read as what they say", () => {
    expect(inputs.reduce((sum, target) => sum + target.inputs, 0)).toBeGreaterThan(2_000);
    for (const target of inputs) {
      const { refused, taken, faults } = run(target, target.inputs);
      expect({ [target.name]: faults }).toEqual({ [target.name]: [] });
      expect(Math.min(refused, taken)).toBeGreaterThan(10); // a reader that refuses everything, or nothing, is not tried
    }
  });

  it("a million of them, over every reader, within bounds of time and memory", () => {
    for (const target of [...inputs, ...cheap]) {
      expect(`${target.name}: ${first(target)}`).toBe(
        `${target.name}: ${target.silent ? "silent" : "taken"}`,
      );
    }
    const full = inputs.reduce((sum, target) => sum + target.inputs, 0);
    const scale = (INPUTS - full) / cheap.reduce((sum, target) => sum + target.inputs, 0);
    const memory = new Memory(() => {
      for (const target of cheap) run(target, Math.ceil(target.inputs / 10));
    });
    const cpu = process.cpuUsage();
    let tries = full;
    for (const target of cheap) {
      const own = Math.ceil(target.inputs * scale);
      const { faults } = run(target, own);
      expect({ [target.name]: faults }).toEqual({ [target.name]: [] });
      tries += own;
      memory.look();
    }
    memory.look();
    const { user, system } = process.cpuUsage(cpu);
    expect(tries).toBeGreaterThanOrEqual(INPUTS);
    expect((user + system) / 1e6).toBeLessThan(CPU_SECONDS);
    expect(memory.growth).toBeLessThan(MOST_GROWTH);
    expect(memory.peak).toBeLessThan(4 * MOST_GROWTH);
  }, 120_000);
});

/** What became of the first sample, as it is. */
function first(target: Target): string {
  const tally: Tally = { refused: 0, taken: 0, faults: [] };
  tried(target, target.samples[0] ?? new Uint8Array(), tally);
  return tally.faults[0] ?? (tally.taken === 1 ? "taken" : target.silent ? "silent" : "refused");
}
