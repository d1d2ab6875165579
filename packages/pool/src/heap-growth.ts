// SPDX-License-Identifier: Apache-2.0
import { setFlagsFromString } from "node:v8";

/**
 * How much may gather before everything that lives is marked again, in parts of what lived last time: twice that. An
 * engine that has little to do marks after every 8 MiB, buffers counted too, and a node works on buffers: each question
 * over 98,304 items had all 13 to 40 MB of code and state of each thread marked once or twice, for a fifth of what the
 * question took. A busy engine lets a heap grow fourfold: with this bound nodes had less memory at their peak.
 */
const GROWTH_PERCENT = 200;

/** For all threads of this process, those too that are started later. */
export function letHeapsGrow(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
