// SPDX-License-Identifier: Apache-2.0
import { concat, i2osp, lp } from "./encoding.ts";
import { WireError } from "./errors.ts";
import { utf8 } from "./text.ts";

/** What a value is compared under: values of another purpose, period, kind or version never meet. */
export interface InputContext {
  readonly covenantId: string;
  readonly purposeId: string;
  /** The period for which the key lives, e.g. `2026-W47`. */
  readonly epoch: string;
  /** The kinds of the key's columns, joined with `+`: `imo`, `person-name+date`. */
  readonly keySpec: string;
  /** `NORM_VERSION` of the party's rules. */
  readonly normVersion: string;
}

/** Inputs of varying length, one after the other. */
export interface PackedInputs {
  readonly bytes: Uint8Array;
  /** Where each input ends in `bytes`. */
  readonly ends: Uint32Array;
}

const MOST_BYTES = 2048;

/**
 * `in(x)` of protocols.md, section 1.2: the bytes that go into the OPRF for a row's key. One canonical value for each
 * column of the key. For many rows take `inputEncoder` once.
 * @throws {WireError} `too-long` above 2,048 bytes: the row is rejected, and no other party learns of it.
 */
export function encodeInput(context: InputContext, values: readonly string[]): Uint8Array {
  return inputEncoder(context)(values);
}

/** `encodeInput` for one context: what all rows share is encoded once. @throws {WireError} `too-long`, also later. */
export function inputEncoder(context: InputContext): (values: readonly string[]) => Uint8Array {
  const { covenantId, purposeId, epoch, keySpec, normVersion } = context;
  const columns = keySpec.split("+").length;
  const texts = ["koplamp/in/1", covenantId, purposeId, epoch, keySpec, normVersion];
  if (columns > 255 || texts.some((text) => text.length > MOST_BYTES)) throw tooLong();
  const head = concat(...texts.map(lp), i2osp(columns, 1));
  return (values) => {
    if (values.length !== columns)
      throw new WireError("invalid-value", `expected ${columns} values for the key, got ${values.length}`);
    return withHead(head, values);
  };
}

function withHead(head: Uint8Array, values: readonly string[]): Uint8Array {
  const input = new Uint8Array(MOST_BYTES);
  if (head.length > MOST_BYTES) throw tooLong();
  input.set(head);
  let at = head.length;
  for (const value of values) {
    if (value.length > MOST_BYTES) throw tooLong(); // before its bytes are made
    const bytes = utf8(value);
    if (at + 2 + bytes.length > MOST_BYTES) throw tooLong();
    input[at] = bytes.length >> 8;
    input[at + 1] = bytes.length & 255;
    input.set(bytes, at + 2);
    at += 2 + bytes.length;
  }
  return input.slice(0, at);
}

/** All inputs in one array. @throws {WireError} `too-long` when they would not fit 2^32 - 1 bytes. */
export function packInputs(inputs: readonly Uint8Array[]): PackedInputs {
  const total = inputs.reduce((sum, input) => sum + input.length, 0);
  if (total >= 2 ** 32) throw new WireError("too-long", "expected inputs of less than 2^32 bytes in all");
  const ends = new Uint32Array(inputs.length);
  const bytes = new Uint8Array(total);
  let end = 0;
  for (const [at, input] of inputs.entries()) {
    bytes.set(input, end);
    end += input.length;
    ends[at] = end;
  }
  return { bytes, ends };
}

/** One input: a view, not a copy. @throws {RangeError} when there is none at that position. */
export function inputAt({ bytes, ends }: PackedInputs, at: number): Uint8Array {
  const end = ends[at];
  if (end === undefined) throw new RangeError(`expected a position below ${ends.length}, got ${at}`);
  return bytes.subarray(at === 0 ? 0 : ends[at - 1], end);
}

function tooLong(): WireError {
  return new WireError("too-long", `expected an input of at most ${MOST_BYTES} bytes`);
}
