// SPDX-License-Identifier: Apache-2.0
// What standing questions rest on.
import type { Switch } from "./switch.ts";

const SERIES = "packages/engine/test/series.test.ts";
const STANDING_TS = "packages/engine/src/standing.ts";
const YEAR = "runs twelve times in a year";

/** Each run once, as often as people approved, and not beyond what they approved. */
export const STANDING: readonly Switch[] = [
  {
    id: "series.twice",
    guarantee: "G5",
    weak: "that a run has begun is not kept",
    edits: [
      {
        file: STANDING_TS,
        from: "put(node, planHash, { next: number + 1, paused });",
        to: "put(node, planHash, { next: number, paused });",
      },
    ],
    test: { file: SERIES, name: "takes a run once" },
  },
  {
    id: "series.more",
    guarantee: "G3",
    weak: "a standing question runs once more than people approved",
    edits: [
      {
        file: STANDING_TS,
        from: "return number < schedule.runs ? ",
        to: "return number <= schedule.runs ? ",
      },
    ],
    test: { file: SERIES, name: YEAR },
  },
  {
    id: "series.missed",
    guarantee: "G3",
    weak: "what fell due while a node was away is run when it is back",
    edits: [
      {
        file: STANDING_TS,
        from: "while (number + 1 < schedule.runs && dueAt(schedule, number + 1) <= now) number += 1;",
        to: "while (number + 1 < schedule.runs && dueAt(schedule, number + 1) < from) number += 1;",
      },
      {
        file: STANDING_TS,
        from: "const now = timeText(node.clock.now());",
        to: "const { from } = schedule;",
      },
    ],
    test: { file: SERIES, name: "makes up for none" },
  },
  {
    id: "series.expiry",
    guarantee: "G3",
    weak: "a standing question runs on after its plan has expired",
    edits: [
      {
        file: "packages/engine/src/question-life.ts",
        from: "if (left <= 0) {",
        to: "if (left < Number.NEGATIVE_INFINITY) {",
      },
      {
        file: "packages/engine/src/question-run.ts",
        from: "if (timeText(this.#node.clock.now()) >= expires) {",
        to: 'if (expires === "") {',
      },
    ],
    test: { file: SERIES, name: "runs nothing once the plan has expired" },
  },
  {
    id: "series.back",
    guarantee: "G3",
    weak: "an approval that is taken back between two runs ends nothing",
    edits: [
      {
        file: "packages/engine/src/question-run.ts",
        from: "if (this.#stopped !== undefined || this.#answered) return;",
        to: 'if (this.#stopped !== undefined || this.#answered || this.phase === "standing") return;',
      },
    ],
    test: { file: SERIES, name: "takes an approval back" },
  },
  {
    id: "series.evidence",
    guarantee: "G14",
    weak: "the evidence of a run holds the entries of those before it",
    edits: [
      {
        file: "packages/engine/src/question-run.ts",
        from: "return index >= this.#firstEntry;",
        to: "return index >= Math.min(0, this.#firstEntry);",
      },
    ],
    test: { file: SERIES, name: YEAR },
  },
];
