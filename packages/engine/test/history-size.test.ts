// SPDX-License-Identifier: Apache-2.0
// Answers with too many cells to be compared with earlier ones: refused, and not told unseen.
import { afterEach, expect, it } from "vitest";
import { expectApart, keepRelease } from "../src/history.ts";
import { MemberList } from "../src/history-members.ts";
import type { Release } from "../src/history-rule.ts";
import type { QuestionRun } from "../src/question-run.ts";
import { Federation } from "./federation.ts";

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

const run = (number: number): QuestionRun => {
  const planHash = `sha256:${`${number}`.padStart(64, "0")}`;
  // Safe because keeping and comparing look at nothing else of a question.
  return { planHash, own: { input: { dataset: "list" } }, refuse: () => {} } as unknown as QuestionRun;
};

/** Every cell of the first has the same members, and so has the second: that many pairs of cells have some in common. */
function release(cells: number, about = "rows", length = 1): Release {
  const values = Array.from({ length: cells }, (_, at) => `${at}`.padEnd(length, "x"));
  const list = new MemberList();
  for (let cell = 0; cell < cells; cell += 1) list.add(cell, [0, 1], 0);
  const { members } = list;
  const told = { contributors: ["anna", "bert"], told: "count", minCount: 1, noisy: false };
  return { about, ...told, where: [], domain: [{ column: "group", values }], members };
}

it("does not compare more than 10,000,000 pairs of cells, and tells nothing then", {
  timeout: 60_000,
}, () => {
  federation = new Federation({ anna: ["x"], bert: ["y"] });
  const { ports } = federation.machine("anna");
  keepRelease(ports, run(1), release(100_001));
  expect(() => expectApart(ports, run(2), release(1000))).toThrow("too many cells to be compared");
  expect(() => keepRelease(ports, run(2), release(1000))).toThrow("too many cells to be compared");
  expect(() => expectApart(ports, run(2), release(1000, "others"))).not.toThrow();
  expect(() => expectApart(ports, run(2), release(10))).not.toThrow();
});

it("compares 100,000,000 cells in which hardly anybody is", () => {
  federation = new Federation({ anna: ["x"], bert: ["y"] });
  const { ports } = federation.machine("anna");
  const side = Array.from({ length: 10_000 }, (_, at) => `${at}`);
  const domain = ["from", "to"].map((column) => ({ column, values: side }));
  const list = new MemberList();
  for (let member = 0; member < 500; member += 1) list.add(7919 * member, [1, member], 0);
  const { members } = list;
  keepRelease(ports, run(1), { ...release(1), domain, members });
  expect(() => expectApart(ports, run(2), { ...release(1), domain, members })).not.toThrow();
  const less = members.slice(4);
  expect(() => expectApart(ports, run(2), { ...release(1), minCount: 2, domain, members: less })).toThrow(
    "differ by fewer rows",
  );
});

it("keeps no answer that it could not read again", { timeout: 60_000 }, () => {
  federation = new Federation({ anna: ["x"], bert: ["y"] });
  const { ports } = federation.machine("anna");
  expect(() => keepRelease(ports, run(1), release(300, "rows", 1_000_000))).toThrow("too many cells");
  expect(() => expectApart(ports, run(2), release(10))).not.toThrow();
});
