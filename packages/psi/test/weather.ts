// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import type { Weather } from "./federation.ts";

/** Any interleaving, over links that hold nothing, one message, or any number. */
export function anyWeather(): fc.Arbitrary<Weather> {
  return anyForecast().map((forecast) => forecast());
}

/** As `anyWeather`, to be had again: each call gives the same weather from its beginning. */
export function anyForecast(): fc.Arbitrary<() => Weather> {
  return fc
    .record({
      seed: fc.integer({ min: 1, max: 2 ** 31 - 2 }),
      buffer: fc.constantFrom(0, 1, Number.POSITIVE_INFINITY),
    })
    .map(({ seed, buffer }) => () => ({ buffer, pick: picker(seed) }));
}

/** Lehmer's generator with the multiplier of Park and Miller (1988): only its spread matters here. */
function picker(seed: number): (count: number) => number {
  let state = seed;
  return (count) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % count;
  };
}
