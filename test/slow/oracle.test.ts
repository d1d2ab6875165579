// SPDX-License-Identifier: Apache-2.0
import { afterAll, describe, test } from "vitest";
import { realMeans, toyMeans } from "../simulation/compare.ts";
import { agrees, SHARES, SLOW_RUNS } from "../simulation/property.ts";

const toy = toyMeans();
const real = realMeans();
afterAll(async () => {
  await toy.workers.close();
  await real.workers.close();
});

describe("the answer equals the same question over the pooled plaintext, many times", () => {
  test.each(SHARES)("%s, on the toy group", { timeout: 7_200_000 }, (kind, share) =>
    agrees(kind, Math.ceil(SLOW_RUNS.toy * share), toy),
  );

  test.each(SHARES)("%s, on ristretto255 and SEAL", { timeout: 7_200_000 }, (kind, share) =>
    agrees(kind, Math.ceil(SLOW_RUNS.real * share), real),
  );
});
