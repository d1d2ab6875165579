// SPDX-License-Identifier: Apache-2.0
// Random matches: whole labs on the toy group against the plaintext. The same on ristretto255 and SEAL: oracle.test.ts.
import { afterAll, describe, test } from "vitest";
import { toyMeans } from "./compare.ts";
import { agreesInPart } from "./property.ts";

const toy = toyMeans();
afterAll(() => toy.workers.close());

describe("the answer equals the same question over the pooled plaintext", () => {
  test("match, on the toy group", { timeout: 600_000 }, () => agreesInPart("match", toy));
});
