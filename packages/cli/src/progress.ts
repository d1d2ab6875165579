// SPDX-License-Identifier: Apache-2.0
import type { Io } from "./io.ts";

/** How far one party is: its phase, and what it waits for. */
export interface Step {
  readonly party: string;
  readonly phase: string;
  readonly done?: number;
  readonly rate?: string;
}

/** Lanes of parties on a terminal, repainted in place; on anything else they say nothing. */
export interface Lanes {
  show(step: Step): void;
  /** Takes the lanes off the screen. */
  clear(): void;
}

const EVERY_MS = 80;
const NONE: Lanes = { show() {}, clear() {} };

/** Progress on standard error, one lane a party, when a person looks. */
export function lanes({ stderr }: Io, quiet: boolean): Lanes {
  if (quiet || stderr.isTTY !== true) return NONE;
  const steps = new Map<string, Step>();
  let [painted, last] = [0, 0];
  const clear = (): void => {
    if (painted > 0) stderr.write(`\u001b[${painted}A\u001b[J`);
    painted = 0;
  };
  return {
    show(step) {
      steps.set(step.party, step);
      if (Date.now() - last < EVERY_MS) return;
      last = Date.now();
      clear();
      const width = Math.max(...[...steps.keys()].map(({ length }) => length));
      const rows = [...steps.values()].map((lane) =>
        laneText(lane, width).slice(0, (stderr.columns ?? 80) - 1),
      );
      stderr.write(rows.map((row) => `${row}\n`).join(""));
      painted = rows.length;
    },
    clear,
  };
}

function laneText({ party, phase, done, rate = "" }: Step, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, done ?? 0)) * 10);
  const bar = done === undefined ? "" : `▕${"█".repeat(filled).padEnd(10)}▏ ${Math.round(done * 100)} %`;
  return `${party.padEnd(width)}  ${phase.padEnd(28)} ${bar}  ${rate}`.trimEnd();
}
