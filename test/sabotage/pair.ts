// SPDX-License-Identifier: Apache-2.0
// What a match or a count between two rests on, under a key for one session.
import type { Switch } from "./switch.ts";

const MATCH = "packages/psi/test/match-pair.test.ts";
const COUNT = "packages/psi/test/pair-count.test.ts";

export const PAIR: readonly Switch[] = [
  {
    id: "pair.unblinded",
    guarantee: "G1",
    weak: "a blind count sends H1 of its items without a scalar",
    edits: [
      {
        file: "packages/psi/src/pair-jobs.ts",
        from: "sortedRows(group.mulSame(vault.get(SCALAR), hashed), POINT_BYTES);",
        to: "sortedRows(hashed.slice(), POINT_BYTES);",
      },
    ],
    test: { file: COUNT, name: "shows nothing of the items" },
  },
  {
    id: "pair.atmost",
    guarantee: "G2",
    weak: "the contract of a blind count does not say what an asker that deviates learns",
    edits: [
      {
        file: "packages/psi/src/pair-count-description.ts",
        from: "atMost: of(atMost) };",
        to: "atMost: of(atMost).slice(1) };",
      },
    ],
    test: { file: COUNT, name: "learns the whole intersection" },
  },
  {
    id: "pair.local-memory",
    guarantee: "G2",
    weak: "the contract of a local count does not say what the counting node holds in memory",
    edits: [
      {
        file: "packages/psi/src/pair-count-description.ts",
        from: "learns: [...sizes, ...numbers, ...of(learns)]",
        to: "learns: [...sizes, ...numbers, ...of(learns).slice(1)]",
      },
    ],
    test: { file: "packages/psi/test/description.test.ts", name: "count.local" },
  },
  {
    id: "pair.floor",
    guarantee: "G2",
    weak: "a count below minCount is told",
    edits: [
      {
        file: "packages/psi/src/pair-count.ts",
        from: "shownFrom(shared, setup.minCount)",
        to: "shared + 0 * setup.minCount",
      },
    ],
    test: { file: "packages/engine/test/pair.test.ts", name: "withholds what is below minCount" },
  },
  {
    id: "exposure.pair-tests",
    guarantee: "G2",
    weak: "an exposure leaves out what an asker of a blind count learns by deviating",
    edits: [
      {
        file: "packages/engine/src/exposure.ts",
        from: '(fact !== "test-evaluated" || ofOneSession)',
        to: '(fact !== "test-evaluated" || !about)',
      },
    ],
    test: { file: "packages/engine/test/pair.test.ts", name: "what an exposure says of pairs" },
  },
  {
    id: "exposure.pair",
    guarantee: "G2",
    weak: "an exposure takes a key of one session for one of the epoch",
    edits: [
      {
        file: "packages/engine/src/exposure.ts",
        from: "if (protocol.epoch === null || isPairProtocol(protocol.id)) return undefined;",
        to: "if (protocol.epoch === null) return undefined;",
      },
    ],
    test: { file: "packages/engine/test/pair.test.ts", name: "what an exposure says of pairs" },
  },
  {
    id: "pair.mode-swapped",
    guarantee: "G2",
    weak: "a plan may name one mode in its question and run the protocol of another",
    edits: [
      {
        file: "packages/query/src/choose.ts",
        from: "if (protocol.id === chosen || isStricter(ask, protocol.id)) return;",
        to: "if (protocol.id !== ask.kind) return;",
      },
    ],
    test: { file: "packages/query/test/pair.test.ts", name: "no plan promises one mode and runs another" },
  },
  {
    id: "pair.proposed",
    guarantee: "G9",
    weak: "a node takes a proposer's word for keys of the epoch between two",
    edits: [
      {
        file: "packages/query/src/choose.ts",
        from: "if (protocol.id === chosen || isStricter(ask, protocol.id)) return;",
        to: "if (protocol.id === chosen || chosen === PAIR.protocol) return;",
      },
    ],
    test: { file: "packages/query/test/pair.test.ts", name: "a node refuses a plan that takes less" },
  },
  {
    id: "pair.sensitive",
    guarantee: "G9",
    weak: "sensitive data take a key that outlives the question",
    edits: [
      {
        file: "packages/query/src/choose.ts",
        from: "if (mode === undefined || !strict || !sensitive || once) return TOKENS;",
        to: "if (mode !== undefined || !strict || !sensitive || once) return TOKENS;",
      },
    ],
    test: { file: "packages/query/test/pair.test.ts", name: "over sensitive data tokens cannot be had" },
  },
  {
    id: "pair.default",
    guarantee: "G9",
    weak: "two parties match under keys of the epoch although nobody asked for it",
    edits: [
      {
        file: "packages/query/src/choose.ts",
        from: 'if (mode === "pair" || (mode === undefined && strict)) return PAIR;',
        to: 'if (mode === "pair") return PAIR;',
      },
    ],
    test: {
      file: "packages/query/test/pair.test.ts",
      name: "a match of two takes a key for the question",
    },
  },
  {
    id: "pair.person-level",
    guarantee: "G2",
    weak: "a count in a node's memory needs no ground at the level of persons",
    edits: [
      {
        file: "packages/query/src/ceilings.ts",
        from: '(ask.mode === "recipient" || ask.mode === "pairs.local")',
        to: 'ask.mode === "recipient"',
      },
    ],
    test: {
      file: "packages/query/test/pair.test.ts",
      name: "a count in memory, where the covenant allows nothing at the level of persons",
    },
  },
  {
    id: "pair.key-kept",
    guarantee: "G9",
    weak: "a sender has the same key in every session",
    edits: [
      {
        file: "packages/psi/src/pair-jobs.ts",
        from: "const k = group.reduce(stream.subarray(0, UNIFORM_BYTES));",
        to: "const k = group.reduce(new Uint8Array(UNIFORM_BYTES).fill(1));",
      },
    ],
    test: { file: MATCH, name: "has no 16-byte block in common" },
  },
  {
    id: "pair.proof",
    guarantee: "G10",
    weak: "an asker takes the blinds off whatever came",
    edits: [
      {
        file: "packages/psi/src/evaluate-jobs.ts",
        from: "    verifyBatch(group, primitives, statementOf(prover, number, points, evaluated), proof);\n",
        to: "    statementOf(prover, number, points, concat(evaluated, proof, primitives.sha256(points)));\n",
      },
    ],
    test: { file: MATCH, name: "is caught and named with another key for one item" },
  },
  {
    id: "pair.unopened",
    guarantee: "G10",
    weak: "a sender may disclose another list than it had committed to",
    edits: [
      {
        file: "packages/psi/src/pair-jobs.ts",
        from: "if (equal(commitmentTo(primitives, opening), commitment)) return",
        to: "if (commitmentTo(primitives, opening).length === commitment.length) return",
      },
    ],
    test: { file: MATCH, name: "commits to one list and discloses another" },
  },
  {
    id: "pair.unnamed",
    guarantee: "G10",
    weak: "a node names itself for what another one did",
    edits: [
      {
        file: "packages/engine/src/errors.ts",
        from: 'const named = name === "PsiError" || name === "ProtocolError" ? party : "";',
        to: 'const named = name === party ? party : "";',
      },
    ],
    test: { file: "packages/engine/test/pair.test.ts", name: "a holder that deviates is named" },
  },
  {
    id: "pair.commit-late",
    guarantee: "G10",
    weak: "a sender commits to its list after it has seen the other's root",
    edits: [
      {
        file: "packages/psi/src/pair-parts.ts",
        from: "  for (const part of partsOf(session)) begun.push(yield* begin(session, talk, part, shards, rng));\n",
        to: "",
      },
      {
        file: "packages/psi/src/pair-parts.ts",
        from: "senders: parties, mine: root });\n",
        to: "senders: parties, mine: root });\n  for (const part of partsOf(session)) begun.push(yield* begin(session, talk, part, shards, rng));\n",
      },
    ],
    test: { file: MATCH, name: "binds the sender to its list" },
  },
  {
    id: "pair.unsorted",
    guarantee: "G10",
    weak: "tokens and sorted elements of a pair may come in any order, and twice",
    edits: [
      {
        file: "packages/psi/src/pair-messages.ts",
        from: "if (compareAt(rows, at - width, rows, at, width) >= 0) {",
        to: "if (compareAt(rows, at - width, rows, at, 0) > 0) {",
      },
    ],
    test: { file: "packages/psi/test/messages.test.ts", name: "of a pair name who sent them" },
  },
  {
    id: "pair.request-unchecked",
    guarantee: "G10",
    weak: "a request may name one element twice",
    edits: [
      {
        file: "packages/psi/src/pair-jobs.ts",
        from: "        blaming(from, () => refuseDuplicates(block));\n",
        to: "        if (block.length === 0) refuseDuplicates(block);\n",
      },
    ],
    test: { file: MATCH, name: "gets no answer and no charge for one element twice" },
  },
  {
    id: "pair.unmetered",
    guarantee: "G12",
    weak: "evaluations for a pair are charged to nobody",
    edits: [
      {
        file: "packages/psi/src/pair-blinding.ts",
        from: "      yield* compute(meter, { asker, elements: block.elements, block: block.number });\n",
        to: "      if (block.elements === 0) yield* compute(meter, { asker, elements: 0, block: 0 });\n",
      },
    ],
    test: { file: MATCH, name: "meters each before its answer" },
  },
  {
    id: "pair.uncharged",
    guarantee: "G12",
    weak: "a session of two begins without a charge to the asker's quota",
    edits: [
      {
        file: "packages/engine/src/pair-stage.ts",
        from: "[...withRoom(node, run, repeats()), ...evaluation.costs()]",
        to: "withRoom(node, run, repeats())",
      },
    ],
    test: {
      file: "packages/engine/test/pair.test.ts",
      name: "is charged with the beginning of the session",
    },
  },
  {
    id: "verify.pair-charge",
    guarantee: "G14",
    weak: "a verifier does not look whether a session of two was charged",
    edits: [
      {
        file: "packages/ledger/src/check-quotas.ts",
        from: " ?? miscounted(evidence, proven);",
        to: ";",
      },
    ],
    test: {
      file: "packages/ledger/test/pair.test.ts",
      name: "fails where a session was begun with no charge",
    },
  },
];
