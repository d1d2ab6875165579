// SPDX-License-Identifier: Apache-2.0
// What stands between hostile bytes and the lattice library.
import type { Switch } from "./switch.ts";

const BYTES = "test/fuzz/hostile-bytes.test.ts";
const FENCE = "test/fuzz/fence.test.ts";
const FULL_SIZE = "of full-size ciphertexts and keys";

export const HOSTILE_BYTES: readonly Switch[] = [
  {
    id: "fuzz.head",
    guarantee: "G10",
    weak: "the head of a ciphertext frame is not looked at",
    edits: [
      {
        file: "packages/he/src/frames.ts",
        from: "if (frame.length !== length || !head.every((byte, at) => frame[at] === byte)) throw refused();",
        to: "if (frame.length !== length || head.length === 0) throw refused();",
      },
    ],
    test: { file: BYTES, name: FULL_SIZE },
  },
  {
    id: "fuzz.coefficient",
    guarantee: "G10",
    weak: "a coefficient may be its prime, or more",
    edits: [
      {
        file: "packages/he/src/polynomial.ts",
        from: "bad |= Number(residue >= prime);",
        to: "bad |= Number(residue < 0);",
      },
    ],
    test: { file: BYTES, name: FULL_SIZE },
  },
  {
    id: "fuzz.transparent",
    guarantee: "G10",
    weak: "a polynomial of zeros passes",
    edits: [
      {
        file: "packages/he/src/polynomial.ts",
        from: "if (bad === 0 && any === 1) return packed;",
        to: "if (bad === 0 && any >= 0) return packed;",
      },
    ],
    test: { file: BYTES, name: FULL_SIZE },
  },
  {
    id: "fence.bomb",
    guarantee: "G10",
    weak: "bytes without the head of our frames reach the library",
    edits: [
      {
        file: "packages/he/src/frames.ts",
        from: "if (frame.length !== length || !head.every((byte, at) => frame[at] === byte)) throw refused();",
        to: "if (frame.length !== length || head.length === 0) throw refused();",
      },
    ],
    test: { file: FENCE, name: "refuses a header of the library's among the shares" },
  },
  {
    id: "fence.zero",
    guarantee: "G10",
    weak: "a ciphertext without a secret in it reaches the library",
    edits: [
      {
        file: "packages/he/src/polynomial.ts",
        from: "if (bad === 0 && any === 1) return packed;",
        to: "if (bad === 0 && any >= 0) return packed;",
      },
    ],
    test: { file: FENCE, name: "refuses a zero c1 among the shares" },
  },
  {
    id: "fence.scaled",
    guarantee: "G10",
    weak: "a secret multiplies a c1 that the coordinator chose",
    edits: [
      {
        file: "packages/aggregate/src/sum-jobs.ts",
        from: "  checksSeconds: true,",
        to: "  checksSeconds: false,",
      },
    ],
    test: { file: FENCE, name: "refuses c1 = floor(Q/t) from the coordinator" },
  },
  {
    id: "fence.rogue-key",
    guarantee: "G10",
    weak: "a share of the collective key may be chosen from the others'",
    edits: [
      {
        file: "packages/aggregate/src/threshold-phases.ts",
        from: 'throw new SumError("commitment", `the key share that came of ${party} is not what it had committed to`);',
        to: 'if (party === "") throw new SumError("commitment", `of ${party}`);',
      },
    ],
    test: { file: FENCE, name: "refuses a key share chosen after the others'" },
  },
  {
    id: "pkr.unannounced",
    guarantee: "G7",
    weak: "a recipient's key is what the coordinator says it is",
    edits: [
      {
        file: "packages/aggregate/src/threshold-phases.ts",
        from: "if (!equal(yield* compute(sha256Of, key), hashes.get(recipient) ?? NOTHING)) {",
        to: "if (equal(yield* compute(sha256Of, key), hashes.get(`not ${recipient}`) ?? NOTHING)) {",
      },
    ],
    test: {
      file: "packages/aggregate/test/hostile.test.ts",
      name: "hands on another recipient's key",
    },
  },
];
