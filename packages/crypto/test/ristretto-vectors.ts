// SPDX-License-Identifier: Apache-2.0
// What every backend of ristretto255 owes on published vectors.
import { concat, fromHex, hex, utf8 } from "@koplamp/wire";
import { describe, expect, test } from "vitest";
import { hasShared, sharedJson } from "../../../test/shared.ts";
import type { Group } from "../src/group.ts";
import { finalize, hashToGroup } from "../src/oprf.ts";
import type { Primitives } from "../src/primitives.ts";
import { outcome, scalar } from "./group-contract.ts";
import { proveAsRfc, verifyAsRfc } from "./rfc-proof.ts";

const ZERO = new Uint8Array(32);

interface Ristretto {
  readonly generatorMultiples: readonly string[];
  readonly badEncodings: readonly string[];
  readonly sha512Labels: readonly string[];
  readonly sha512LabelPoints: readonly string[];
  readonly uniformBytes: readonly { readonly uniformBytes: string; readonly point: string }[];
}

interface OprfGroup {
  readonly identifier: string;
  readonly mode: number;
  readonly skSm: string;
  readonly pkSm?: string;
  readonly vectors: readonly {
    readonly Blind: string;
    readonly BlindedElement: string;
    readonly EvaluationElement: string;
    readonly Input: string;
    readonly Output: string;
    readonly Proof?: { readonly proof: string; readonly r: string };
  }[];
}

/** RFC 9496, appendix A, and RFC 9497, appendix A.1, modes OPRF and VOPRF. */
export function ristrettoVectors(group: Group, primitives: Primitives): void {
  describe.skipIf(!hasShared)(`${group.name}: published vectors (needs ../shared)`, () => {
    // A vector file of the shape above; a missing field fails the tests.
    const read = () => sharedJson("vectors/rfc9496-ristretto255/ristretto255.json") as Ristretto;

    test("RFC 9496: multiples of the base point", () => {
      const [identity, ...multiples] = read().generatorMultiples;
      expect(multiples.length).toBe(15);
      const scalars = concat(...multiples.map((_, at) => scalar(at + 1)));
      expect(hex(group.mulBase(scalars))).toBe(multiples.join(""));
      expect(outcome(() => void group.decodeCheck(fromHex(identity ?? "")))).toBe("invalid-element");
    });

    test("RFC 9496: every bad encoding is refused, in every operation", () => {
      const { badEncodings, generatorMultiples } = read();
      expect(badEncodings.length).toBe(29);
      const B = fromHex(generatorMultiples[1] ?? "");
      for (const bad of badEncodings.map(fromHex)) {
        const refused = [
          () => void group.decodeCheck(concat(B, bad)),
          () => group.mulSame(scalar(3), bad),
          () => group.addEach(bad, B),
          () => group.subEach(B, bad),
          () => group.msm(scalar(1).subarray(0, 16), bad),
        ].map(outcome);
        expect(new Set(refused)).toEqual(new Set(["invalid-element"]));
      }
    });

    test("RFC 9496: the one-way map of labels and of uniform bytes", () => {
      const { sha512Labels, sha512LabelPoints, uniformBytes } = read();
      expect([sha512Labels.length, uniformBytes.length]).toEqual([7, 11]);
      const labels = concat(...sha512Labels.map((label) => primitives.sha512(utf8(label))));
      expect(hex(group.hashToGroup(labels))).toBe(sha512LabelPoints.join(""));
      const uniform = concat(...uniformBytes.map((line) => fromHex(line.uniformBytes)));
      expect(hex(group.hashToGroup(uniform))).toBe(uniformBytes.map(({ point }) => point).join(""));
    });

    test("RFC 9497: blinding, evaluation and output", () => {
      let seen = 0;
      for (const { key, inputs, blinds, mode, ...expected } of oprfVectors()) {
        if (mode !== 1) continue; // H1 is that of mode VOPRF; the other mode's elements follow
        const hashed = hashToGroup(group, primitives, inputs);
        const blinded = concat(
          ...blinds.map((r, at) => group.mulSame(r, hashed.slice(at * 32, at * 32 + 32))),
        );
        expect(hex(blinded)).toBe(hex(expected.blinded));
        inputs.forEach((input, at) => {
          const evaluated = expected.evaluated.subarray(at * 32, at * 32 + 32);
          const r = blinds[at] ?? ZERO;
          const N = group.mulSame(group.scalarInvert(r), evaluated);
          expect(hex(N)).toBe(hex(group.mulSame(key, hashed.subarray(at * 32, at * 32 + 32))));
          expect(hex(finalize(primitives, input, N))).toBe(expected.outputs[at]);
          seen += 1;
        });
      }
      expect(seen).toBe(4);
    });

    test("RFC 9497: evaluations and outputs in mode OPRF", () => {
      const vectors = oprfVectors().filter(({ mode }) => mode === 0);
      expect(vectors.length).toBe(2);
      for (const { key, inputs, blinds, blinded, evaluated, outputs } of vectors) {
        expect(hex(group.mulSame(key, blinded))).toBe(hex(evaluated));
        const N = group.mulSame(group.scalarInvert(blinds[0] ?? ZERO), evaluated);
        expect(hex(finalize(primitives, inputs[0] ?? ZERO, N))).toBe(outputs[0]);
      }
    });

    test("RFC 9497: proofs of mode VOPRF, one and two items, and not one flipped bit", () => {
      const vectors = oprfVectors().filter(({ proof }) => proof !== undefined);
      expect(vectors.map(({ inputs }) => inputs.length)).toEqual([1, 1, 2]);
      for (const { key, publicKey, blinded, evaluated, proof, nonce } of vectors) {
        if (proof === undefined || nonce === undefined || publicKey === undefined)
          throw new Error("a field is missing");
        expect(hex(group.mulBase(key))).toBe(hex(publicKey));
        const statement = { pk: publicKey, C: blinded, D: evaluated };
        expect(hex(proveAsRfc(group, primitives, key, statement, nonce))).toBe(hex(proof));
        expect(verifyAsRfc(group, primitives, statement, proof)).toBe(true);
        for (const bit of [0, 255, 256, 500]) {
          const flipped = proof.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
          expect(outcome(() => scalar(Number(verifyAsRfc(group, primitives, statement, flipped))))).not.toBe(
            hex(scalar(1)),
          );
        }
      }
    });
  });
}

