// SPDX-License-Identifier: Apache-2.0
// Which ends of questions a node keeps in memory: few, and of long ones fewer, since all of them are on its disk.
import type { EngineNode, Outcome } from "@koplamp/engine";
import type { AnswerResult, Hash } from "@koplamp/wire";
import { describe, expect, it } from "vitest";
import { Outcomes } from "../src/outcomes.ts";

const hashOf = (number: number): Hash => `sha256:${String(number).padStart(64, "0")}`;

/** The end of a question whose text has more than so many characters. */
function ended(number: number, characters: number): Outcome<AnswerResult> {
  const matches = [{ key: ["x".repeat(characters)] }];
  const outcome = {
    query: "q",
    status: "released",
    planHash: hashOf(number),
    result: { kind: "match", matches },
  };
  return outcome as unknown as Outcome<AnswerResult>; // what keeping it looks at
}

/** Keeps so many, and says of each number whether it must be read from the disk again. */
function readAgain(count: number, characters: number): readonly boolean[] {
  const asked = new Set<Hash>();
  const node = {
    onOutcome: () => {},
    onErased: () => {},
    outcomeOf: (hash: Hash) => {
      asked.add(hash);
      return undefined;
    },
  };
  const outcomes = new Outcomes(node as unknown as EngineNode);
  for (let number = 0; number < count; number += 1) outcomes.keep(ended(number, characters));
  return Array.from({ length: count }, (_, number) => {
    outcomes.known(hashOf(number));
    return asked.has(hashOf(number));
  });
}

describe("the ends of questions in memory", () => {
  it("are the newest 64 where they are short", () => {
    const again = readAgain(70, 10);
    expect(again.filter((is) => is)).toHaveLength(6);
    expect(again.slice(0, 6)).toEqual([true, true, true, true, true, true]);
  });

  it("are 4 million characters of the newest where they are long, and the newest in any case", () => {
    expect(readAgain(6, 2 ** 20)).toEqual([true, true, true, false, false, false]);
    expect(readAgain(3, 2 ** 23)).toEqual([true, true, false]);
  });
});
