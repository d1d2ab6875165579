// SPDX-License-Identifier: Apache-2.0
// Random counts: whole labs on the toy group against the plaintext. The same on ristretto255 and SEAL: oracle.test.ts.
import { afterAll, describe, test } from "vitest";
import { toyMeans } from "./compare.ts";
import { agreesInPart } from "./property.ts";

const toy = toyMeans();
afterAll(() => toy.workers.close());

describe("the answer equals the same question over the pooled plaintext", () => {
  test("overlap-count, on the toy group", { timeout: 600_000 }, () => agreesInPart("overlap-count", toy));
});
