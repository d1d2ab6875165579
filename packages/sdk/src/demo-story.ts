// SPDX-License-Identifier: Apache-2.0
import { DemoError } from "./demo-error.ts";

/** Where a story is told. */
export interface StoryOutput {
  print(...lines: readonly string[]): void;
  /** Ends the story. */
  readonly stop: AbortSignal;
}

/** A story in steps: a heading, a few lines, the time it took. A check that does not hold ends it. */
export class Story {
  readonly #output: StoryOutput;
  readonly #began = performance.now();
  #step = 0;

  constructor(output: StoryOutput) {
    this.#output = output;
  }

  /** Tells one step. @throws {DemoError} when it is interrupted, or when a check in it does not hold. */
  async step<Value>(
    heading: string,
    tell: (say: (...lines: readonly string[]) => void) => Promise<Value>,
  ): Promise<Value> {
    if (this.#output.stop.aborted) throw new DemoError("interrupted");
    this.#step += 1;
    this.#output.print("", `${this.#step}  ${heading}`);
    const began = performance.now();
    const say = (...lines: readonly string[]): void =>
      this.#output.print(...lines.map((line) => `   ${line}`));
    const value = await interrupted(tell(say), this.#output.stop);
    this.#output.print(`   ${seconds(began)}`);
    return value;
  }

  /** Seconds since the story began. */
  get elapsed(): string {
    return seconds(this.#began);
  }
}

/** @throws {DemoError} when what the demonstration promises does not hold. */
export function check(holds: boolean, promise: string): void {
  if (!holds)
    throw new DemoError(
      `this does not hold: ${promise}`,
      "run it again with --keep DIR and look at the logs",
    );
}

function seconds(began: number): string {
  return `${((performance.now() - began) / 1000).toFixed(1)} s`;
}

/** The value, or an end when the story is stopped while it is waited for. */
async function interrupted<Value>(value: Promise<Value>, stop: AbortSignal): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>();
  const end = (): void => reject(new DemoError("interrupted"));
  stop.addEventListener("abort", end, { once: true });
  try {
    return await Promise.race([value, promise]);
  } finally {
    stop.removeEventListener("abort", end);
    value.catch(() => {}); // after an interrupt nobody waits for it
  }
}
