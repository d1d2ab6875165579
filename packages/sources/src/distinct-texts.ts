// SPDX-License-Identifier: Apache-2.0
import { DistinctBytes, putUtf8 } from "@koplamp/wire";

/** Texts, each once. */
export class DistinctTexts {
  readonly #found = new DistinctBytes();

  get count(): number {
    return this.#found.count;
  }

  /** The position of a text, at the end where it is new. */
  put(text: string): number {
    const room = 3 * text.length;
    const from = this.#found.reserve(room);
    return this.#found.keep(putUtf8(text, this.#found.bytes, from, room));
  }
}
