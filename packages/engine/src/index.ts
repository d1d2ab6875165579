// SPDX-License-Identifier: Apache-2.0

export { exitOfOutcome, type Fault, faultOf, faultText } from "./fault.ts";
export { type DaemonEvent, logFields } from "./log-fields.ts";
export { outcomeText, readOutcome } from "./outcome-text.ts";
export type * from "./ports.ts";
