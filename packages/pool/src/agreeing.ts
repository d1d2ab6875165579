// SPDX-License-Identifier: Apache-2.0
import { equal } from "@koplamp/crypto";

/**
 * A part of the kernel where it gives the same bytes as the portable one on what `given` asks of both. Where it does not run (an
 * engine without relaxed SIMD) or gives anything else, the portable one.
 */
export function agreeing<Part>(make: () => Part, portable: Part, given: (part: Part) => Uint8Array): Part {
  try {
    const kernel = make();
    return equal(given(kernel), given(portable)) ? kernel : portable;
  } catch {
    return portable;
  }
}
