// SPDX-License-Identifier: Apache-2.0
import { afterEach, describe, expect, it } from "vitest";
import { Federation, matchOf } from "./federation.ts";

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

describe("a match", () => {
  it("tells recipients the holders of their own keys", async () => {
    federation = new Federation({ anna: ["x", "y", "z"], bert: ["y", "z", "q"], cleo: ["z", "r"] });
    const outcome = await federation.ask("anna", matchOf(["anna", "bert", "cleo"], ["anna", "cleo"]));
    expect(outcome).toMatchObject({ status: "released" });
  });
});
