// SPDX-License-Identifier: Apache-2.0
// What an open look-up rests on: questions one by one, on one approval.
import type { Switch } from "./switch.ts";

const PROTOCOL = "packages/psi/test/lookup-open.test.ts";
const ENGINE = "packages/engine/test/open-lookup.test.ts";
const DESK = "nodes/test/desk-lookups.test.ts";

export const OPEN_LOOKUPS: readonly Switch[] = [
  {
    id: "open.blind",
    guarantee: "G2",
    weak: "every batch of an open look-up has the same blinds: a holder sees that a question comes again",
    edits: [
      {
        file: "packages/psi/src/lookup-jobs.ts",
        from: '"lookup/blind", [number], 32)',
        to: '"lookup/blind", [0 * number], 32)',
      },
    ],
    test: { file: PROTOCOL, name: "shows no repetition" },
  },
  {
    id: "open.size",
    guarantee: "G10",
    weak: "a holder takes a request of any number of elements",
    edits: [
      {
        file: "packages/psi/src/lookup-messages.ts",
        from: "if (lengths.includes(bytes.length)) return bytes;",
        to: "if (lengths.length > 0) return bytes;",
      },
    ],
    test: { file: PROTOCOL, name: "a request of another size" },
  },
  {
    id: "open.unfixed",
    guarantee: "G12",
    weak: "questions leave before they are fixed in the asker's own ledger",
    edits: [
      {
        file: "packages/engine/src/open-lookup.ts",
        from: "logged({ keys, root: saltedRoot(this.#node.primitives, salt, inputs) });",
        to: "void [logged, saltedRoot, salt];",
      },
    ],
    test: { file: ENGINE, name: "answers what comes when it comes" },
  },
  {
    id: "open.free",
    guarantee: "G12",
    weak: "an open look-up takes more questions than were approved",
    edits: [
      {
        file: "packages/psi/src/lookup-open.ts",
        from: "if (size <= left) return size;",
        to: "if (size <= left + 64) return size;",
      },
    ],
    test: { file: PROTOCOL, name: "asks for nothing above its right" },
  },
  {
    id: "open.day",
    guarantee: "G12",
    weak: "a holder answers on after the day of its allowance",
    edits: [
      {
        file: "packages/engine/src/lookup-stage.ts",
        from: "expectWithin(node, asker, end);",
        to: "void [expectWithin, end];",
      },
    ],
    test: { file: ENGINE, name: "gives no answer after its day" },
  },
  {
    id: "open.anyone",
    guarantee: "G12",
    weak: "any analyst of an agency asks on in a look-up that another one signed",
    edits: [
      {
        file: "nodes/src/desk-lookups.ts",
        from: 'if (asked !== undefined) caller.expectActing("analyst", asked.plan.proposer.by);',
        to: "void [caller, asked];",
      },
    ],
    test: { file: DESK, name: "whoever asked for it asks on" },
  },
];
