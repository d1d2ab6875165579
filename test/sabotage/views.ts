// SPDX-License-Identifier: Apache-2.0
// What views at a threshold rest on, and blinds and tables that a match takes for granted.
import type { Switch } from "./switch.ts";

const VIEWS = "packages/psi/test/threshold-views.test.ts";
const MOMENTS = "packages/psi/test/moments.test.ts";
const MATCH = "packages/psi/src/match-threshold.ts";
const COUNT = "packages/psi/src/overlap-threshold.ts";
const MESSAGES = "packages/psi/src/threshold-messages.ts";
const TABLES = "yield* disclose(COORDINATOR, cellsLine(me, shard), tablesCodec(layout), tables);";
const UNGATED = "yield* send(COORDINATOR, tablesCodec(layout), tables);";

export const VIEWED: readonly Switch[] = [
  {
    id: "blind.per-item",
    guarantee: "G1",
    weak: "all items of a request are blinded by one scalar, so that their differences show",
    edits: [
      {
        file: "packages/psi/src/blinded-items.ts",
        from: "const blinds = scalarsFromSeed(group, primitives, seed, elements);",
        to: "const one = scalarsFromSeed(group, primitives, seed, 1);\n    const blinds = new Uint8Array(elements * 32).map((_, at) => one[at % 32] ?? 0);",
      },
    ],
    test: { file: "packages/psi/test/evaluate.test.ts", name: "by a scalar of its own" },
  },
  {
    id: "moment.hit",
    guarantee: "G2",
    weak: "an asker of look-ups is busy for longer after a hit than after none",
    edits: [
      {
        file: "packages/psi/src/lookup.ts",
        from: "return yield* compute(answerBatch, routeOf(setup), prover, batch, request, reply, index.sealed);",
        to: "const hits = yield* compute(answerBatch, routeOf(setup), prover, batch, request, reply, index.sealed);\n  if (hits.includes(1)) yield* compute(sha256Of, reply);\n  return hits;",
      },
    ],
    test: { file: MOMENTS, name: "of lookup/1" },
  },
  {
    id: "moment.items",
    guarantee: "G2",
    weak: "a party of a match is busy for longer where its list has more items",
    edits: [
      {
        file: "packages/psi/src/match-tokens.ts",
        from: "  const root = yield* loadSession(setup.items);",
        to: "  const root = yield* loadSession(setup.items);\n  if (inputCount(setup.items.inputs) > 12) yield* compute(inputRoot, setup.items.inputs);",
      },
    ],
    test: { file: MOMENTS, name: "of match-tokens/1" },
  },
  {
    id: "contract.tests",
    guarantee: "G2",
    weak: "the contract of a match does not say that its lists can be tested with all that was evaluated",
    edits: [
      {
        file: "packages/psi/src/match-tokens.ts",
        from: "atMost: [testable(others(who), quotas[who] ?? 0)] };",
        to: "atMost: [testable(others(who), quotas[who] ?? 0)].slice(1) };",
      },
    ],
    test: { file: "packages/psi/test/views.test.ts", name: "tests a match's lists" },
  },
  {
    id: "share.empty",
    guarantee: "G7",
    weak: "empty cells hold zeros, so that the coordinator counts what a party has, and where",
    edits: [
      {
        file: "packages/psi/src/threshold-cells.ts",
        from: "writeCell(into, to, read25(random, from, 2), receipt);",
        to: "writeCell(into, to, 0 * read25(random, from, 2), new Limbs());",
      },
    ],
    test: { file: VIEWS, name: "look the same to the coordinator" },
  },
  {
    id: "hits.unpadded",
    guarantee: "G2",
    weak: "the coordinator's answer is as long as a party's hits are many",
    edits: [
      {
        file: MESSAGES,
        from: "const bytes = new Uint8Array(rows * HIT_BYTES);",
        to: "const bytes = new Uint8Array(hits.length * HIT_BYTES);",
      },
      {
        file: MESSAGES,
        from: "if (bytes.length !== rows * HIT_BYTES)",
        to: "if (bytes.length > rows * HIT_BYTES)",
      },
    ],
    test: { file: VIEWS, name: "the comparison sees one hit fewer" },
  },
  {
    id: "share.ungated",
    guarantee: "G4",
    weak: "tables leave for the coordinator before their line is on record",
    edits: [{ file: MATCH, from: TABLES, to: UNGATED }],
    test: { file: VIEWS, name: "no table leaves" },
  },
  {
    id: "share.count-ungated",
    guarantee: "G4",
    weak: "tables of a count leave for the coordinator before their line is on record",
    edits: [
      {
        file: COUNT,
        from: "yield* disclose(COORDINATOR, cellsLine(me, shard), codec, { number, tables });",
        to: "yield* send(COORDINATOR, codec, { number, tables });",
      },
    ],
    test: { file: VIEWS, name: "no table leaves" },
  },
  {
    id: "contract.count-pattern",
    guarantee: "G2",
    weak: "the contract of a count at a threshold does not say that the coordinator sees who holds each hit",
    edits: [
      {
        file: COUNT,
        from: "patternOf(pattern),",
        to: "...[patternOf(pattern)].slice(1),",
      },
    ],
    test: { file: "packages/psi/test/overlap-threshold.test.ts", name: "tells the coordinator" },
  },
  {
    id: "contract.count-together",
    guarantee: "G2",
    weak: "the contract of a count at a threshold does not say what a party and the coordinator learn together",
    edits: [
      {
        file: COUNT,
        from: "...parties.map((party) => withCoordinator(parameters, party)),",
        to: "...parties.slice(0, 0).map((party) => withCoordinator(parameters, party)),",
      },
    ],
    test: { file: "packages/psi/test/overlap-threshold.test.ts", name: "tells the coordinator" },
  },
  {
    id: "contract.hits-together",
    guarantee: "G2",
    weak: "the contract of a match at a threshold does not say what a party and the coordinator learn together",
    edits: [
      {
        file: "packages/psi/src/threshold-description.ts",
        from: "together: parties.map((party) => withCoordinator(parameters, party)),",
        to: "together: parties.slice(0, 0).map((party) => withCoordinator(parameters, party)),",
      },
    ],
    test: { file: "packages/psi/test/threshold-description.test.ts", name: "with a party all that" },
  },
  {
    id: "meter.after-reply",
    guarantee: "G12",
    weak: "an evaluation is charged once it has left",
    edits: [
      {
        file: "packages/psi/src/evaluate.ts",
        from: "    yield* compute(meter, { asker, elements: block.elements, block: block.number });\n",
        to: "",
      },
      {
        file: "packages/psi/src/evaluate.ts",
        from: "  yield* send(asker, replyCodec(elements), concat(...parts));\n",
        to: "  yield* send(asker, replyCodec(elements), concat(...parts));\n  for (const block of blocksOf(elements)) yield* compute(meter, { asker, elements: block.elements, block: block.number });\n",
      },
    ],
    test: { file: "packages/psi/test/evaluate.test.ts", name: "the quota is spent" },
  },
];
