// SPDX-License-Identifier: Apache-2.0
import { concat, i2osp, lp } from "./encoding.ts";
import { WireError } from "./errors.ts";
import { fromUtf8, putUtf8 } from "./text.ts";

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

/** Bytes of an input, at most. */
export const MOST_BYTES = 2048;
/** What every input begins with, and how many texts of a context stand before the number of its columns. */
const LABEL: Uint8Array = lp("koplamp/in/1");
const TEXTS = 6;

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
  const form = inputForm(context);
  return (values) => {
    const tail = new Uint8Array(MOST_BYTES);
    const length = putTail(form, values, tail, 0);
    if (length < 0) throw tooLong();
    return concat(form.head, tail.subarray(0, length));
  };
}

/** What all inputs of a context begin with, and how many values follow. */
export interface InputForm {
  readonly head: Uint8Array;
  readonly columns: number;
}

/** The form of a context's inputs. @throws {WireError} `too-long` where no value could follow. */
export function inputForm({ covenantId, purposeId, epoch, keySpec, normVersion }: InputContext): InputForm {
  const columns = keySpec.split("+").length;
  const texts = ["koplamp/in/1", covenantId, purposeId, epoch, keySpec, normVersion];
  if (columns > 255 || texts.some((text) => text.length > MOST_BYTES)) throw tooLong();
  return { head: concat(...texts.map(lp), i2osp(columns, 1)), columns };
}

/**
 * Puts what follows the head of an input into `bytes` at `from`, where room for `MOST_BYTES` is. Its length, or -1 for an input
 * that would be too long: what stands there then means nothing.
 */
export function putTail(
  { head, columns }: InputForm,
  values: readonly string[],
  bytes: Uint8Array,
  from: number,
): number {
  if (values.length !== columns)
    throw new WireError("invalid-value", `expected ${columns} values for the key, got ${values.length}`);
  const end = from + MOST_BYTES - head.length;
  let at = from;
  for (const value of values) {
    const room = end - at - 2;
    const length = room < 0 ? -1 : putUtf8(value, bytes, at + 2, room);
    if (length < 0) return -1;
    bytes[at] = length >> 8;
    bytes[at + 1] = length & 255;
    at += 2 + length;
  }
  return at - from;
}

/** The values in the tail of an input, from one byte to before another: one for each column of its key. */
export function valuesIn(bytes: Uint8Array, from: number, to: number): readonly string[] {
  const values: string[] = [];
  for (let at = from; at < to; at += 2 + lengthAt(bytes, at)) {
    values.push(fromUtf8(bytes, at + 2, Math.min(at + 2 + lengthAt(bytes, at), to)));
  }
  return values;
}

/**
 * Bytes before the values in inputs of one context: names of the plan, which all parties know. Zero where there is no
 * input, or none of this form. Inputs of several contexts have heads of several lengths: it is that of the first.
 */
export function headLength({ bytes, ends }: PackedInputs): number {
  const head = headEnd(bytes);
  return head <= (ends[0] ?? 0) && LABEL.every((byte, at) => bytes[at] === byte) ? head : 0;
}

/** Where the input that begins at `from` has said all that stands before its values. */
export function headEnd(bytes: Uint8Array, from = 0): number {
  let at = from;
  for (let text = 0; text < TEXTS; text += 1) at += 2 + lengthAt(bytes, at);
  return at + 1;
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) + (bytes[at + 1] ?? 0);
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

/** Inputs of several lists as one. @throws {WireError} `too-long` when they would not fit 2^32 - 1 bytes. */
export function joinInputs(lists: readonly PackedInputs[]): PackedInputs {
  const total = lists.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (total >= 2 ** 32) throw new WireError("too-long", "expected inputs of less than 2^32 bytes in all");
  const ends = new Uint32Array(lists.reduce((sum, list) => sum + list.ends.length, 0));
  let [items, start] = [0, 0];
  for (const list of lists) {
    for (const end of list.ends) ends[items++] = start + end;
    start += list.bytes.length;
  }
  return { bytes: concat(...lists.map(({ bytes }) => bytes)), ends };
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
