// SPDX-License-Identifier: Apache-2.0
import { DistinctBytes } from "./distinct-bytes.ts";
import { type InputContext, type InputForm, inputForm, MOST_BYTES, putTail } from "./input.ts";

import type { InputList } from "./input-list.ts";

/** Inputs of one context, each key once, in the order of first appearance, without an object for any. */
export class DistinctInputs {
  readonly #form: InputForm;
  readonly #found = new DistinctBytes();

  /** @throws {WireError} `too-long` for a context that leaves no room for a value. */
  constructor(context: InputContext) {
    this.#form = inputForm(context);
  }

  get count(): number {
    return this.#found.count;
  }

  /**
   * The position of a key's input, at the end where it is new; -1 for a key that is too long to have one.
   * @throws {WireError} `too-long` where all inputs together would not fit 2^32 - 1 bytes.
   */
  put(values: readonly string[]): number {
    const from = this.#found.reserve(MOST_BYTES);
    const length = putTail(this.#form, values, this.#found.bytes, from);
    return length < 0 ? -1 : this.#found.keep(length);
  }

  /** All inputs, which are no longer here then. */
  take(): InputList {
    const { bytes, ends } = this.#found.take();
    return { head: this.#form.head, tails: bytes, ends };
  }
}
