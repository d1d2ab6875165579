// SPDX-License-Identifier: Apache-2.0
import type { Group } from "@koplamp/crypto";
import { toyGroup } from "../../../test/toy/group.ts";

/** The toy group, and how often each of its operations was called. */
export class CountingGroup {
  calls = 0;
  readonly group: Group;

  constructor() {
    const group = toyGroup();
    const counted = Object.entries(group).map(([name, operation]) => {
      if (typeof operation !== "function") return [name, operation];
      return [
        name,
        (...args: readonly never[]) => {
          this.calls += 1;
          // Safe because the operation is called as its own type says, through a proxy of the same type.
          return (operation as (...all: readonly never[]) => unknown)(...args);
        },
      ];
    });
    this.group = Object.fromEntries(counted) as Group;
  }
}
