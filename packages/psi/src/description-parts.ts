// SPDX-License-Identifier: Apache-2.0
// What the descriptions of this package share.
import type { Assumption, Description, Item, PartyId, Together } from "@koplamp/protocol";

/** Stands for each party in a rule about coalitions (evidence.md, section 3). */
const ANY_PARTY: PartyId = "any";

/** What taking part shows to everybody: that the others do, when, and the bucket of each list. */
export function presence(
  who: PartyId,
  parties: readonly PartyId[],
  rowsPadded: Readonly<Record<PartyId, number>>,
): readonly Item[] {
  const others = parties.filter((party) => party !== who);
  return [
    { fact: "took-part", about: others, bound: "this session" },
    { fact: "timing", about: others, bound: "when messages came" },
    ...others.map((party): Item => ({ fact: "size-padded", about: [party], bound: rowsPadded[party] ?? 0 })),
  ];
}

/** What s_x of earlier and later evaluations is good for, as long as the key set lives. */
export function testable(others: readonly PartyId[], quota: number): Item {
  return {
    fact: "test-evaluated",
    about: others,
    bound: quota,
    because:
      "tokens can be compared with every item evaluated in the epoch, not only with this question's list",
  };
}

/** Parties can share what they have had evaluated: one rule for every coalition. */
export function pooledTests(parties: readonly PartyId[]): Together {
  return {
    who: [ANY_PARTY],
    item: {
      fact: "test-evaluated",
      about: parties,
      bound: "sum of members' quotas",
      because: "members can share the items that each of them had evaluated in the epoch",
    },
  };
}

/** What every protocol over tokens of this package rests on (protocols.md, section 5). */
export const TOKEN_ASSUMPTIONS: readonly Assumption[] = [
  {
    id: "one-more-diffie-hellman",
    text: "Nobody computes evaluations in ristretto255 without the holders (gap one-more Diffie-Hellman, SHA-512 as a random oracle).",
    ifFalse: "Whoever can, tests any item against the tokens that it holds, without anybody's quota.",
  },
  {
    id: "authentic-nodes",
    text: "Each node's identity key is its own, and messages are sealed from node to node.",
    ifFalse: "A node that passes for another receives what is meant for that one.",
  },
  {
    id: "true-inputs",
    text: "Parties bring the lists that they say they bring.",
    ifFalse:
      "Invented items test the others' lists, within the quota; left-out items are missed. No protocol prevents it.",
  },
];

/** Several descriptions as one: the sessions of one question. Rows that say the same stand once for each session. */
export function mergeDescriptions(...parts: readonly Description[]): Description {
  const assumptions = new Map(parts.flatMap((part) => part.assumptions).map((found) => [found.id, found]));
  return {
    disclosures: parts.flatMap((part) => part.disclosures),
    outputs: parts.flatMap((part) => part.outputs),
    egress: parts.flatMap((part) => part.egress),
    debits: parts.flatMap((part) => part.debits),
    views: parts.flatMap((part) => part.views),
    together: parts.flatMap((part) => part.together),
    assumptions: [...assumptions.values()],
  };
}
