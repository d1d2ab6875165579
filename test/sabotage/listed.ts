// SPDX-License-Identifier: Apache-2.0
// Measures of matching that are small beside the others: what a list is before it is hashed, and what an element may be.
import type { Switch } from "./switch.ts";

export const LISTED: readonly Switch[] = [
  {
    id: "token.no-recipient",
    guarantee: "G9",
    weak: "an item has the same token for every recipient of a question",
    edits: [
      {
        file: "packages/psi/src/token-jobs.ts",
        from: 'const message = concat(lp("koplamp/tok/1"), sid, lp(from), lp(to));',
        to: 'const message = concat(lp("koplamp/tok/1"), sid, lp(from), lp(to.slice(to.length)));',
      },
    ],
    test: { file: "packages/psi/test/match-tokens.test.ts", name: "has no 16-byte block in common" },
  },
  {
    id: "token.no-sender",
    guarantee: "G9",
    weak: "an item has the same token on the list of every sender",
    edits: [
      {
        file: "packages/psi/src/token-jobs.ts",
        from: 'const message = concat(lp("koplamp/tok/1"), sid, lp(from), lp(to));',
        to: 'const message = concat(lp("koplamp/tok/1"), sid, lp(from.slice(from.length)), lp(to));',
      },
    ],
    test: { file: "packages/psi/test/match-tokens.test.ts", name: "has no 16-byte block in common" },
  },
  {
    id: "lists.unpadded",
    guarantee: "G2",
    weak: "a list looks as long as it is",
    edits: [
      {
        file: "packages/wire/src/bucket.ts",
        from: "return between >= m && between >= LEAST ? between : size;",
        to: "return Math.max(1, Math.min(m, between, size));",
      },
    ],
    test: { file: "packages/engine/test/evaluations.test.ts", name: "padded to their bucket" },
  },
  {
    id: "items.repeated",
    guarantee: "G10",
    weak: "an item that stands twice in a list is evaluated twice",
    edits: [
      {
        file: "packages/psi/src/cache.ts",
        from: "if (row < 0 && !again) found.push(input);",
        to: "if (row < 0 || (again && row < -1)) found.push(input);",
      },
    ],
    test: { file: "packages/psi/test/match-tokens.test.ts", name: "counts an item that stands twice" },
  },
  {
    id: "element.identity",
    guarantee: "G10",
    weak: "the identity passes for an element, and no self-test asks",
    edits: [
      {
        file: "packages/crypto/src/scalars.ts",
        from: "bad |= isZero(points, at, POINT_BYTES) | ((points[at + POINT_BYTES - 1] ?? 0) >> 7);",
        to: "bad |= (points[at + POINT_BYTES - 1] ?? 0) >> 7;",
      },
      {
        file: "packages/crypto/src/self-test.ts",
        from: '  check("identity as a sum", () => hex(group.subEach(B, B)), REFUSAL);\n',
        to: "",
      },
      {
        file: "packages/crypto/src/self-test.ts",
        from: '  check("identity as a product", () => hex(group.mulSame(new Uint8Array(SCALAR_BYTES), B)), REFUSAL);\n',
        to: "",
      },
      {
        file: "packages/crypto/src/self-test.ts",
        from: `  "${"0".repeat(64)}",\n`,
        to: "",
      },
    ],
    test: { file: "packages/crypto/test/dleq.test.ts", name: "the identity, as key, item or reply" },
  },
  {
    id: "value.repaired",
    guarantee: "G10",
    weak: "a number whose check digit is wrong is taken all the same",
    edits: [
      {
        file: "packages/wire/src/kinds/numbers.ts",
        from: 'if (!check(Array.from(value, Number))) return reject("check-digit");',
        to: 'if (check(Array.from(value, Number)) === undefined) return reject("check-digit");',
      },
    ],
    test: { file: "packages/wire/test/kinds-numbers.test.ts", name: "" },
  },
];
