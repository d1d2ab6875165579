// SPDX-License-Identifier: Apache-2.0
// What a match of two long lists under a dealt correlation rests on.
import type { Switch } from "./switch.ts";

const JOBS = "packages/psi/src/bulk-jobs.ts";
const PAIR = "packages/psi/src/bulk-pair.ts";
const BULK = "packages/psi/test/bulk-pair.test.ts";

export const BULK_PAIR: readonly Switch[] = [
  {
    id: "vole.check-skip",
    guarantee: "G10",
    weak: "a sender takes whatever a dealer dealt, so that halves which do not fit go unnoticed",
    edits: [
      {
        file: "packages/psi/src/vole.ts",
        from: "const holds = equal(bytesOf(expected), sums.subarray(CELL_BYTES));",
        to: "const holds = bytesOf(expected).length === sums.subarray(CELL_BYTES).length;",
      },
    ],
    test: { file: BULK, name: "threat P17" },
  },
  {
    id: "vole.early-coin",
    guarantee: "G10",
    weak: "the coin of the check is there before the dealer has dealt",
    edits: [
      {
        file: PAIR,
        from: "  const roots = yield* exchangeMessages(talk, { codec: ROOT, mine: list });",
        to: "  const roots = yield* exchangeMessages(talk, { codec: ROOT, mine: list });\n  yield* groupSecret(talk, parties, transcript, BULK_USE, rng);",
      },
      {
        file: PAIR,
        from: "  yield* groupSecret(talk, parties, transcript, BULK_USE, rng); // after whoever made the correlation is bound to it\n",
        to: "",
      },
    ],
    test: { file: BULK, name: "binds the dealer" },
  },
  {
    id: "bulk.unmasked",
    guarantee: "G1",
    weak: "a store leaves without its masks, so that its sender can test items against it",
    edits: [{ file: JOBS, from: "addElements(cells, a);", to: "addElements(cells.subarray(0, 0), a);" }],
    test: { file: BULK, name: "equals the plain sets" },
  },
  {
    id: "bulk.dealer-party",
    guarantee: "G2",
    weak: "one of the two deals the correlation itself",
    edits: [
      {
        file: PAIR,
        from: "if (deals ? me !== dealer : dealer !== undefined && parties.includes(dealer)) {",
        to: "if (deals && me !== dealer) {",
      },
    ],
    test: { file: BULK, name: "a dealer that is a party" },
  },
  {
    id: "bulk.dealer-untold",
    guarantee: "G2",
    weak: "the contract does not say what a dealer and a party learn together",
    edits: [
      {
        file: "packages/psi/src/bulk-description.ts",
        from: "together: parties.flatMap((party) => withDealer(parameters, runs, party)),",
        to: "together: parties.flatMap((party) => withDealer(parameters, runs.slice(runs.length), party)),",
      },
    ],
    test: { file: "packages/query/test/bulk.test.ts", name: "says who can do what" },
  },
  {
    id: "bulk.dropped-item",
    guarantee: "G2",
    weak: "an item that does not fit the store is left out in silence",
    edits: [
      {
        file: "packages/psi/src/okvs-encode.ts",
        from: "if (peeled.gap.length > 0 && !solveGap(found)) return false;",
        to: "if (peeled.gap.length > places.length && !solveGap(found)) return false;",
      },
    ],
    test: { file: "packages/psi/test/okvs.test.ts", name: "none is left out" },
  },
];
