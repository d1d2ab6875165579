// SPDX-License-Identifier: Apache-2.0
// What a kernel of our own must keep to where items and masks go through it.
import type { Switch } from "./switch.ts";

const TEST = "packages/pool/test/batch-hash.test.ts";
const FIELD = "packages/pool/test/gf128.test.ts";

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
  {
    id: "kernel.mac-left",
    guarantee: "G1",
    weak: "what tokens are made from, and tokens, stay in the kernel's memory",
    edits: [
      {
        file: "packages/pool/src/kernel-mac.ts",
        from: "kernel.macWipe(Math.min(CHUNK, count), blocks);",
        to: "kernel.macWipe(Math.min(count, 0), 0);",
      },
    ],
    test: { file: TEST, name: "leaves nothing of keys" },
  },
  {
    id: "kernel.mac-untested",
    guarantee: "G1",
    weak: "a kernel makes tokens, whatever it makes of a key",
    edits: [
      {
        file: "packages/pool/src/batch-hash.ts",
        from: "return agrees ? under : opensslUnder;",
        to: "return agrees || under.length >= 0 ? under : opensslUnder;",
      },
    ],
    test: { file: TEST, name: "makes other MACs" },
  },
  {
    id: "kernel.keys",
    guarantee: "G1",
    weak: "the kernel multiplies by keys too where the system's libsodium serves",
    edits: [
      {
        file: "packages/crypto/src/kernel.ts",
        from: "factors.length >= TABLE_PAYS * SCALAR_BYTES;",
        to: "factors.length > 0;",
      },
    ],
    test: { file: "packages/pool/test/choose-group.test.ts", name: "multiplies by a key itself" },
  },
  {
    id: "kernel.field-left",
    guarantee: "G1",
    weak: "a factor and products of a correlation stay in the kernel's memory",
    edits: [
      {
        file: "packages/pool/src/kernel-gf128.ts",
        from: "      part.set(memory.subarray(left, left + part.length));\n    }\n  } finally {\n    kernel.scaleWipe(CHUNK / SQUARE);",
        to: "      part.set(memory.subarray(left, left + part.length));\n    }\n  } finally {\n    memory.subarray(left);",
      },
    ],
    test: { file: FIELD, name: "leaves nothing" },
  },
  {
    id: "kernel.field-untested",
    guarantee: "G1",
    weak: "a kernel multiplies the masks of a store, whatever comes of it",
    edits: [
      {
        file: "packages/pool/src/agreeing.ts",
        from: "return equal(given(kernel), given(portable)) ? kernel : portable;",
        to: "return given(kernel).length >= 0 ? kernel : portable;",
      },
    ],
    test: { file: FIELD, name: "does not serve" },
  },
];
