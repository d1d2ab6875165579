// SPDX-License-Identifier: Apache-2.0
// Items that one party alone holds, counted through tables: who sees what of them, and what a party that lies can do.
import { MemoryVault, type PartyId, runJob, type Simulated } from "@koplamp/protocol";
import { describe, expect, it } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import { thresholdLayout } from "../src/index.ts";
import { maskItems, maskPadding, sumMasked } from "../src/masked-numbers.ts";
import { MASKED_BYTES } from "../src/messages.ts";
import { singlesOf } from "../src/overlap-cells.ts";
import { findHeld } from "../src/threshold-hits.ts";
import { Federation, inputsOf } from "./federation.ts";
import { type Replaced, runSetups, tablesSetups } from "./overlap-tables.ts";

const PARTIES = ["alice", "bob", "carol", "dave"];
const UNIVERSE = Array.from({ length: 40 }, (_, at) => `item ${at}`);
const ROWS = 16;
const rowsPadded = Object.fromEntries(PARTIES.map((party) => [party, ROWS]));
const LAYOUT = thresholdLayout({ parties: PARTIES, rowsPadded, atLeast: 2, flagged: false });
const HISTOGRAM = {
  recipients: ["zoe"],
  shape: "histogram",
  atLeast: null,
  minCount: 0,
  rows: ROWS,
} as const;

const federation = new Federation(toyGroup(), nodePrimitives(), PARTIES);
federation.ceremony();
federation.pad = (rows) => rows; // the cache alone matters here
for (const party of PARTIES) federation.evaluate(party, inputsOf(UNIVERSE));

type Lists = Readonly<Record<PartyId, readonly string[]>>;

const items = (...places: readonly number[]): readonly string[] =>
  places.map((place) => UNIVERSE[place] ?? "");

/** Two items at all four, one at three, one at two; six at one party each. */
const LISTS: Lists = {
  alice: items(0, 1, 2, 3, 10, 11, 12),
  bob: items(0, 1, 2, 3, 13),
  carol: items(0, 1, 2, 14),
  dave: items(0, 1, 15),
};
/** As many singles, and at other parties. */
const ELSEWHERE: Lists = {
  alice: items(0, 1, 2, 3),
  bob: items(0, 1, 2, 3, 20),
  carol: items(0, 1, 2, 21, 22, 23, 24),
  dave: items(0, 1, 25),
};
/** The same, and alice with the coordinator knows her own list. */
const BEHIND_ALICE: Lists = {
  alice: items(0, 1, 2, 3, 10, 11, 12),
  bob: items(0, 1, 2, 3),
  carol: items(0, 1, 2),
  dave: items(0, 1, 25, 26, 27),
};

/** One run, and with it the secrets that the members of a coalition have. */
interface World {
  readonly run: Simulated;
  readonly vaults: Readonly<Record<PartyId, MemoryVault>>;
  readonly sid: Uint8Array;
}

function world(lists: Lists): World {
  const setups = tablesSetups(federation, { ...HISTOGRAM, lists });
  const sid = setups[0]?.sid ?? new Uint8Array();
  return {
    run: runSetups(federation, setups),
    vaults: federation.vaults([...PARTIES, "zoe"]),
    sid,
  };
}

/** A number, or nothing where what is left is no number: uniform bytes are none but with a chance of 2^-96. */
function numberIn(parts: readonly Uint8Array[]): number | undefined {
  try {
    return sumMasked(parts, "items");
  } catch {
    return undefined;
  }
}

/** What cancels the masks between a member and another party, by the member's own secrets. */
function unmasking({ vaults, sid }: World, member: PartyId, other: PartyId): Uint8Array {
  const vault = vaults[member] ?? new MemoryVault();
  vault.put("distinct", new Uint8Array(4));
  return runJob(federation.jobs, vault, maskItems.name, [
    { sid, me: member, among: [member, other] },
  ]) as Uint8Array;
}

const subsets = (parties: readonly PartyId[]): readonly (readonly PartyId[])[] =>
  Array.from({ length: 2 ** parties.length - 1 }, (_, at) =>
    parties.filter((_party, bit) => (((at + 1) >>> bit) & 1) === 1),
  );

/**
 * What the coordinator and members with it see: order and size of all that leaves, who holds each hit, and every number
 * that shows in the sums over any of the others, once the masks that members know are off.
 */
function seenBy(one: World, members: readonly PartyId[]): Readonly<Record<string, unknown>> {
  const { transcript } = one.run;
  const told = transcript.filter(({ type }) => type === "A");
  const tables = told.map(({ bytes }) => bytes.slice(MASKED_BYTES));
  const others = PARTIES.filter((party) => !members.includes(party));
  const masked = new Map(told.map(({ from, bytes }) => [from, bytes.slice(0, MASKED_BYTES)] as const));
  const numbers = subsets(others).map((some) => {
    const parts = some.flatMap((other) => [
      masked.get(other) ?? new Uint8Array(),
      ...members.map((member) => unmasking(one, member, other)),
    ]);
    return [some.join(), numberIn(parts)] as const;
  });
  return {
    shape: transcript.map(({ from, to, type, bytes, output }) => [from, to, type, bytes.length, output]),
    pattern: findHeld(LAYOUT, tables)
      .map(({ holders }) => holders)
      .sort(),
    numbers: Object.fromEntries(numbers.filter(([, number]) => number !== undefined)),
  };
}

