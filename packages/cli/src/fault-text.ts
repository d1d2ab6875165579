// SPDX-License-Identifier: Apache-2.0
import { type Fault, faultText } from "@koplamp/sdk";

/** An error for standard error: as a person reads it, or with `--json` as one document. */
export function faultLines(
  fault: Fault,
  { json, color }: { readonly json: boolean; readonly color: boolean },
): string {
  const { code, message, facts, hint, exit } = fault;
  if (json) {
    return JSON.stringify({ error: { code, message, facts, hint: hint === "" ? null : hint, exit } });
  }
  return color ? faultText(fault).replace(/^error:/, "\u001b[31merror:\u001b[39m") : faultText(fault);
}
