// SPDX-License-Identifier: Apache-2.0
// Writes entries until it is killed, and says after each transaction that it is durable.
import { openStore } from "../src/store.ts";
import { disclosed } from "./leaves.ts";

const store = openStore(process.argv[2] ?? "");
for (;;) {
  const [first, second] = [disclosed(1), disclosed(2)];
  const charges = [
    { budget: "exactCells/a", amount: 1n },
    { budget: "exactCells/a", amount: 2n },
  ];
  const indices = store.append([first, second], charges);
  process.stdout.write(`${indices.at(-1)}\n`);
}
