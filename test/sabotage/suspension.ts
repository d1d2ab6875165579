// SPDX-License-Identifier: Apache-2.0
// What makes an officer's word hold: whose it is, that it follows on the one before, and what it stops.
import type { Switch } from "./switch.ts";

const SUSPENSIONS = "packages/engine/test/suspensions.test.ts";
const ENGINE = "packages/engine/src/suspensions.ts";
const COVENANT = "packages/covenant/src/suspension.ts";

export const SUSPENSION: readonly Switch[] = [
  {
    id: "suspension.signature",
    guarantee: "G3",
    weak: "anybody may halt a node, or let it go on",
    edits: [
      { file: COVENANT, from: "if (valid) return said;", to: "if (valid || keys.length < 9) return said;" },
    ],
    test: { file: SUSPENSIONS, name: "is not one by another party's officer" },
  },
  {
    id: "suspension.officer",
    guarantee: "G3",
    weak: "anybody on the card may halt a node, or let it go on",
    edits: [
      {
        file: COVENANT,
        from: 'roles.includes("officer") && at < validUntil',
        to: "roles.length > 0 && at < validUntil",
      },
    ],
    test: { file: SUSPENSIONS, name: "is not one by the" },
  },
  {
    id: "suspension.replay",
    guarantee: "G3",
    weak: "an officer's old word counts again",
    edits: [
      {
        file: ENGINE,
        from: "if (previous === (this.own?.hash ?? null)) return;",
        to: "if (previous !== undefined) return;",
      },
    ],
    test: { file: SUSPENSIONS, name: "follows on the one before" },
  },
  {
    id: "suspension.running",
    guarantee: "G3",
    weak: "what runs at a halted node runs on",
    edits: [
      {
        file: ENGINE,
        from: "for (const run of this.#runs) if (run.parties.includes(party)) run.refuse(refusal);",
        to: "void this.#runs;",
      },
    ],
    test: { file: SUSPENSIONS, name: "in the session 0/1, before anything opens" },
  },
  {
    id: "suspension.new",
    guarantee: "G3",
    weak: "a halted node offers its data for new questions",
    edits: [
      {
        file: "packages/engine/src/asking.ts",
        from: "return withdrawals.refusalFor(parties) ?? suspensions.refusalFor(parties);",
        to: "return withdrawals.refusalFor(parties) ?? suspensions.refusalFor([]);",
      },
    ],
    test: { file: SUSPENSIONS, name: "makes no offer to a node that has not heard of it" },
  },
  {
    id: "suspension.memory",
    guarantee: "G3",
    weak: "a halted node goes on when it starts again",
    edits: [
      {
        file: ENGINE,
        from: "for (const name of node.store.sealedNames(KEPT)) this.#load(name.slice(KEPT.length));",
        to: "void this.#load;",
      },
    ],
    test: { file: SUSPENSIONS, name: "stays halted when it starts again" },
  },
  {
    id: "suspension.logged",
    guarantee: "G3",
    weak: "a node may be halted without its ledger saying so",
    edits: [
      {
        file: ENGINE,
        from: "if (own !== undefined && !this.#logged(own)) this.#log(own);",
        to: "if (own !== undefined && this.#logged(own)) return;",
      },
    ],
    test: { file: SUSPENSIONS, name: "writes what its ledger lacks" },
  },
  {
    id: "suspension.own-word",
    guarantee: "G3",
    weak: "a node tells others that another one is halted",
    edits: [{ file: ENGINE, from: "if (party !== from) {", to: 'if (party === "") {' }],
    test: { file: SUSPENSIONS, name: "is taken of a party's own node only" },
  },
];
