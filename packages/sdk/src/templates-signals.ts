// SPDX-License-Identifier: Apache-2.0
// A round of signals in two questions: first how many, and only then, by an approval of its own, which.
import { type QuestionTemplate, why } from "./template-parts.ts";

/** The first half: numbers, and no entity. */
export const SIGNALS_HOW_MANY: QuestionTemplate = {
  name: "signals-how-many",
  summary: "a round of signals, first half: how many entities do one, two, three agencies know",
  text: `# How many accounts does each number of agencies see in this phenomenon? (class B)
#
# The first half of a round of signals: whether the second half (template signals-which) is proportionate, and at which
# number of agencies it should begin, is decided on this answer.
#
# Who learns what
#   the recipient     how many accounts exactly one, two, three, … agencies know, and no account
#   each other party  that the question was asked, and how long the others' lists are, rounded up
#   the coordinator   a pattern of pseudonyms: how many parties hold the same one. It cannot tell which account it is;
#                     together with a party it can, for the accounts of that party
#   nobody            an account, or whose it is
${why("signals-how-many", "B", "several agencies meet the same accounts")}
ask:
  kind: overlap-count
  key: [iban]                                 # what an entity is known by: iban, kvk, bsn, imo, plate, …
  from: { politie: signals, fiod: signals, douane: signals, kmar: signals }   # party: dataset, the signals alone
  shape: histogram
recipients: [politie]
release: { minCount: 10, minContributors: 1 } # a number below is withheld
expires: 2027-12-31
`,
};

/** The second half: the entities, to those who hold them. */
export const SIGNALS_WHICH: QuestionTemplate = {
  name: "signals-which",
  summary: "a round of signals, second half: which of my entities do at least three agencies know",
  text: `# Which of my own accounts do at least three agencies see in this phenomenon? (class F)
#
# The second half of a round of signals, with approvals of its own. Say in \`indication\` what the first half
# (template signals-how-many) told, and ask for a number of agencies at which few are left.
#
# Who learns what
#   the recipient     which of its own accounts at least three agencies know, and how many do. Of an account that fewer
#                     know it learns nothing, nor does its node
#   each other party  the same of its own accounts, where it is a recipient; otherwise that the question was asked
#   the coordinator   a pattern of pseudonyms: which parties hold the same one, of those that at least three hold. It
#                     cannot tell which account it is; together with a party it can, for all accounts of that party
#   nobody            an account that it does not hold itself
${why("signals-which", "F", "the count found accounts that three agencies or more know")}
ask:
  kind: match
  key: [iban]
  from: { politie: signals, fiod: signals, douane: signals, kmar: signals }
  atLeast: 3
  tell: count                                 # or holders: then also who they are, as the coordinator reports it
  # flaggedBy: { urgent: true }               # only what one of its holders has marked so
recipients: [politie, fiod, douane, kmar]
release: { minCount: 1, minContributors: 1 }
expires: 2027-12-31
`,
};
