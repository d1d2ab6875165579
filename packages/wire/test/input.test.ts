// SPDX-License-Identifier: Apache-2.0
// What goes into the OPRF: no two values, purposes or periods ever give the same bytes. And how much may go in.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bucket,
  encodeInput,
  headLength,
  type InputContext,
  inputAt,
  inputEncoder,
  packInputs,
  quotaCeiling,
} from "../src/index.ts";

const CONTEXT: InputContext = {
  covenantId: "ports",
  purposeId: "ports-2026",
  epoch: "2026-W48",
  keySpec: "person-name+date",
  normVersion: "norm/1",
};

/** The encoding of protocols.md, section 1.2, written again over the platform's own functions. */
function again(
  { covenantId, purposeId, epoch, keySpec, normVersion }: InputContext,
  values: readonly string[],
): Buffer {
  const lp = (text: string): Buffer => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(Buffer.byteLength(text));
    return Buffer.concat([length, Buffer.from(text)]);
  };
  const head = ["koplamp/in/1", covenantId, purposeId, epoch, keySpec, normVersion].map(lp);
  return Buffer.concat([...head, Buffer.from([values.length]), ...values.map(lp)]);
}

const value = fc.string({ unit: "grapheme", maxLength: 20 });
const pair = fc.tuple(value, value);

describe("an input", () => {
  it("is its context and its values, each behind its length", () => {
    fc.assert(
      fc.property(pair, (values) => {
        expect(Buffer.from(encodeInput(CONTEXT, values))).toEqual(again(CONTEXT, values));
      }),
    );
  });

  it("has a head that ends where its values begin, and none where it is no input", () => {
    fc.assert(
      fc.property(pair, ([left, right]) => {
        const input = encodeInput(CONTEXT, [left, right]);
        const values = [left, right].reduce((sum, text) => sum + 2 + Buffer.byteLength(text), 0);
        expect(headLength(packInputs([input, input]))).toBe(input.length - values);
      }),
    );
    const input = encodeInput(CONTEXT, ["a", "b"]);
    const head = headLength(packInputs([input]));
    for (const other of [[], [new Uint8Array()], [input.with(3, 1)], [input.subarray(0, head - 1), input]]) {
      expect(headLength(packInputs(other))).toBe(0);
    }
  });

  it("is another for every other value: a border between columns cannot be moved", () => {
    const bytes = (values: readonly string[]): string =>
      Buffer.from(encodeInput(CONTEXT, values)).toString("hex");
    fc.assert(
      fc.property(pair, fc.nat(20), ([left, right], at) => {
        const all = left + right;
        const cut = Math.min(at, all.length);
        const moved = [all.slice(0, cut), all.slice(cut)] as const;
        if (cut === left.length || !moved.every((text) => text.isWellFormed())) return;
        expect(bytes(moved)).not.toBe(bytes([left, right]));
      }),
    );
  });

  it("is another for every other context", () => {
    const fields = ["covenantId", "purposeId", "epoch", "normVersion"] as const;
    const contexts = fields.map((field) => ({ ...CONTEXT, [field]: `${CONTEXT[field]}x` }));
    const moved = { ...CONTEXT, covenantId: "portsp", purposeId: "orts-2026" }; // the same letters in a row
    const all = [CONTEXT, ...contexts, moved, { ...CONTEXT, keySpec: "date+person-name" }];
    const texts = all.map((context) => Buffer.from(encodeInput(context, ["a", "b"])).toString("hex"));
    expect(new Set(texts).size).toBe(all.length);
  });

  it("has at most 2,048 bytes, and a value for each column", () => {
    const head = again(CONTEXT, ["", ""]).length;
    const most = "x".repeat(2048 - head);
    expect(encodeInput(CONTEXT, [most, ""]).length).toBe(2048);
    for (const values of [
      [`${most}x`, ""],
      ["", `${most}x`],
      ["é".repeat(1024), ""],
      ["x".repeat(100_000), ""],
    ])
      expect(() => encodeInput(CONTEXT, values)).toThrow(expect.objectContaining({ code: "too-long" }));
    for (const values of [[], ["a"], ["a", "b", "c"]])
      expect(() => encodeInput(CONTEXT, values)).toThrow(expect.objectContaining({ code: "invalid-value" }));
    for (const keySpec of ["a+".repeat(255), "a".repeat(2049)])
      expect(() => inputEncoder({ ...CONTEXT, keySpec })).toThrow(
        expect.objectContaining({ code: "too-long" }),
      );
  });

  it("comes back from a pack at its place, the empty one too", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 8 }), { maxLength: 8 }), (inputs) => {
        const packed = packInputs(inputs);
        expect(inputs.map((_, at) => inputAt(packed, at))).toEqual(inputs);
        for (const at of [-1, inputs.length, 0.5]) expect(() => inputAt(packed, at)).toThrow(RangeError);
      }),
    );
  });
});

describe("the ceiling of a quota", () => {
  const covenant = (registers: readonly (readonly [string, number])[], maxDomainPermille: number) =>
    ({
      dataClasses: registers.map(([party, registerSize]) => ({ party, registerSize })),
      floors: { maxDomainPermille },
    }) as unknown as Parameters<typeof quotaCeiling>[0]; // safe because only these fields are read

  it("is four times the asker's own largest register in its bucket, nobody else's", () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.nat(1e6), fc.nat(1e9), (one, other, foreign) => {
        const rules = covenant(
          [
            ["anna", one],
            ["anna", other],
            ["bert", foreign],
          ],
          1000,
        );
        expect(quotaCeiling(rules, "anna", [])).toBe(4 * bucket(Math.max(one, other)));
      }),
    );
    expect(quotaCeiling(covenant([["bert", 1e9]], 1000), "anna", [])).toBe(4 * 256);
  });

  it("is never more than the covenant's part of a domain that can be searched", () => {
    const rules = covenant([["anna", 1e9]], 5);
    expect(quotaCeiling(rules, "anna", ["imo"])).toBe(bucket(5000));
    expect(quotaCeiling(rules, "anna", ["bsn"])).toBe(bucket(454_500));
    for (const kinds of [[], ["person-name"], ["imo", "person-name"]] as const)
      expect(quotaCeiling(rules, "anna", kinds)).toBe(4 * bucket(1e9));
    expect(quotaCeiling(covenant([["anna", 1e9]], 0), "anna", ["imo"])).toBe(256);
  });
});
