// SPDX-License-Identifier: Apache-2.0
// What makes a person's word theirs: keys outside the node, what they are shown before they sign, and sign-in.
import type { Switch } from "./switch.ts";

const DRAFTS = "packages/engine/test/drafts.test.ts";
const SIGN_IN = "nodes/test/sign-in.test.ts";

export const PEOPLE: readonly Switch[] = [
  {
    id: "plan.signature",
    guarantee: "G3",
    weak: "a node asks a plan that its analyst did not sign",
    edits: [
      {
        file: "packages/engine/src/drafts.ts",
        from: "if (valid.length === 0) {",
        to: "if (valid.length < 0) {",
      },
    ],
    test: { file: DRAFTS, name: "is refused when it is signed" },
  },
  {
    id: "plan.analyst",
    guarantee: "G3",
    weak: "anybody on the card may ask",
    edits: [
      {
        file: "packages/engine/src/proposal.ts",
        from: 'roles.includes("analyst") && now < validUntil',
        to: "roles.length > 0 && now < validUntil",
      },
    ],
    test: { file: DRAFTS, name: "is not made for the key" },
  },
  {
    id: "plan.analyst-until",
    guarantee: "G3",
    weak: "an analyst asks on after their time on the card",
    edits: [
      {
        file: "packages/engine/src/proposal.ts",
        from: 'roles.includes("analyst") && now < validUntil',
        to: 'roles.includes("analyst") && now.length === validUntil.length',
      },
    ],
    test: { file: DRAFTS, name: "is not made once the analyst's time on the card is over" },
  },
  {
    id: "draft.expiry",
    guarantee: "G3",
    weak: "a draft can be signed at any time",
    edits: [
      {
        file: "packages/engine/src/drafts.ts",
        from: "    if (clock.now() >= until) {\n",
        to: "    if (until < 0) {\n",
      },
    ],
    test: { file: DRAFTS, name: "expires after ten minutes" },
  },
  {
    id: "draft.bound",
    guarantee: "G3",
    weak: "one analyst fills a node with drafts",
    edits: [
      {
        file: "packages/engine/src/drafts.ts",
        from: "const MOST_OF_ONE = 8;",
        to: "const MOST_OF_ONE = 800;",
      },
    ],
    test: { file: DRAFTS, name: "takes the place of the oldest" },
  },
  {
    id: "draft.total",
    guarantee: "G3",
    weak: "many analysts fill a node with drafts",
    edits: [
      {
        file: "packages/engine/src/drafts.ts",
        from: "const MOST_DRAFTS = 64;",
        to: "const MOST_DRAFTS = 6400;",
      },
    ],
    test: { file: DRAFTS, name: "no more than sixty-four drafts" },
  },
  {
    id: "draft.checked",
    guarantee: "G3",
    weak: "an analyst signs whatever plan a node shows",
    edits: [
      {
        file: "packages/sdk/src/person-plan.ts",
        from: 'if (own.join(" ") === told.join(" ")) return documentBytes(plan);',
        to: "if (own.length === told.length) return documentBytes(draft.plan);",
      },
    ],
    test: { file: "packages/sdk/test/person-plan.test.ts", name: "that is a question" },
  },
  {
    id: "people.machine",
    guarantee: "G3",
    weak: "a machine holds the keys of people who ask or approve",
    edits: [
      {
        file: "nodes/src/start.ts",
        from: 'if (held === (people === "generated")) return keys;',
        to: 'if (held || people !== "generated") return keys;',
      },
    ],
    test: { file: "nodes/test/machine-keys.test.ts", name: "" },
  },
  {
    id: "desk.role",
    guarantee: "G3",
    weak: "whoever signs in may take every way to the desk",
    edits: [
      {
        file: "nodes/src/sign-in.ts",
        from: "caller.expectRoute(route);",
        to: "void caller;",
      },
    ],
    test: { file: SIGN_IN, name: "open exactly the routes of the table" },
  },
  {
    id: "desk.group",
    guarantee: "G3",
    weak: "a group whose name begins like another has its role",
    edits: [
      {
        file: "nodes/src/sign-in.ts",
        from: "roles[role].some((group) => groups.includes(group))",
        to: "roles[role].some((group) => groups.some((one) => one.startsWith(group)))",
      },
    ],
    test: { file: SIGN_IN, name: "are those of the configured claim only, and of whole groups" },
  },
  {
    id: "signer.role",
    guarantee: "G3",
    weak: "somebody hands in a decision for a role that they did not sign in for",
    edits: [
      {
        file: "nodes/src/caller.ts",
        from: "if (!this.#roles.has(inside)) {",
        to: "if (this.#roles.size === 0) {",
      },
    ],
    test: { file: SIGN_IN, name: "acts in the roles of the sign-in only" },
  },
  {
    id: "signer.person",
    guarantee: "G3",
    weak: "somebody signs with the key of a colleague",
    edits: [
      {
        file: "nodes/src/caller.ts",
        from: "if (owner?.person === this.#person) return;",
        to: "if (owner !== undefined) return;",
      },
    ],
    test: { file: SIGN_IN, name: "signs with their own key" },
  },
  {
    id: "token.algorithm",
    guarantee: "G3",
    weak: "a token says itself how it is to be verified",
    edits: [{ file: "nodes/src/token.ts", from: "      algorithms: ALGORITHMS,\n", to: "" }],
    test: { file: SIGN_IN, name: "under the issuer's public key as a secret is none" },
  },
  {
    id: "token.audience",
    guarantee: "G3",
    weak: "a token for another client of the issuer lets in",
    edits: [{ file: "nodes/src/token.ts", from: "      audience: client,\n", to: "" }],
    test: { file: SIGN_IN, name: "is none when it is one for another client" },
  },
  {
    id: "token.party",
    guarantee: "G3",
    weak: "a token that was issued to another client lets in",
    edits: [
      {
        file: "nodes/src/token.ts",
        from: "expectOurs(payload, this.#config.client);",
        to: "void expectOurs;",
      },
    ],
    test: { file: SIGN_IN, name: "issued to another" },
  },
  {
    id: "token.issuer",
    guarantee: "G3",
    weak: "a token that names another issuer lets in",
    edits: [{ file: "nodes/src/token.ts", from: "      issuer,\n", to: "" }],
    test: { file: SIGN_IN, name: "is none when it is one of another issuer" },
  },
  {
    id: "token.expiry",
    guarantee: "G3",
    weak: "a token lets in after it has expired",
    edits: [{ file: "nodes/src/token.ts", from: 'const SKEW = "60 s";', to: 'const SKEW = "3650 days";' }],
    test: { file: SIGN_IN, name: "is none when it is one that has expired" },
  },
  {
    id: "token.age",
    guarantee: "G3",
    weak: "a token lets in however old it is",
    edits: [{ file: "nodes/src/token.ts", from: "      maxTokenAge: MOST_AGE,\n", to: "" }],
    test: { file: SIGN_IN, name: "that is thirteen hours old" },
  },
  {
    id: "token.kind",
    guarantee: "G3",
    weak: "an access token or a logout token lets in",
    edits: [{ file: "nodes/src/token.ts", from: 'if (typ !== "JWT") throw', to: 'if (typ === "") throw' }],
    test: { file: SIGN_IN, name: "is none when it is of the kind" },
  },
  {
    id: "issuer.keys-kept",
    guarantee: "G3",
    weak: "keys of a provider that does not answer hold for ever",
    edits: [
      {
        file: "nodes/src/issuer-keys.ts",
        from: "const KEPT_MS = 3_600_000;",
        to: "const KEPT_MS = 3_600_000_000_000;",
      },
    ],
    test: { file: SIGN_IN, name: "serve for an hour while it does not answer" },
  },
  {
    id: "issuer.named",
    guarantee: "G3",
    weak: "a provider that names itself otherwise is believed",
    edits: [
      {
        file: "nodes/src/issuer-keys.ts",
        from: "found.status !== 200 || said !== issuer ||",
        to: "found.status !== 200 ||",
      },
    ],
    test: { file: SIGN_IN, name: "let nobody in when it never answered" },
  },
  {
    id: "card.owner",
    guarantee: "G8",
    weak: "an agency signs a roster with a card that its owner did not sign",
    edits: [
      {
        file: "packages/sdk/src/card.ts",
        from: "if (!card.signatures.some((line) => verifyDocument(primitives, { ...about, line })))",
        to: "if (!card.signatures.some((line) => line.length > 0 && about.keys.length > 0))",
      },
    ],
    test: { file: "packages/sdk/test/card.test.ts", name: "changed by another than its agency" },
  },
  {
    id: "card.only",
    guarantee: "G8",
    weak: "an agency signs a roster that changes more than cards",
    edits: [
      {
        file: "packages/sdk/src/card.ts",
        from: "canonicalText(next) !== canonicalText(expected)",
        to: "canonicalText(next).length < canonicalText(expected).length / 2",
      },
    ],
    test: { file: "packages/sdk/test/card.test.ts", name: "is not when it" },
  },
];
