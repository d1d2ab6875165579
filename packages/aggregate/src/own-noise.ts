// SPDX-License-Identifier: Apache-2.0
import { fresh } from "@koplamp/crypto";
import { compute, type Effect, type Rng } from "@koplamp/protocol";
import type { SumNodeSetup } from "./session.ts";
import { addNoise } from "./sum-jobs.ts";

/** This node's numbers as it puts them in: with its own noise, where the plan asks for some. */
export function* withNoise(
  { me, transcript, values, noises = [] }: Pick<SumNodeSetup, "me" | "transcript" | "values" | "noises">,
  rng: Rng,
): Generator<Effect, Float64Array | undefined, unknown> {
  if (values === undefined || noises.every((noise) => noise === undefined)) return values;
  return yield* fresh(rng, (seed) => compute(addNoise, { transcript, me }, values, noises, seed));
}
