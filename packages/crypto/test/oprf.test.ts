// SPDX-License-Identifier: Apache-2.0
import { concat, fromHex, hex, utf8 } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hasShared, sharedJson } from "../../../test/shared.ts";
import { toyGroup } from "../../../test/toy/group.ts";
import { expandMessage } from "../src/expand.ts";
import type { Group } from "../src/group.ts";
import {
  blind,
  finalize,
  hashToGroup,
  hashToScalar,
  inputSecrets,
  inputsOf,
  refuseDuplicates,
  scalarsFromSeed,
  sumPoints,
  unblind,
} from "../src/oprf.ts";
import { loadSodium } from "../src/sodium-wasm.ts";
import { outcome, scalar } from "./group-contract.ts";
import { oraclePrimitives as primitives } from "./oracle-primitives.ts";

const sodium = await loadSodium();
const toy = toyGroup();
const seedOf = (byte: number) => new Uint8Array(32).fill(byte);

interface ExpandVectors {
  readonly DST: string;
  readonly tests: readonly {
    readonly msg: string;
    readonly len_in_bytes: string;
    readonly uniform_bytes: string;
  }[];
}

describe("expand_message_xmd", () => {
  test.skipIf(!hasShared)("RFC 9380, SHA-512 (needs ../shared)", () => {
    // A vector file of the shape above; a missing field fails the test.
    const { DST, tests } = sharedJson(
      "vectors/rfc9380-expand-message/expand_message_xmd_SHA512_38.json",
    ) as ExpandVectors;
    expect(tests.length).toBe(10);
    for (const { msg, len_in_bytes, uniform_bytes } of tests) {
      const expanded = expandMessage(primitives, utf8(msg), utf8(DST), Number(len_in_bytes));
      expect(hex(expanded)).toBe(uniform_bytes);
    }
  });

  test("refuses lengths beyond the RFC", () => {
    const none = new Uint8Array();
    expect(() => expandMessage(primitives, none, none, 255 * 64 + 1)).toThrow(RangeError);
    expect(() => expandMessage(primitives, none, new Uint8Array(256), 64)).toThrow(RangeError);
    expect(expandMessage(primitives, none, new Uint8Array(255), 255 * 64).length).toBe(255 * 64);
  });
});

describe("hashing", () => {
  test("inputs come apart where they were put together", () => {
    const inputs = [utf8("a"), new Uint8Array(), utf8("bcd")];
    const packed = { bytes: concat(...inputs), ends: Uint32Array.of(1, 1, 4) };
    expect(inputsOf(packed).map(hex)).toEqual(inputs.map(hex));
    expect(inputsOf({ bytes: new Uint8Array(), ends: new Uint32Array() })).toEqual([]);
  });

  test("a list of inputs gives what each gives alone", () => {
    const inputs = [utf8("one"), utf8("two"), new Uint8Array()];
    const alone = inputs.map((input) => hashToGroup(sodium, primitives, [input]));
    expect(hex(hashToGroup(sodium, primitives, inputs))).toBe(hex(concat(...alone)));
    expect(new Set(alone.map(hex)).size).toBe(3);
  });

  test("H1, HS and H2 differ on one input", () => {
    const input = utf8("one");
    const uniform = expandMessage(
      primitives,
      input,
      utf8("HashToGroup-OPRFV1-\u0001-ristretto255-SHA512"),
      64,
    );
    expect(hex(hashToGroup(sodium, primitives, [input]))).toBe(hex(sodium.hashToGroup(uniform)));
    expect(hex(hashToScalar(sodium, primitives, input))).not.toBe(hex(sodium.reduce(uniform)));
  });

  test("s_x, frozen", () => {
    const inputs = [utf8("9187629"), utf8("9187630")];
    const elements = sodium.mulSame(scalar(77), hashToGroup(sodium, primitives, inputs));
    const secrets = inputSecrets(primitives, inputs, elements);
    const halves = inputs.map((input, at) =>
      finalize(primitives, input, elements.subarray(at * 32, at * 32 + 32)),
    );
    expect(hex(secrets)).toBe(halves.map((half) => hex(half.subarray(0, 32))).join(""));
    expect(hex(secrets.subarray(0, 32))).toBe(
      "781d1946512a8eab9256277a2214a333ccd46a248be8efa94e62708c615b2852",
    );
    expect(outcome(() => inputSecrets(primitives, inputs, elements.subarray(32)))).toBe("invalid-length");
  });
});

describe("scalars from a seed", () => {
  test("are all different, below the order, and the same for the same seed", () => {
    const scalars = scalarsFromSeed(sodium, primitives, seedOf(7), 300);
    sodium.scalarCheck(scalars, true);
    const all = new Set(Array.from({ length: 300 }, (_, at) => hex(scalars.subarray(at * 32, at * 32 + 32))));
    expect(all.size).toBe(300);
    expect(hex(scalarsFromSeed(sodium, primitives, seedOf(7), 2))).toBe(hex(scalars.subarray(0, 64)));
    expect(hex(scalarsFromSeed(sodium, primitives, seedOf(8), 2))).not.toBe(hex(scalars.subarray(0, 64)));
    expect(scalars.some((_, at) => at % 32 === 31 && (scalars[at] ?? 0) > 8)).toBe(true); // full width
  });

  test("refuse a seed of another length", () => {
    expect(outcome(() => scalarsFromSeed(sodium, primitives, new Uint8Array(16), 1))).toBe("invalid-length");
  });
});

