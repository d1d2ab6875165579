// SPDX-License-Identifier: Apache-2.0
// What trends rest on.
import type { Switch } from "./switch.ts";

const ALARM = "packages/aggregate/test/alarm.test.ts";
const ALARMS_TS = "packages/aggregate/src/alarm.ts";

/** What an alarm says, and what is told besides. */
export const TRENDS: readonly Switch[] = [
  {
    id: "trend.threshold",
    guarantee: "G2",
    weak: "a value just at the threshold raises an alarm too",
    edits: [
      {
        file: ALARMS_TS,
        from: "excess * excess * (size - 1n) > halves * halves",
        to: "excess * excess * (size - 1n) >= halves * halves",
      },
    ],
    test: { file: ALARM, name: "is an alarm above the threshold, strictly" },
  },
  {
    id: "trend.window",
    guarantee: "G2",
    weak: "a window with a withheld period is taken to be a shorter one",
    edits: [
      {
        file: ALARMS_TS,
        from: "if (known.length < values.length) return undefined;",
        to: "if (known.length === 0) return undefined;",
      },
    ],
    test: { file: ALARM, name: "never by a shorter window" },
  },
  {
    id: "trend.early",
    guarantee: "G2",
    weak: "a test is made one period before its window is full",
    edits: [
      {
        file: ALARMS_TS,
        from: 'if (at < window * step) return "early";',
        to: 'if (at < window * step - 1) return "early";',
      },
    ],
    test: { file: ALARM, name: "takes a full window" },
  },
  {
    id: "trend.series",
    guarantee: "G2",
    weak: "the series is given where alarms only were to be revealed",
    edits: [
      {
        file: "packages/aggregate/src/trend.ts",
        from: 'const series = ask.reveal === "series";',
        to: "const series = ask.reveal.length > 0;",
      },
    ],
    test: { file: ALARM, name: "gives no number where alarms only" },
  },
  {
    id: "trend.memory",
    guarantee: "G2",
    weak: "the contract does not say that a recipient's node holds the series",
    edits: [
      {
        file: "packages/query/src/trends.ts",
        from: "atMost: [...atMost, ...cells.map((cell) => ({ ...cell, because: IN_MEMORY }))],",
        to: "atMost: [...atMost, ...cells.slice(cells.length)],",
      },
    ],
    test: { file: "packages/query/test/trend.test.ts", name: "holds the series, where alarms only" },
  },
];

const BLIND = "packages/aggregate/test/alarm-blind.test.ts";
const JOBS_TS = "packages/aggregate/src/alarm-jobs.ts";

/** What alarms rest on where nobody holds the series. */
export const BLIND_TESTS: readonly Switch[] = [
  {
    id: "blind.masks",
    guarantee: "G7",
    weak: "what a party adds to a test goes to the coordinator as it is",
    edits: [
      {
        file: JOBS_TS,
        from: "maskChunk(primitives, lanes, scope, me,",
        to: "maskChunk(primitives, lanes, { ...scope, contributors: [] }, me,",
      },
    ],
    test: { file: BLIND, name: "masked against each other" },
  },
  {
    id: "blind.places",
    guarantee: "G7",
    weak: "tests stand in the public order, so that the coordinator can name them",
    edits: [
      {
        file: JOBS_TS,
        from: "const other = this.#draws.below(at + 1);",
        to: "const other = Math.max(at, this.#draws.below(at + 1));",
      },
    ],
    test: { file: BLIND, name: "at a place of its own" },
  },
  {
    id: "blind.multiplier",
    guarantee: "G7",
    weak: "by how much a test passes is not hidden",
    edits: [
      {
        file: JOBS_TS,
        from: "const multiplier = this.#sized(multiplierBits(this.#tests));",
        to: "const multiplier = 1n;",
      },
    ],
    test: { file: BLIND, name: "under another multiplier" },
  },
  {
    id: "blind.floor",
    guarantee: "G2",
    weak: "a cell of too few rows or parties is told as any other",
    edits: [
      {
        file: JOBS_TS,
        from: "if (!own.slice(0, CONDITIONS).every(Boolean)) return WITHHELD;",
        to: "if (own.length === 0) return WITHHELD;",
      },
    ],
    test: { file: BLIND, name: "to the last unit" },
  },
  {
    id: "blind.threshold",
    guarantee: "G2",
    weak: "a value just at the threshold raises an alarm too",
    edits: [
      {
        file: "packages/aggregate/src/alarm-tests.ts",
        from: "return mean + limit + 1n;",
        to: "return mean + limit;",
      },
    ],
    test: { file: BLIND, name: "to the last unit" },
  },
];
