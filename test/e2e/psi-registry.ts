// SPDX-License-Identifier: Apache-2.0
// The jobs of the matching protocols on real ristretto255, for the workers of a test.
import { type Backends, chooseGroup, nodePrimitives } from "@koplamp/pool";
import { bind, type JobTable } from "@koplamp/protocol";
import { meter, psiJobs } from "@koplamp/psi";

export async function table(backends: Backends): Promise<JobTable> {
  const { group } = await chooseGroup(backends);
  const unmetered = bind(meter, (_vault, _request) => {});
  return new Map([...psiJobs({ group, primitives: nodePrimitives() }), unmetered]);
}
