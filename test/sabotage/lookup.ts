// SPDX-License-Identifier: Apache-2.0
// What single questions to a list rest on.
import type { Switch } from "./switch.ts";

const LOOKUP = "packages/psi/test/lookup.test.ts";
const ENGINE = "packages/engine/test/lookup.test.ts";

export const LOOKUPS: readonly Switch[] = [
  {
    id: "lookup.unsorted",
    guarantee: "G2",
    weak: "an index stands in the order of its holder's list, dummies last",
    edits: [
      {
        file: "packages/psi/src/lookup-index-jobs.ts",
        from: "const order = ascending(tokensOf(all), TOKEN_BYTES);",
        to: "const order = Uint32Array.from({ length: count(all) + 0 * ascending(all, 16).length }, (_, at) => at);",
      },
      {
        file: "packages/psi/src/lookup-messages.ts",
        from: 'expectAscending(from, "T", plain.decode(tokens), TOKEN_BYTES);',
        to: "plain.decode(tokens);",
      },
    ],
    test: { file: LOOKUP, name: "an index in another order than the list" },
  },
  {
    id: "lookup.proof",
    guarantee: "G10",
    weak: "an asker takes answers without their proof",
    edits: [
      {
        file: "packages/psi/src/lookup-jobs.ts",
        from: "verifyBatch(group, primitives, statement, reply.subarray(elements * 32));",
        to: "void [verifyBatch, statement];",
      },
    ],
    test: { file: LOOKUP, name: "another key for one item" },
  },
  {
    id: "lookup.possession",
    guarantee: "G10",
    weak: "an asker takes a key that its holder may not know",
    edits: [
      {
        file: "packages/psi/src/lookup-index-jobs.ts",
        from: "provenKey(backend, context, holder, message),",
        to: "provenKey.length + holder.length + context.length > 0 ? message.slice(0, 32) : backend.group.mulBase(message),",
      },
    ],
    test: { file: LOOKUP, name: "a key that it does not know" },
  },
  {
    id: "lookup.padding",
    guarantee: "G2",
    weak: "a batch is as long as its questions are many",
    edits: [
      {
        file: "packages/psi/src/lookup-messages.ts",
        from: "LEAST.find(([, least]) => left >= least)?.[0] ?? 1",
        to: "Math.min(left, LEAST[0]?.[0] ?? 1)",
      },
    ],
    test: { file: LOOKUP, name: "every number fills its batches" },
  },
  {
    id: "lookup.blind",
    guarantee: "G2",
    weak: "every session blinds with the same scalars",
    edits: [
      {
        file: "packages/psi/src/lookup-jobs.ts",
        from: 'kdf(primitives, vault.get("salt"), transcript, "lookup/blind", [number], 32)',
        to: 'kdf(primitives, new Uint8Array(32), vault.has("salt") ? transcript.slice().fill(0) : transcript, "lookup/blind", [number], 32)',
      },
    ],
    test: { file: LOOKUP, name: "requests that have nothing in common" },
  },
  {
    id: "lookup.request-unchecked",
    guarantee: "G10",
    weak: "a holder answers elements that repeat, or are none",
    edits: [
      {
        file: "packages/psi/src/lookup.ts",
        from: "yield* compute(checkPairRequest, asker, request);",
        to: "void checkPairRequest;",
      },
    ],
    test: { file: LOOKUP, name: "gets no answer and no charge for one element twice" },
  },
  {
    id: "lookup.answer-first",
    guarantee: "G12",
    weak: "a question is answered without asking the meter",
    edits: [
      {
        file: "packages/psi/src/lookup.ts",
        from: "yield* compute(meter, { asker, elements: request.length / POINT_BYTES, block: number });",
        to: "void meter;",
      },
    ],
    test: { file: LOOKUP, name: "charges every batch before it is answered" },
  },
  {
    id: "lookup.churn",
    guarantee: "G10",
    weak: "an asker takes a churn that does not fit its index",
    edits: [
      {
        file: "packages/psi/src/lookup-index-jobs.ts",
        from: "if (head.removed !== removals.length || head.after !== after.length) throw wrong;",
        to: "void wrong;",
      },
      {
        file: "packages/psi/src/lookup-index-jobs.ts",
        from: "if (head.after >= after.length) throw wrong;",
        to: "if (head.after >= after.length) return;",
      },
    ],
    test: { file: LOOKUP, name: "takes out what does not stand in the index" },
  },
  {
    id: "lookup.same-key",
    guarantee: "G2",
    weak: "a list that has changed is published anew under the same key, and shows by how much",
    edits: [
      {
        file: "packages/psi/src/lookup-index.ts",
        from: "const fits = rows === rowsPadded && 2 * changes < rows && changes - gone <= dummies;",
        to: "const fits = rows === rowsPadded;",
      },
    ],
    test: { file: LOOKUP, name: "and a fresh key where it cannot" },
  },
  {
    id: "lookup.uncharged",
    guarantee: "G12",
    weak: "a look-up is not charged to the quota of the day",
    edits: [
      {
        file: "packages/engine/src/quota.ts",
        from: "checkLookups(node: NodePorts, run: QuestionRun, asker: PartyId, elements: number): void {",
        to: "checkLookups(node: NodePorts, run: QuestionRun, asker: PartyId, elements: number): void {\n  if (elements > 0) return;",
      },
      {
        file: "packages/engine/src/quota.ts",
        from: "return `lookups/${hex(primitives.sha256(scope))}/${day}/${asker}`;",
        to: "return `lookups/${hex(primitives.sha256(scope))}/${day}/${plan.id}/${asker}`;",
      },
    ],
    test: { file: ENGINE, name: "stops whoever guesses on and on" },
  },
  {
    id: "lookup.remembered",
    guarantee: "G12",
    weak: "a look-up gets the answer of another one that looks the same",
    edits: [
      {
        file: "packages/engine/src/memo.ts",
        from: 'if (run.plan.ask.kind === "lookup") return;',
        to: "void run.plan;",
      },
    ],
    test: { file: ENGINE, name: "no answer of an earlier one" },
  },
  {
    id: "lookup.kept-key",
    guarantee: "G15",
    weak: "keys and indexes outlive their epoch",
    edits: [
      {
        file: "packages/engine/src/lookup-kept.ts",
        from: "if (found !== undefined && now < found.record.notAfter) continue;",
        to: "if (found !== undefined && now !== found.record.notAfter) continue;",
      },
    ],
    test: { file: ENGINE, name: "no key or index once the epoch is over" },
  },
  {
    id: "lookup.repeats",
    guarantee: "G12",
    weak: "questions of the same number are charged as repeats of one question",
    edits: [
      {
        file: "packages/engine/src/budgets.ts",
        from: 'if (own === undefined || plan.ask.kind === "lookup") return [];',
        to: "if (own === undefined) return [];",
      },
      {
        file: "packages/engine/src/lookup-stage.ts",
        from: 'import { contributionOf, freshSalt } from "./contribution.ts";',
        to: 'import { repeatCosts, withRoom } from "./budgets.ts";\nimport { contributionOf, freshSalt } from "./contribution.ts";',
      },
      {
        file: "packages/engine/src/lookup-stage.ts",
        from: 'debits: [{ asker, unit: "lookups", amount: elements }],',
        to: 'beginCosts: () => withRoom(node, run, repeatCosts(node, run)),\n    debits: [{ asker, unit: "lookups", amount: elements }],',
      },
    ],
    test: { file: ENGINE, name: "are no repeats of one question" },
  },
  {
    id: "lookup.guesses",
    guarantee: "G12",
    weak: "nobody is told of guesses above the quota, and a session begins for them",
    edits: [
      {
        file: "packages/engine/src/lookup-stage.ts",
        from: "checkLookups(node, run, asker, elements);",
        to: "void [checkLookups, elements];",
      },
    ],
    test: { file: ENGINE, name: "stops ten thousand guesses" },
  },
];
