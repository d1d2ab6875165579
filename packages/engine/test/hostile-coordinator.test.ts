// SPDX-License-Identifier: Apache-2.0
// A sample; test/slow tries everything.
import { describe, expect, it } from "vitest";
import { endured, tried } from "./hostile-coordinator.ts";
import { disturbed, KINDS, kindsSpoken, LETTER_SCRIPTS } from "./hostile-letters.ts";
import { SCRIPTS } from "./hostile-scripts.ts";

/** Said for each session that prepares a question, as for the question's own; or before there is a question. */
const SESSIONS_BEFORE = /\/(?:done|ready)\/(?:keyset|evaluate)\/|^boot\/|^withdrawn\/|^suspended\//;

describe("a hostile coordinator", () => {
  it("that does nothing is not noticed, and passes on every kind of letter that is tried", async () => {
    expect(await endured({ name: "honest" })).toEqual({
      faults: [],
      ends: ["released", "released", "released"],
    });
    const spoken = await kindsSpoken();
    expect(spoken.filter((kind) => !SESSIONS_BEFORE.test(kind))).toEqual([...KINDS].sort());
  });

  const own = SCRIPTS.filter((_script, at) => at % 4 === 0);
  it(`gets no node a false answer, a byte outside the contract or a question without an end: ${own.length} of its ${SCRIPTS.length} scripts`, {
    timeout: 600_000,
  }, async () => {
    const { faults, ends } = await tried(own.map((script) => () => endured(script)));
    expect(faults).toEqual([]);
    expect(ends).toEqual(expect.arrayContaining(["expired", "garbage", "integrity", "released"]));
  });

  const letters = LETTER_SCRIPTS.filter((_script, at) => at % 9 === 0);
  it(`nor by what it does with letters of one kind: ${letters.length} of ${LETTER_SCRIPTS.length} ways`, {
    timeout: 600_000,
  }, async () => {
    const { faults, ends } = await tried(
      letters.map(
        ([kind, deed]) =>
          () =>
            disturbed(kind, deed),
      ),
    );
    expect(faults).toEqual([]);
    expect(ends).toEqual(expect.arrayContaining(["expired", "released"]));
  });

  it("that keeps silent ends a question by its expiry, and no later", { timeout: 200_000 }, async () => {
    const script = SCRIPTS.find(({ name }) => name === "no ticket is heard");
    expect(await endured(script ?? { name: "none" })).toEqual({
      faults: [],
      ends: ["expired", "expired", "expired"],
    });
  });
});
