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
