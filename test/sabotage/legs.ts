// SPDX-License-Identifier: Apache-2.0
// What a question in several shards rests on when a party or the coordinator dies in the middle.
import type { Switch } from "./switch.ts";

const WORDS = "packages/engine/src/leg-words.ts";
const SHARD_BY_SHARD = "packages/engine/src/shards.ts";
const RUNS = "packages/engine/test/legs.test.ts";
const HEARD = "packages/engine/test/leg-words.test.ts";

export const LEGS: readonly Switch[] = [
  {
    id: "legs.forgotten",
    guarantee: "G13",
    weak: "a node that was started again has every shard run once more",
    edits: [
      {
        file: WORDS,
        from: "const at = takesPart ? keptShards(this.#node, planHash).length : plan.protocol.shards;",
        to: "const at = takesPart ? 0 : plan.protocol.shards;",
      },
    ],
    test: { file: RUNS, name: "none of those before it" },
  },
  {
    id: "legs.cut-anew",
    guarantee: "G13",
    weak: "after an interruption the lists are cut in another way, and items of finished shards are lost",
    edits: [
      {
        file: SHARD_BY_SHARD,
        from: "return leg === undefined || leg.kept.length === 0 ? undefined : keptCut(node, planHash).shardAt;",
        to: "return leg === undefined || planHash !== undefined ? undefined : keptCut(node, planHash).shardAt;",
      },
    ],
    test: { file: RUNS, name: "none of those before it" },
  },
  {
    id: "legs.unnumbered",
    guarantee: "G5",
    weak: "a shard that was interrupted is begun again under the label that it had",
    edits: [
      {
        file: SHARD_BY_SHARD,
        from: "...(leg?.kept.length === shard ? { begun: leg.begun } : {}),",
        to: "...(leg?.kept.length === shard ? { begun: 0 } : {}),",
      },
    ],
    test: { file: RUNS, name: "shows all of it, at session.end" },
  },
  {
    id: "legs.endless",
    guarantee: "G5",
    weak: "a shard is begun again as often as somebody interrupts it",
    edits: [
      {
        file: WORDS,
        from: "if (begun > MOST_REPEATS && at < shards)",
        to: "if (begun > MOST_REPEATS * 50 && at < shards)",
      },
    ],
    test: { file: RUNS, name: "interrupted three times" },
  },
  {
    id: "legs.told-anybody",
    guarantee: "G2",
    weak: "whoever knows the name of a plan hears that it has an answer",
    edits: [
      { file: WORDS, from: " && partiesOf(kept.plan).includes(from) ? kept", to: " && partiesOf ? kept" },
    ],
    test: { file: HEARD, name: "and to nobody else" },
  },
  {
    id: "legs.strangers",
    guarantee: "G10",
    weak: "a stranger ends a question in shards with a letter that is none",
    edits: [
      {
        file: WORDS,
        from: "if (words?.run.others.includes(from)) words.run.stop(error);",
        to: "words?.run.stop(error);",
      },
    ],
    test: { file: HEARD, name: "not by what a stranger sends" },
  },
  {
    id: "legs.kept-on",
    guarantee: "G15",
    weak: "what the shards found stays on disk beside the answer when the question is over",
    edits: [
      {
        file: "packages/engine/src/run-query.ts",
        from: "  dropLegs(node, planHash);\n",
        to: "  void dropLegs;\n",
      },
    ],
    test: { file: RUNS, name: "keeps nothing" },
  },
];
