// SPDX-License-Identifier: Apache-2.0
// What of a long list stands on a node's disk while a question runs.
import type { Switch } from "./switch.ts";

const FILE = "packages/sources/src/scratch.ts";
const TEST = "packages/sources/test/scratch.test.ts";

export const SCRATCH: readonly Switch[] = [
  {
    id: "scratch.plain",
    guarantee: "G15",
    weak: "a list that is too long for memory stands on the disk as it is",
    edits: [
      {
        file: FILE,
        from: "[cipher.update(piece), cipher.final(), cipher.getAuthTag()]",
        to: "[piece, cipher.update(new Uint8Array()), cipher.final(), cipher.getAuthTag()]",
      },
    ],
    test: { file: TEST, name: "tell nothing of what is in it" },
  },
  {
    id: "scratch.one-key",
    guarantee: "G15",
    weak: "all files of long lists are sealed under one key, with the same nonces",
    edits: [
      {
        file: FILE,
        from: "randomFillSync(new Uint8Array(KEY_BYTES))",
        to: "new Uint8Array(KEY_BYTES)",
      },
    ],
    test: { file: TEST, name: "under a key of its own" },
  },
  {
    id: "scratch.named",
    guarantee: "G15",
    weak: "a file of a long list keeps its name, and outlives the process",
    edits: [{ file: FILE, from: "    rmSync(path);\n", to: "" }],
    test: { file: TEST, name: "has no name" },
  },
  {
    id: "scratch.left",
    guarantee: "G15",
    weak: "what a crash left of a long list stays where it is",
    edits: [
      {
        file: FILE,
        from: "for (const name of readdirSync(folder)) rmSync(join(folder, name), { force: true });",
        to: "void readdirSync;",
      },
    ],
    test: { file: TEST, name: "leaves nothing of an earlier process" },
  },
  {
    id: "scratch.unclosed",
    guarantee: "G15",
    weak: "the parts of a list stand on the disk for as long as the node runs",
    edits: [
      {
        file: "packages/engine/src/pair-stage.ts",
        from: "  } finally {\n    cut?.close();\n  }",
        to: "  } finally {\n    void cut;\n  }",
      },
    ],
    test: { file: "packages/engine/test/shards.test.ts", name: "of two in mode bulk leaves no list behind" },
  },
  {
    id: "scratch.cache-unsealed",
    guarantee: "G15",
    weak: "what tests an item lies beside the parts of a list under no key but the file's",
    edits: [
      {
        file: "packages/psi/src/cache.ts",
        from: "return concat(nonce, primitives.aesGcmSeal(key, nonce, partLabel(scope), secrets));",
        to: "return concat(nonce, secrets, primitives.aesGcmSeal(key, nonce, partLabel(scope), secrets));",
      },
    ],
    test: { file: "packages/psi/test/cache-seek.test.ts", name: "says nothing of s_x outside" },
  },
];
