// SPDX-License-Identifier: Apache-2.0
// The answer of deconfliction at the own desk: what met, in the words of the own register, and whom to contact.
import type { KeptInterest } from "@koplamp/sdk";
import { expect, test } from "vitest";
import { answerLines, type PlainAnswer } from "../src/answer.ts";
import { isOfInterests, namedAt, withInterests } from "../src/interest-result.ts";

const [KNOWN, GONE] = ["1f4c9a02".repeat(4), "77aa0011".repeat(4)];
const at = "2027-01-05T10:00:00Z";
const own: KeptInterest = {
  id: KNOWN ?? "",
  interest: { kind: "vessel", values: ["9187629"] },
  reference: "2027-114",
  desk: "narcotics",
  by: "officer",
  expires: "2027-03-01T00:00:00Z",
  added: at,
  withdrawn: null,
  meetings: [{ party: "douane", first: at, last: at }],
  acts: [],
};

const answerOf = (keys: readonly (readonly string[])[]): PlainAnswer => ({
  query: "crossed",
  status: "released",
  results: { kmar: { kind: "lookup", answers: keys.map((key) => ({ key, hit: true })) } },
});

test("each interest that met is told by its kind, case and desk, with the agency to contact", () => {
  const answer = withInterests(answerOf([["interest", KNOWN ?? ""]]), [own], { lang: "en" });
  expect(answerLines(answer, { all: "" })).toEqual([
    "released to kmar: 1 answer, 1 hit",
    "  vessel  2027-114  narcotics  contact each other: douane   hit",
  ]);
  const dutch = withInterests(answerOf([["interest", KNOWN ?? ""]]), [own], { lang: "nl" });
  expect(answerLines(dutch, { all: "" }).join()).toContain("neem contact op met elkaar: douane");
});

test("an answer without one says so, and asks the register nothing", async () => {
  const asked = { interests: () => Promise.reject(new Error("asked")) };
  const answer = await namedAt(asked, answerOf([]), { lang: "en" });
  expect(answerLines(answer, { all: "" })).toEqual(["released to kmar: no hit"]);
});

test("one that the register has no more keeps its name, and answers about other things are left alone", () => {
  const gone = answerOf([["interest", GONE ?? ""]]);
  expect(withInterests(gone, [own], { lang: "en" })).toEqual(gone);
  const ships = answerOf([["9187629"]]);
  expect(Object.values(ships.results).some(isOfInterests)).toBe(false);
  expect(withInterests(ships, [own], { lang: "en" })).toEqual(ships);
});
