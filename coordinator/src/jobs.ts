// SPDX-License-Identifier: Apache-2.0
// What the relay's worker threads run: each thread imports this module.
import { protocolJobs } from "@koplamp/aggregate";
import { loadHe } from "@koplamp/he";
import { type Backends, chooseGroup, nodePrimitives } from "@koplamp/pool";
import type { JobTable } from "@koplamp/protocol";

/** Every job of every protocol, on the backends of this machine. */
export async function table(backends: Backends): Promise<JobTable> {
  const primitives = nodePrimitives();
  const { group } = await chooseGroup(backends);
  return protocolJobs({ group, primitives, he: await loadHe(primitives) });
}
