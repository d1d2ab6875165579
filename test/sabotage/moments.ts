// SPDX-License-Identifier: Apache-2.0
// When messages leave whole nodes: nothing that a message or a wait follows from is a secret.
import type { Switch } from "./switch.ts";

const FILE = "packages/engine/test/moments.test.ts";

export const MOMENTS: readonly Switch[] = [
  {
    id: "moments.hit-written",
    guarantee: "G2",
    weak: "a register writes what met one by one, so that a hit makes what follows leave later",
    edits: [
      {
        file: "packages/engine/src/interest-audit.ts",
        from: "  const beside = (entry: number): void => keepLogged(node, [...fresh, ...known], entry);",
        to: "  const beside = (entry: number): void => void entry;\n  keepLogged(node, [...fresh, ...known], 0);",
      },
    ],
    test: { file: FILE, name: "a deconfliction that meets" },
  },
  {
    id: "moments.hit-waits",
    guarantee: "G2",
    weak: "whoever has a hit waits for it to be seen before the evidence is gathered",
    edits: [
      {
        file: "packages/engine/src/run-query.ts",
        from: "  run.answered();\n",
        to: '  run.answered();\n  const { result } = answered;\n  if (result?.kind === "lookup" && result.answers.some(({ hit }) => hit)) await node.clock.sleep(1);\n',
      },
    ],
    test: { file: FILE, name: "a look-up that hits" },
  },
  {
    id: "moments.match-told",
    guarantee: "G2",
    weak: "a recipient tells the others when a match has found something",
    edits: [
      {
        file: "packages/engine/src/run-query.ts",
        from: "  run.answered();\n",
        to: '  run.answered();\n  const { result } = answered;\n  const found = result?.kind === "match" && result.matches.length > 0;\n  for (const other of found ? run.others : []) await node.post.send(other, run.topic("found"), new Uint8Array());\n',
      },
    ],
    test: { file: FILE, name: "a match of" },
  },
];