interface OprfVector {
  readonly mode: number;
  readonly key: Uint8Array;
  readonly publicKey: Uint8Array | undefined;
  readonly inputs: readonly Uint8Array[];
  readonly blinds: readonly Uint8Array[];
  readonly blinded: Uint8Array;
  readonly evaluated: Uint8Array;
  readonly outputs: readonly string[];
  readonly proof: Uint8Array | undefined;
  readonly nonce: Uint8Array | undefined;
}

function oprfVectors(): readonly OprfVector[] {
  // A vector file of the shape above; a missing field fails the tests.
  const groups = sharedJson("vectors/rfc9497-voprf/allVectors.json") as readonly OprfGroup[];
  const list = (text: string) => text.split(",").map(fromHex);
  return groups
    .filter(({ identifier, mode }) => identifier === "ristretto255-SHA512" && mode < 2)
    .flatMap(({ mode, skSm, pkSm, vectors }) =>
      vectors.map((vector) => ({
        mode,
        key: fromHex(skSm),
        publicKey: pkSm === undefined ? undefined : fromHex(pkSm),
        inputs: list(vector.Input),
        blinds: list(vector.Blind),
        blinded: concat(...list(vector.BlindedElement)),
        evaluated: concat(...list(vector.EvaluationElement)),
        outputs: vector.Output.split(","),
        proof: vector.Proof === undefined ? undefined : fromHex(vector.Proof.proof),
        nonce: vector.Proof === undefined ? undefined : fromHex(vector.Proof.r),
      })),
    );
}
