// SPDX-License-Identifier: Apache-2.0
// Blind tests where the secrets are: multipliers and places that all nodes draw alike, and that the coordinator cannot.
import { groupSecretHandle, type Primitives } from "@koplamp/crypto";
import { bind, type Job, type JobEntry, job, type PartyId, type Vault } from "@koplamp/protocol";
import { concat, lp } from "@koplamp/wire/core";
import { type AlarmTests, alarmsPerCell, CONDITIONS, multiplierBits, thresholdsOf } from "./alarm-tests.ts";
import { Draws } from "./draws.ts";
import { maskChunk } from "./sum-masked-streams.ts";
import { addChunk, bytesOfLanes, lanesOfBytes, packWide, wideOf } from "./sum-masked-words.ts";

/** The use of the group secret from which multipliers and places come. */
export const BLIND_USE = "alarm-blind/tests";

/** One session's tests. */
export interface BlindTests {
  readonly transcript: Uint8Array;
  /** In id order: the first one adds what a test must reach. */
  readonly contributors: readonly PartyId[];
  readonly tests: AlarmTests;
}

/** What the coordinator tells of a cell. */
export const WITHHELD = 0;
export const QUIET = 1;
export const ALARM = 2;

/** This party's part of every test, hidden: `forms` cell by cell, in the public order. Gives 16 bytes a test. */
export const hideTests: Job<[of: BlindTests, me: PartyId, forms: readonly bigint[]], Uint8Array> =
  job("alarm.hide");
/** What was told of each cell, in the public order. */
export const placeVerdicts: Job<[of: BlindTests, told: Uint8Array], Uint8Array> = job("alarm.place");
/** At the coordinator: what the signs of all tests say of cells that it cannot name. */
export const judgeTests: Job<[alarmsPerCell: number, parts: readonly Uint8Array[]], Uint8Array> =
  job("alarm.judge");

/** The code behind the jobs of blind tests. */
export function alarmJobs(primitives: Primitives): readonly JobEntry[] {
  return [
    bind(hideTests, (vault, of, me, forms) => {
      const numbers = hidden(new Drawn(primitives, vault, of), of, me, forms);
      const lanes = packWide(numbers);
      const scope = { ...of, chunk: 0, bits: 128 } as const;
      maskChunk(primitives, lanes, scope, me, (peer) => vault.get(`exporter/${peer}`));
      return bytesOfLanes(lanes);
    }),
    bind(placeVerdicts, (vault, of, told) => {
      const { places } = new Drawn(primitives, vault, of);
      return Uint8Array.from(places, (place) => told[place] ?? WITHHELD);
    }),
    bind(judgeTests, (_vault, alarms, parts) => judged(alarms, parts)),
  ];
}

/** A word of every test, where it is sent. */
function hidden(
  drawn: Drawn,
  { contributors, tests }: BlindTests,
  me: PartyId,
  forms: readonly bigint[],
): readonly bigint[] {
  const first = contributors[0] === me;
  const perCell = CONDITIONS + alarmsPerCell(tests);
  const words = new Array<bigint>(forms.length).fill(0n);
  drawn.places.forEach((place, cell) => {
    const thresholds = thresholdsOf(tests, cell);
    const order = drawn
      .shuffled(CONDITIONS)
      .concat(drawn.shuffled(perCell - CONDITIONS).map((at) => at + CONDITIONS));
    thresholds.forEach((threshold, at) => {
      const { multiplier, rest, decoy } = drawn.test();
      const form = multiplier * (forms[cell * perCell + at] ?? 0n);
      const constant = rest - multiplier * (threshold ?? decoy);
      words[place * perCell + (order[at] ?? 0)] = form + (first ? constant : 0n);
    });
  });
  return words;
}

/** What all nodes draw of one secret, in one order. */
class Drawn {
  /** By cell: where it is sent. */
  readonly places: readonly number[];
  readonly #draws: Draws;
  readonly #tests: AlarmTests;

  constructor(primitives: Primitives, vault: Vault, { transcript, tests }: BlindTests) {
    const info = concat(lp("koplamp/alarm/1"), transcript);
    this.#draws = new Draws(primitives, vault.get(groupSecretHandle(BLIND_USE)), info);
    this.#tests = tests;
    this.places = this.shuffled(tests.groups * tests.periods);
  }

  /** The numbers below `count` in an order that each of them is equally likely to have. */
  shuffled(count: number): number[] {
    const order = Array.from({ length: count }, (_, at) => at);
    for (let at = count - 1; at > 0; at -= 1) {
      const other = this.#draws.below(at + 1);
      [order[at], order[other]] = [order[other] ?? 0, order[at] ?? 0];
    }
    return order;
  }

  /** A multiplier of any size, alike for every size; less than it; and by how much a test fails that is none. */
  test(): { readonly multiplier: bigint; readonly rest: bigint; readonly decoy: bigint } {
    const multiplier = this.#sized(multiplierBits(this.#tests));
    return { multiplier, rest: this.#bits(192) % multiplier, decoy: this.#sized(this.#tests.bits) };
  }

  #sized(most: number): bigint {
    const size = this.#draws.below(most);
    return 2n ** BigInt(size) + this.#bits(size);
  }

  #bits(count: number): bigint {
    let value = 0n;
    for (let left = count; left > 0; left -= 32) value = (value << 32n) + BigInt(this.#draws.word());
    return BigInt.asUintN(count, value);
  }
}

function judged(alarms: number, parts: readonly Uint8Array[]): Uint8Array {
  const [first = new Uint8Array(), ...rest] = parts;
  const lanes = lanesOfBytes(first).slice();
  for (const part of rest) addChunk(lanes, lanesOfBytes(part), 128);
  const passes = wideOf(lanes).map((word) => word >= 0n);
  const perCell = CONDITIONS + alarms;
  return Uint8Array.from({ length: passes.length / perCell }, (_, cell) => {
    const own = passes.slice(cell * perCell, (cell + 1) * perCell);
    if (!own.slice(0, CONDITIONS).every(Boolean)) return WITHHELD;
    return own.slice(CONDITIONS).some(Boolean) ? ALARM : QUIET;
  });
}
