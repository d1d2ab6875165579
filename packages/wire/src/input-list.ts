// SPDX-License-Identifier: Apache-2.0
import { headEnd, type PackedInputs, valuesIn } from "./input.ts";

/**
 * Inputs that begin alike, as a party holds a long list: what they share stands once. What a job takes of it is made by
 * `stretchOf` and `selectInputs`.
 */
export interface InputList {
  readonly head: Uint8Array;
  /** What follows the head in each input, one after the other. */
  readonly tails: Uint8Array;
  /** Where each ends in `tails`. */
  readonly ends: Uint32Array;
}

/** Inputs that may begin otherwise, as a list. */
export function listOf({ bytes, ends }: PackedInputs): InputList {
  return { head: new Uint8Array(), tails: bytes, ends };
}

/** All inputs of a list that fits one session. */
export function wholeOf(list: InputList): PackedInputs {
  const { head, tails, ends } = list;
  return head.length === 0 ? { bytes: tails, ends } : stretchOf(list, 0, ends.length);
}

/** The inputs from position `from` to before `to`, packed in buffers of their own. */
export function stretchOf(inputs: InputList | PackedInputs, from: number, to: number): PackedInputs {
  return packed(asList(inputs), inputs.ends.subarray(from, to).length, (at) => from + at);
}

/** The inputs at the given positions, packed in buffers of their own. */
export function selectInputs(inputs: InputList | PackedInputs, positions: Uint32Array): PackedInputs {
  return packed(asList(inputs), positions.length, (at) => positions[at] ?? 0);
}

/** The key of the input at a position, one value for each of its columns. */
export function keyAt(inputs: InputList | PackedInputs, at: number): readonly string[] {
  const { head, tails, ends } = asList(inputs);
  const end = ends[at];
  if (end === undefined) throw new RangeError(`expected a position below ${ends.length}, got ${at}`);
  const start = at === 0 ? 0 : (ends[at - 1] ?? 0);
  return valuesIn(tails, head.length === 0 ? headEnd(tails, start) : start, end);
}

/** The keys of all inputs: for lists that a person wrote. */
export function keysOf(inputs: InputList | PackedInputs): readonly (readonly string[])[] {
  return Array.from(inputs.ends, (_, at) => keyAt(inputs, at));
}

function asList(inputs: InputList | PackedInputs): InputList {
  return "tails" in inputs ? inputs : listOf(inputs);
}

function packed(
  { head, tails, ends }: InputList,
  count: number,
  place: (at: number) => number,
): PackedInputs {
  const startOf = (position: number): number => (position === 0 ? 0 : (ends[position - 1] ?? 0));
  const chosen = new Uint32Array(count);
  let end = 0;
  for (let at = 0; at < count; at += 1) {
    end += head.length + (ends[place(at)] ?? 0) - startOf(place(at));
    chosen[at] = end;
  }
  const bytes = new Uint8Array(end);
  for (let at = 0; at < count; at += 1) {
    const to = at === 0 ? 0 : (chosen[at - 1] ?? 0);
    bytes.set(head, to);
    bytes.set(tails.subarray(startOf(place(at)), ends[place(at)]), to + head.length);
  }
  return { bytes, ends: chosen };
}
