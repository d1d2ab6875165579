// SPDX-License-Identifier: Apache-2.0
// What bounds questions that follow each other: the stored answer, and what the agreement's budgets hold.
import type { Switch } from "./switch.ts";

export const BUDGETS: readonly Switch[] = [
  {
    id: "quota.roster",
    guarantee: "G12",
    weak: "the next roster, with another coordinator, has a quota of its own",
    edits: [
      {
        file: "packages/engine/src/key-set.ts",
        from: "keySetScope({ covenantHash, protocol,",
        to: "keySetScope({ rosterHash: covenantHash, protocol,",
      },
    ],
    test: { file: "packages/engine/test/enumeration.test.ts", name: "finds the quota spent whoever asks" },
  },
  {
    id: "memo.off",
    guarantee: "G12",
    weak: "the same question on the same data runs again",
    edits: [
      {
        file: "packages/engine/src/memo.ts",
        from: "return hasAnswer(node, run, planHash) ? { planHash, at } : undefined;",
        to: "return hasAnswer(node, run, planHash) && at < planHash ? undefined : undefined;",
      },
    ],
    test: { file: "packages/engine/test/repeats.test.ts", name: "is answered from what is kept" },
  },
  {
    id: "memo.stale",
    guarantee: "G12",
    weak: "a stored answer is given for data that have changed",
    edits: [
      {
        file: "packages/engine/src/memo.ts",
        from: "if (!equal(fromBase64(data), dataOf(node, run))) return undefined;",
        to: "if (!equal(fromBase64(data), fromBase64(data))) return undefined;",
      },
    ],
    test: { file: "packages/engine/test/repeats.test.ts", name: "is not the same when a list has changed" },
  },
  {
    id: "memo.longer",
    guarantee: "G15",
    weak: "asking again keeps an answer beyond its own term",
    edits: [
      {
        file: "packages/engine/src/outcome-kept.ts",
        from: 'if (outcome.status !== "released" || outcome.stored === undefined) return outcome;\n  const { result, bundle, ...rest } = outcome;\n  return rest;',
        to: "return outcome;",
      },
    ],
    test: { file: "packages/engine/test/repeats.test.ts", name: "keeps no answer longer" },
  },
  {
    id: "repeats.off",
    guarantee: "G12",
    weak: "a question may be run again as often as somebody likes",
    edits: [
      {
        file: "packages/engine/src/budgets.ts",
        from: "const key = substanceKey(node, plan);",
        to: "const key = substanceKey(node, { ...plan, purpose: plan.salt });",
      },
    ],
    test: { file: "packages/engine/test/repeats.test.ts", name: "are charged when a session begins" },
  },
  {
    id: "repeats.renamed",
    guarantee: "G12",
    weak: "a question under another name is another question to the budget of repeats",
    edits: [
      {
        file: "packages/query/src/identity.ts",
        from: "    class: queryClass,\n    purpose,\n    ask:",
        to: "    class: queryClass,\n    purpose,\n    more,\n    ask:",
      },
      {
        file: "packages/query/src/identity.ts",
        from: "substanceOf({ class: queryClass, purpose, ask, inputs, recipients }: Plan)",
        to: "substanceOf({ class: queryClass, purpose, ask, inputs, recipients, id: more }: Plan)",
      },
    ],
    test: { file: "packages/engine/test/repeats.test.ts", name: "are charged when a session begins" },
  },
  {
    id: "exact-cells.off",
    guarantee: "G12",
    weak: "exact cells are told without being charged",
    edits: [
      {
        file: "packages/engine/src/budgets.ts",
        from: "amount: BigInt(amount) },\n    limit: BigInt(exactCells),",
        to: "amount: 0n * BigInt(amount) },\n    limit: BigInt(exactCells),",
      },
    ],
    test: { file: "packages/engine/test/budgets.test.ts", name: "refuse what would pass them" },
  },
  {
    id: "exact-cells.unverified",
    guarantee: "G14",
    weak: "a verifier takes a ledger's word for what was charged",
    edits: [
      {
        file: "packages/ledger/src/check-budgets.ts",
        from: "if (stated.join() === expected.join()) return undefined;",
        to: "if (stated.length <= expected.length) return undefined;",
      },
    ],
    test: { file: "packages/ledger/test/budgets.test.ts", name: "fails for" },
  },
  {
    id: "difference.off",
    guarantee: "G12",
    weak: "two answers may differ by a single person",
    edits: [
      {
        file: "packages/engine/src/history-rule.ts",
        from: 'return changed > 0 && (large || inner || outer) ? "rows" : undefined;',
        to: 'return changed < 0 && (large || inner || outer) ? "rows" : undefined;',
      },
    ],
    test: { file: "packages/engine/test/history.test.ts", name: "finds nothing where cells must have three" },
  },
  {
    id: "difference.party",
    guarantee: "G12",
    weak: "the same sum may be asked with and without one party",
    edits: [
      {
        file: "packages/engine/src/history-rule.ts",
        from: 'if (this.#alone && inner && outer) return "party";',
        to: 'if (this.#alone && inner && outer && changed < 0) return "party";',
      },
    ],
    test: { file: "packages/engine/test/history.test.ts", name: "is refused by whoever told its part" },
  },
  {
    id: "difference.nested",
    guarantee: "G12",
    weak: "cells that nobody stands in twice are not compared, though one lies in the other",
    edits: [
      {
        file: "packages/engine/src/history-rule.ts",
        from: "return this.#first(this.#apart(now)) ?? this.#first(this.#apart(turned(before)));",
        to: "return this.#first(this.#apart(now)) && this.#first(this.#apart(turned(before)));",
      },
    ],
    test: { file: "packages/engine/test/history-rule.test.ts", name: "looking at every pair of cells" },
  },
  {
    id: "difference.counts",
    guarantee: "G12",
    weak: "an asker's node counts its list with and without one key",
    edits: [
      {
        file: "packages/engine/src/history-rows.ts",
        from: 'if (plan.ask.kind === "match") return undefined;',
        to: 'if (plan.ask.kind !== "aggregate") return undefined;',
      },
    ],
    test: { file: "packages/engine/test/history.test.ts", name: "of S and of S with x" },
  },
  {
    id: "difference.late",
    guarantee: "G12",
    weak: "answers are compared when they begin, and not when they are told",
    edits: [
      {
        file: "packages/engine/src/history.ts",
        from: "  expectApart(node, run, release);\n  const name = nameOf(node, run);",
        to: "  const name = nameOf(node, run);",
      },
    ],
    test: {
      file: "packages/engine/test/history.test.ts",
      name: "is not quicker with both questions at once",
    },
  },
  {
    id: "difference.forgotten",
    guarantee: "G12",
    weak: "with its question a node forgets from which rows it answered",
    edits: [
      {
        file: "packages/engine/src/history.ts",
        from: "return until <= now ?",
        to: 'return until <= "9" + now ?',
      },
    ],
    test: { file: "packages/engine/test/history.test.ts", name: "outlives the question" },
  },
  {
    id: "difference.subject",
    guarantee: "G12",
    weak: "a person is another one as soon as anything in its row is",
    edits: [
      {
        file: "packages/engine/src/history-rows.ts",
        from: "const one = subjects.at(row) ?? null;",
        to: "const one = subjects[-1 - row] ?? null;",
      },
    ],
    test: { file: "packages/engine/test/history-rows.test.ts", name: "are subjects, whatever else" },
  },
  {
    id: "difference.pairs",
    guarantee: "G12",
    weak: "a count of two under a key of its own is compared with nothing",
    edits: [
      {
        file: "packages/engine/src/pair-stage.ts",
        from: "if (held?.release !== undefined) keepRelease(node, run, held.release);",
        to: "if (held?.release === null) keepRelease(node, run, held.release);",
      },
    ],
    test: { file: "packages/engine/test/history.test.ts", name: "in mode pairs.local is compared too" },
  },
];