describe("worlds that differ in who holds the items of one party", () => {
  const [one, elsewhere, behind] = [LISTS, ELSEWHERE, BEHIND_ALICE].map(world) as [World, World, World];

  it("look the same to the coordinator, which sees one number: how many items there are in all", () => {
    expect(seenBy(elsewhere, [])).toEqual(seenBy(one, []));
    expect(seenBy(one, [])).toMatchObject({
      pattern: [0b1111, 0b1111, 0b0111, 0b0011].sort(),
      numbers: { "alice,bob,carol,dave": 19 },
    });
    for (const { run } of [one, elsewhere, behind])
      expect(run.outputs.get("zoe")).toEqual({ cells: ["1", "2", "3", "4"], counts: [6, 1, 1, 2] });
  });

  it("look the same to the coordinator together with a party whose list is the same", () => {
    expect(seenBy(behind, ["alice"])).toEqual(seenBy(one, ["alice"]));
    expect(seenBy(one, ["alice"])).toMatchObject({ numbers: { "bob,carol,dave": 12 } });
  });

  it("show the last one's number to all others with the coordinator, as the contract says", () => {
    expect(seenBy(one, ["alice", "bob", "carol"])).toMatchObject({ numbers: { dave: 3 } });
    expect(seenBy(behind, ["alice", "bob", "carol"])).toMatchObject({ numbers: { dave: 5 } });
  });
});

describe("masks", () => {
  const { vaults, sid } = world(LISTS);
  const made = (name: string, ...more: readonly unknown[]): Uint8Array => {
    const vault = vaults["alice"] ?? new MemoryVault();
    vault.put("distinct", Uint8Array.of(0, 0, 0, 8));
    return runJob(federation.jobs, vault, name, [
      { sid, me: "alice", among: PARTIES },
      ...more,
    ]) as Uint8Array;
  };

  it("of two uses have nothing in common, so that the difference of two numbers does not show", () => {
    const [number, dummies] = [made(maskItems.name), made(maskPadding.name, ROWS)];
    const same = number.filter((byte, at) => byte === dummies[at]);
    expect(same.length).toBeLessThan(MASKED_BYTES / 2);
  });
});

describe("numbers that do not fit", () => {
  /** Honest nodes, but that alice's first tables leave with another number before them. */
  function withNumber(forge: (number: Uint8Array) => Uint8Array): unknown {
    const replaced: Replaced = function* (me, honest) {
      let step = honest.next();
      while (!step.done) {
        const effect = step.value;
        const forged =
          me === "alice" && effect.kind === "disclose" && effect.output === "cells.alice.1"
            ? {
                ...effect,
                bytes: Uint8Array.of(...forge(effect.bytes.slice(0, 16)), ...effect.bytes.slice(16)),
              }
            : effect;
        step = honest.next(yield forged);
      }
      return step.value;
    };
    try {
      const setups = tablesSetups(federation, { ...HISTOGRAM, lists: LISTS });
      return runSetups(federation, setups, {}, replaced).outputs.get("zoe");
    } catch (reason) {
      return reason;
    }
  }
  /** The same mask over another number: the last bytes carry nothing over. */
  const plus =
    (more: bigint) =>
    (number: Uint8Array): Uint8Array => {
      const value = [...number].reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n) + more;
      return Uint8Array.from({ length: 16 }, (_, at) => Number((value >> BigInt(8 * at)) & 0xffn));
    };

  it("passes when it is honest, and one more item is one more single", () => {
    expect(withNumber(plus(0n))).toMatchObject({ counts: [6, 1, 1, 2] });
    expect(withNumber(plus(1n))).toMatchObject({ counts: [7, 1, 1, 2] });
  });

  it.each([
    ["fewer items in all than several of them hold", -7n, /the numbers do not fit: .* 12 items .* takes 13/],
    ["more items than the plan has room for", BigInt(4 * ROWS - 18), /have 65 items .* at most 64/],
    ["less than none", -20n, /do not add up/],
    ["a number of another size", 1n << 64n, /do not add up/],
  ])("end the session at %s", (_name, more, message) => {
    const reason = withNumber(plus(more));
    expect(reason).toMatchObject({ code: "count", message: expect.stringMatching(message) });
  });

  it("are those that a count of singles cannot be made of", () => {
    expect(singlesOf(13, [0, 0, 1, 1, 2], 13)).toBe(0);
    expect(singlesOf(20, [0, 0, 1, 1, 2], 20)).toBe(7);
    for (const [items, most] of [
      [12, 64],
      [65, 64],
    ] as const)
      expect(() => singlesOf(items, [0, 0, 1, 1, 2], most)).toThrow(
        expect.objectContaining({ code: "count" }),
      );
  });
});
