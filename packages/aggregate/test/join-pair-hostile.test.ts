// SPDX-License-Identifier: Apache-2.0
// Messages of a join of two that no honest party sends.
import { ciphertextBytes } from "@koplamp/he";
import type { Party } from "@koplamp/protocol";
import { describe, expect, it } from "vitest";
import { tinyBfv } from "../../../test/toy/bfv.ts";
import { toyGroup } from "../../../test/toy/group.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import type { JoinOpened } from "../src/index.ts";
import { seeded } from "./federation.ts";
import { type Join, PairFederation } from "./join-pair-federation.ts";

const primitives = nodePrimitives();
const pair = new PairFederation(toyGroup(), tinyBfv(seeded(primitives, "hostile join")), primitives);

/** Four rows match: two in each group of alice. */
const JOIN: Join = {
  alice: ["a", "b", "c", "d", "e"].map((key, at) => ({ key, group: at % 2 })),
  bob: ["a", "b", "c", "d", "x"].map((key, at) => ({ key, values: [100 + at] })),
  groupOwner: "alice",
  cells: 2,
  ranges: [{ least: 0, most: 1000 }],
  minCount: 2,
};

/** An honest party whose message of `type` is replaced before it leaves, sent or disclosed. */
function* replacing(
  honest: Party<unknown>,
  type: string,
  replace: (bytes: Uint8Array) => Uint8Array,
): Party<unknown> {
  let step = honest.next();
  while (!step.done) {
    const effect = step.value;
    const leaves = (effect.kind === "send" || effect.kind === "disclose") && effect.type === type;
    step = honest.next(yield leaves ? { ...effect, bytes: replace(effect.bytes.slice()) } : effect);
  }
  return step.value;
}

function opened(
  join: Join,
  who?: "alice" | "bob",
  type = "",
  replace: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes,
): JoinOpened {
  const parties = pair.parties(pair.setups(join));
  const changed = who === undefined ? {} : { [who]: replacing(parties[who], type, replace) };
  return pair.run({ ...parties, ...changed }).outputs.get("bob") as JoinOpened;
}

const prime = BigInt(pair.set.data.primes[0] ?? 0);
const with64 =
  (at: number, value: bigint) =>
  (bytes: Uint8Array): Uint8Array => {
    new DataView(bytes.buffer).setBigUint64(at, value, true);
    return bytes;
  };

describe("an honest join", () => {
  it("gives counts and sums", () => {
    expect(opened(JOIN)).toEqual({
      counts: Float64Array.of(2, 2),
      sums: [Float64Array.of(202, 204)],
      withheld: [],
    });
  });
});

describe("what the owner sends", () => {
  it.each<[string, string, (bytes: Uint8Array) => Uint8Array, RegExp]>([
    ["a key of zeros", "pkr", (bytes) => bytes.fill(0), /bob sent a key that is not of the agreed form/],
    ["a key of residues that are none", "pkr", with64(0, prime), /bob sent a key/],
    ["a key that is too long", "pkr", (bytes) => new Uint8Array([...bytes, 0]), /bytes of pkr/],
    ["a ciphertext of zeros", "ct", (bytes) => bytes.fill(0, 35), /bob sent something that is no ciphertext/],
    ["a ciphertext of residues that are none", "ct", with64(35, prime), /bob sent something that is no/],
    ["a ciphertext of another set", "ct", (bytes) => bytes.fill(1, 0, 1), /bob sent something that is no/],
    ["a ciphertext in full form", "ct", (bytes) => bytes.fill(1, 1, 2), /bob sent something that is no/],
    ["a ciphertext that is too long", "ct", (bytes) => new Uint8Array([...bytes, 0]), /of ct from bob/],
    [
      "one token in two slots",
      "Tpi",
      (bytes) => bytes.copyWithin(48, 32, 48),
      /bob disclosed other tokens than it had committed to/,
    ],
    ["a list that is too short", "Tpi", (bytes) => bytes.slice(16), /bytes in Tpi of bob/],
  ])("is refused by name with %s", (_name, type, replace, message) => {
    expect(() => opened(JOIN, "bob", type, replace)).toThrow(message);
  });
});

