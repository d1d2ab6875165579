// SPDX-License-Identifier: Apache-2.0
import { concat, i2osp, lp } from "./encoding.ts";
import { WireError } from "./errors.ts";

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
 * column of the key.
 * @throws {WireError} `too-long` above 2,048 bytes: the row is rejected, and no other party learns of it.
 */
export function encodeInput(context: InputContext, values: readonly string[]): Uint8Array {
  const { covenantId, purposeId, epoch, keySpec, normVersion } = context;
  const columns = keySpec.split("+").length;
  if (values.length !== columns || columns > 255)
    throw new WireError("invalid-value", `expected ${columns} values for the key, got ${values.length}`);
  const head = ["koplamp/in/1", covenantId, purposeId, epoch, keySpec, normVersion];
  if ([...head, ...values].some((text) => text.length > MOST_BYTES)) throw tooLong();
  const input = concat(...head.map(lp), i2osp(columns, 1), ...values.map(lp));
  if (input.length > MOST_BYTES) throw tooLong();
  return input;
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