/** Evaluates `inputs` as party 0 of `holders`, with replies made by all the others. */
function evaluated(
  group: Group,
  inputs: readonly Uint8Array[],
  shares: readonly Uint8Array[],
  seed: Uint8Array,
) {
  const [own, ...others] = shares;
  const hashed = hashToGroup(group, primitives, inputs);
  const blinds = scalarsFromSeed(group, primitives, seed, inputs.length);
  const M = blind(group, hashed, blinds);
  const replies = others.map((share) => group.mulSame(share, M));
  const keys = concat(...others.map((share) => group.mulBase(share)));
  const sum = replies.reduce((all, reply) => group.addEach(all, reply));
  const state = { hashed, blinds, evaluated: sum, publicKey: sumPoints(group, keys) };
  return { hashed, blinds, M, N: unblind(group, own === undefined ? state : { ...state, share: own }) };
}

describe.each([sodium, toy])("additive blinding on $name", (group) => {
  test("four holders evaluate what the joint key gives, and multiplicative blinding the same", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 4 }),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        (texts, seed) => {
          const inputs = texts.map((text) => utf8(text.toWellFormed()));
          const packed = scalarsFromSeed(group, primitives, seed, 4);
          const shares: readonly Uint8Array[] = [0, 1, 2, 3].map((at) => packed.slice(at * 32, at * 32 + 32));
          const key = shares.reduce((sum, share) => group.scalarAdd(sum, share));
          const { hashed, N, M } = evaluated(group, inputs, shares, seedOf(seed[0] ?? 0));
          const direct = group.mulSame(key, hashed);
          expect(hex(N)).toBe(hex(direct));
          expect(hex(M)).not.toBe(hex(hashed));
          const [r = scalar(1)] = shares;
          const masked = group.mulSame(key, group.mulSame(r, hashed));
          expect(hex(group.mulSame(group.scalarInvert(r), masked))).toBe(hex(direct));
        },
      ),
      { numRuns: 15 },
    );
  });

  test("an asker without a share gets the key of the others", () => {
    const inputs = [utf8("x"), utf8("y")];
    const hashed = hashToGroup(group, primitives, inputs);
    const blinds = scalarsFromSeed(group, primitives, seedOf(1), 2);
    const M = blind(group, hashed, blinds);
    const publicKey = group.mulBase(scalar(21));
    const N = unblind(group, { hashed, blinds, evaluated: group.mulSame(scalar(21), M), publicKey });
    expect(hex(N)).toBe(hex(group.mulSame(scalar(21), hashed)));
  });

  test("a reply under another key than the announced one gives another value", () => {
    const inputs = [utf8("x")];
    const hashed = hashToGroup(group, primitives, inputs);
    const blinds = scalarsFromSeed(group, primitives, seedOf(1), 1);
    const M = blind(group, hashed, blinds);
    const publicKey = group.mulBase(scalar(21));
    const N = unblind(group, { hashed, blinds, evaluated: group.mulSame(scalar(22), M), publicKey });
    for (const key of [21, 22]) expect(hex(N)).not.toBe(hex(group.mulSame(scalar(key), hashed)));
  });

  test("refuses zero blinds and lists that do not fit", () => {
    const hashed = hashToGroup(group, primitives, [utf8("x"), utf8("y")]);
    const blinds = scalarsFromSeed(group, primitives, seedOf(1), 2);
    expect(outcome(() => blind(group, hashed, concat(scalar(1), scalar(0))))).toBe("invalid-scalar");
    expect(outcome(() => blind(group, hashed, scalar(1)))).toBe("invalid-length");
    const publicKey = group.mulBase(scalar(21));
    const broken = { hashed, blinds, evaluated: hashed.subarray(32), publicKey };
    expect(outcome(() => unblind(group, broken))).toBe("invalid-length");
  });

  test("a sum of keys refuses a bad key, none, and keys that cancel", () => {
    const P = group.mulBase(scalar(5));
    const opposite = group.mulBase(group.scalarSub(scalar(0), scalar(5)));
    expect(outcome(() => sumPoints(group, concat(P, opposite)))).toBe("invalid-element");
    expect(outcome(() => sumPoints(group, concat(P, scalar(0))))).toBe("invalid-element");
    expect(outcome(() => sumPoints(group, scalar(0)))).toBe("invalid-element");
    expect(outcome(() => sumPoints(group, new Uint8Array()))).toBe("invalid-length");
    expect(hex(sumPoints(group, concat(P, P, P)))).toBe(hex(group.mulBase(scalar(15))));
    expect(hex(sumPoints(group, P))).toBe(hex(P));
  });
});

describe("duplicates in a block", () => {
  test("one is found wherever it stands; none is not invented", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat({ max: 400 }), { minLength: 2, maxLength: 40 }),
        fc.nat(),
        fc.nat(),
        (values, from, to) => {
          const points: readonly Uint8Array[] = values.map((value) => {
            const point = new Uint8Array(32);
            point[value % 32] = 1 + (value >> 5); // the difference may stand in any byte
            return point;
          });
          refuseDuplicates(concat(...points));
          const [one, other] = [from % points.length, to % points.length];
          const twice = points.with(one, points[other] ?? scalar(0));
          const expected = one === other ? hex(scalar(0)) : "invalid-element";
          expect(outcome(() => void refuseDuplicates(concat(...twice)))).toBe(expected);
        },
      ),
    );
  });

  test("an empty block and a broken one", () => {
    refuseDuplicates(new Uint8Array());
    expect(outcome(() => void refuseDuplicates(fromHex("00")))).toBe("invalid-length");
  });
});