describe("what the selecting party sends", () => {
  it.each<[string, string, (bytes: Uint8Array) => Uint8Array, RegExp]>([
    ["a total of zeros", "acc", (bytes) => bytes.fill(0, 3), /alice sent something that is no ciphertext/],
    ["a transparent total", "acc", (bytes) => bytes.fill(0, bytes.length / 4 + 3), /alice sent something/],
    ["a total of residues that are none", "acc", with64(3, prime), /alice sent something that is no/],
    ["a total too many", "acc", (bytes) => new Uint8Array([...bytes, ...bytes]), /of acc from alice/],
    ["a total short of a byte", "acc", (bytes) => bytes.slice(1), /of acc from alice/],
    ["a count of -2", "C", with64(0, -2n & 0xffff_ffff_ffff_ffffn), /expected counts/],
  ])("is refused with %s", (_name, type, replace, message) => {
    expect(() => opened(JOIN, "alice", type, replace)).toThrow(message);
  });

  it("is withheld, and the same for every reason, where no such rows can give it", () => {
    const withheld = { counts: Float64Array.of(0, 2), sums: [Float64Array.of(0, 204)], withheld: [0] };
    const count = (value: bigint): JoinOpened => opened(JOIN, "alice", "C", with64(0, value));
    expect(count(0n)).toEqual(withheld); // a total of 202 over no row
    expect(count(41n)).toEqual(withheld); // more rows than the shorter list has
    expect(count(-1n & 0xffff_ffff_ffff_ffffn)).toEqual(withheld);
    const forged = (bytes: Uint8Array): Uint8Array => {
      const frame = ciphertextBytes(pair.set);
      const delta = pair.set.data.primes.reduce((q, factor) => q * BigInt(factor), 1n) / BigInt(pair.set.t);
      for (const [row, factor] of pair.set.data.primes.entries()) {
        const at = 3 + (frame - 3) / 2 + row * pair.set.slots * 8;
        bytes.fill(0, at, at + pair.set.slots * 8);
        with64(at, delta % BigInt(factor))(bytes);
      }
      return bytes;
    };
    expect(opened(JOIN, "alice", "acc", forged).withheld).toContain(0);
  });
});

describe("a group below the minimum", () => {
  const few: Join = {
    ...JOIN,
    minCount: 3,
    alice: JOIN.alice.map(({ key }) => ({ key, group: key === "d" ? 1 : 0 })),
  };

  it("is not opened, even by an owner who does not care for the count", () => {
    const truth = { counts: Float64Array.of(3, 0), sums: [Float64Array.of(303, 0)], withheld: [1] };
    expect(opened(few)).toEqual(truth);
    const curious = opened(few, "alice", "C", with64(8, 1n)); // as if it had been told the count of 1
    expect(curious).toEqual(truth); // with it, nothing that a row of 0..1000 can be
  });

  it("is not opened in a group of the owner's, if all groups together are below it", () => {
    const owned: Join = {
      ...JOIN,
      groupOwner: "bob",
      minCount: 5,
      bob: JOIN.bob.map((row, at) => ({ ...row, group: at % 2 })),
    };
    const nothing = { counts: Float64Array.of(0, 0), sums: [Float64Array.of(0, 0)], withheld: [0, 1] };
    expect(opened(owned)).toEqual(nothing);
    expect(opened({ ...owned, minCount: 2 }).withheld).toEqual([]);
    // with 5 asked and the word that there are as many: no group has a count that rows can have
    expect(opened(owned, "alice", "C", with64(0, 0n))).toEqual(nothing);
  });
});

describe("a party's own rows", () => {
  it.each(["alice", "bob"] as const)(
    "are refused at %s where one key stands twice, before anything leaves",
    (who) => {
      const [first] = JOIN[who];
      const twice = { ...JOIN, [who]: first === undefined ? [] : [...JOIN[who], first] };
      const sent: string[] = [];
      const parties = pair.parties(pair.setups(twice));
      expect(() =>
        pair.run(parties, { observe: ({ from, type }) => void sent.push(`${from} ${type}`) }),
      ).toThrow(`expected each key once at ${who}`);
      expect(sent.filter((line) => line.startsWith(who))).toEqual([]);
    },
  );

  it("are evaluated up to the bucket, and metered before the answer", () => {
    const before = pair.metered.length;
    opened(JOIN);
    expect(pair.metered.slice(before)).toEqual([{ asker: "alice", elements: 40, block: 0 }]);
  });
});
