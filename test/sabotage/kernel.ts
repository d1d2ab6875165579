// SPDX-License-Identifier: Apache-2.0
// What a kernel of our own must keep to when it hashes items.
import type { Switch } from "./switch.ts";

const TEST = "packages/pool/test/batch-hash.test.ts";

export const KERNEL: readonly Switch[] = [
  {
    id: "kernel.hash-left",
    guarantee: "G1",
    weak: "items and their digests stay in the kernel's memory",
    edits: [
      {
        file: "packages/pool/src/kernel-hash.ts",
        from: "kernel.hashWipe(Math.min(items * MOST_MESSAGE, prefix.length + bytes.length) + BEYOND, items);",
        to: "kernel.hashWipe(0, Math.min(items, 0));",
      },
    ],
    test: { file: TEST, name: "leaves nothing" },
  },
  {
    id: "kernel.hash-untested",
    guarantee: "G1",
    weak: "a kernel hashes items, whatever it makes of them",
    edits: [
      {
        file: "packages/pool/src/batch-hash.ts",
        from: "return agrees ? each : opensslEach;",
        to: "return agrees || each.length >= 0 ? each : opensslEach;",
      },
    ],
    test: { file: TEST, name: "hashes otherwise" },
  },
];
