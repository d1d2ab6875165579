// SPDX-License-Identifier: Apache-2.0
// The order of test files: those that take longest first, so that no worker is left alone with one at the end. Vitest
// itself knows how long a file takes only where it ran before, and thinks of large files as long ones.
import { relative } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const LONG = [
  "test/e2e/crash.test.ts",
  "test/e2e/scenarios.test.ts",
  "test/simulation/match.test.ts",
  "test/simulation/counts.test.ts",
  "test/simulation/sums.test.ts",
  "test/simulation/oracle.test.ts",
  "test/e2e/canary.test.ts",
  "packages/sdk/test/lab.test.ts",
  "packages/cli/test/lab.test.ts",
  "nodes/test/people.test.ts",
  "nodes/test/federation.test.ts",
  "nodes/test/sign-in-desk.test.ts",
  "test/e2e/examples.test.ts",
  "packages/engine/test/hostile-peer.test.ts",
  "nodes/test/bad-input.test.ts",
  "nodes/test/trial.test.ts",
];

/** Long files first, one kind of project between the other: some wait, and some compute. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONG.indexOf(relative(this.ctx.config.root, moduleId));
      return at === -1 ? LONG.length : at;
    };
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}
