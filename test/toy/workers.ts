// SPDX-License-Identifier: Apache-2.0
import { randomFillSync } from "node:crypto";
import { protocolJobs } from "@koplamp/aggregate";
import type { Workers } from "@koplamp/engine";
import { inlineWorkers, nodePrimitives } from "@koplamp/pool";
import { toyBfv } from "./bfv.ts";
import { toyGroup } from "./group.ts";

/** Every job of every protocol on the toy group and toy sums, in the thread that asks: for tests alone. */
export function toyWorkers(): Workers {
  const rng = (length: number) => randomFillSync(new Uint8Array(length));
  return inlineWorkers(protocolJobs({ group: toyGroup(), primitives: nodePrimitives(), he: toyBfv(rng) }));
}
