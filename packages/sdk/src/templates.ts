// SPDX-License-Identifier: Apache-2.0
// Questions to start from: each says in plain words who learns what, and reads as it stands.
import { DECONFLICTION } from "./template-deconfliction.ts";
import { type QuestionTemplate, why } from "./template-parts.ts";
import { SIGNALS_HOW_MANY, SIGNALS_WHICH } from "./templates-signals.ts";

const COUNT_BY: QuestionTemplate = {
  name: "count-by",
  summary: "how many rows, and how much, per group, over all agencies",
  text: `# How many reports, and how much money, per region, over all agencies together? (class A)
#
# Who learns what
#   the recipient     the number and the sum per region, over all agencies; no cell with fewer than 10 rows or of fewer
#                     than 3 agencies. Its node opens smaller cells too, and withholds them.
#   each other party  that the question was asked, and nothing of anybody's figures
#   the coordinator   who took part, and when
#   nobody            what one agency put in, unless all the others together tell it
${why("reports-per-region", "A", "more reports than last year")}
ask:
  kind: aggregate
  from: { politie: reports, fiod: reports, douane: reports }   # party: dataset
  # where: [ { column: settled, op: "=", value: true } ]       # conditions that all hold: = in >= <
  groupBy: [region]
  domain: { region: [north, east, south, west] }               # public: every party sends every cell, empty ones too
  measures: [count, "sum(amount)"]                             # also mean(column), variance(column), …
recipients: [politie]
release: { minCount: 10, minContributors: 3 }                  # the covenant's floors win when they are stricter
expires: 2027-12-31
`,
};

const JOIN_COUNT_BY: QuestionTemplate = {
  name: "join-count-by",
  summary: "how many keys that all hold, and sums over them, per group of one of them",
  text: `# How many companies that the tax office flags do the police know too, per municipality, and for how much? (class C)
#
# Who learns what
#   the recipient     per municipality: how many companies all three have, and their sums; no group with fewer than 10
#   each other party  that the question was asked, and how long the others' lists are, rounded up; not which of its
#                     companies others have, and nobody's amounts
#   the coordinator   a pattern of pseudonyms: how many parties hold the same one. It cannot tell which company it is;
#                     together with a recipient it could read single rows
#   nobody            which companies they are
${why("fronts-per-municipality", "C", "cash-heavy companies with incidents")}
ask:
  kind: join-aggregate
  key: [kvk]                                                   # the column that they share; unique in each dataset
  from: { kvk: companies, belastingdienst: signals, politie: incidents }
  groupBy: [kvk.municipality]                                  # party.column, of one party
  domain: { kvk.municipality: [GM0344, GM0363, GM0518, GM0599] }   # leave it out to take what its owner declares
  measures: [count, "sum(belastingdienst.cash)", "sum(politie.incidents)"]
recipients: [belastingdienst]
release: { minCount: 10, minContributors: 1 }
expires: 2027-12-31
`,
};

const FLOW: QuestionTemplate = {
  name: "flow",
  summary: "money from where to where, per period, summed over reporters",
  text: `# How much money went from which country to which, per quarter, over all reporters together? (class A)
#
# Who learns what
#   the recipient     the number of transfers and their sum, per origin, destination and quarter, over all reporters;
#                     no cell with fewer than 10 transfers or of fewer than 3 reporters
#   each other party  that the question was asked, and nothing of anybody's figures
#   the coordinator   who took part, and when
#   nobody            an account, or what one reporter put in
# A picture of the answer:  koplamp result answer.json --format svg
${why("money-flows", "A", "cash leaves by new corridors")}
ask:
  kind: aggregate
  from: { fiu-germany: transactions, fiu-nl: transactions, fiu-uk: transactions }
  flow: { origin: sender_country, destination: receiver_country, period: month }
  domain:
    sender_country: [Germany, Netherlands, UK]
    receiver_country: [China, Mexico, Turkey, UAE]
    month: ["2026-01", "2026-02", "2026-03"]
  measures: [count, "sum(amount)"]
recipients: [fiu-nl]
release: { minCount: 10, minContributors: 3 }
expires: 2027-12-31
`,
};

const TREND: QuestionTemplate = {
  name: "trend",
  summary: "early warning: which months are out of the ordinary, every month anew",
  text: `# Which phenomena are out of the ordinary this month, over all agencies together? (class D)
#
# Who learns what
#   the recipient     which months of which phenomenon raise an alarm, and no number. Its node holds the whole summed
#                     series in memory to find out; its software shows the alarms only
#   each other party  that the question ran, and nothing of anybody's figures
#   the coordinator   who took part, and when
#   nobody            what one agency put in
# Approved once for all its runs; whoever takes an approval back ends the series.
${why("early-warning", "D", "a surge was noticed too late last year")}
ask:
  kind: trend
  from: { politie: counts, douane: counts, kmar: counts }
  groupBy: [phenomenon]
  domain:
    phenomenon: [plofkraak, drugslab, ladingdiefstal]
    month:                                    # every month from first to last, those to come too: no gap
      ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06", "2026-07", "2026-08", "2026-09",
       "2026-10", "2026-11", "2026-12", "2027-01", "2027-02", "2027-03", "2027-04", "2027-05", "2027-06"]
  measures: ["sum(offences)"]                 # one measure is watched
  period: month
  alarm: { rule: zscore, window: 12, threshold: 3 }
                                              # zscore: more than 3 deviations above the 12 months before
                                              # seasonal: above the same month of so many years before
                                              # cusum: an excess over the first 12 months that adds up
  reveal: alarms                              # or series: then the recipient gets every number too
recipients: [kmar]
release: { minCount: 10, minContributors: 3 } # a month with less is withheld, and what rests on it stays unknown
expires: 2027-12-31
schedule: { every: P1M, runs: 6, from: 2027-02-01 }   # leave it out to ask once
`,
};

const RATES: QuestionTemplate = {
  name: "rates",
  summary: "a count per group, to be divided by a public number such as inhabitants",
  text: `# How many stolen cars per 1,000 inhabitants, per municipality? (class A)
#
# The question asks for the counts only. The inhabitants are public: divide at home, by the released counts. A rate says
# no more than its count, so that the same rules withhold it.
#
# Who learns what
#   the recipient     the count per municipality, over all agencies; none below 10. What is withheld says only that it
#                     is 0 to 9, and a total is not given where it would tell one of them
#   each other party  that the question was asked, and nothing of anybody's figures
#   the coordinator   who took part, and when
#   nobody            what one agency put in, unless all the others together tell it
${why("stolen-cars-rates", "A", "thefts move to smaller towns")}
ask:
  kind: aggregate
  from: { politie: stolen, rdw: stolen, verzekeraars: stolen }
  groupBy: [municipality]
  domain: { municipality: [GM0344, GM0363, GM0518, GM0599] }
  measures: [count]
recipients: [politie]
release: { minCount: 10, minContributors: 3 }
expires: 2027-12-31
`,
};

const DOUBLE_REPORTING: QuestionTemplate = {
  name: "double-reporting",
  summary: "sums in which an event that several agencies report counts once",
  text: `# How much money was reported per currency, when a transfer that several agencies report counts once? (class A)
#
# Who learns what
#   the recipient     the number of transfers and their sum per currency, each counted once; no cell with fewer than 10
#   each other party  that the question was asked, and how long the others' lists are, rounded up; not who else
#                     reported what it reported
#   the coordinator   a pattern of pseudonyms: how many parties report the same one. It cannot tell which transfer it
#                     is; together with a recipient it could read single rows
#   nobody            who reports the same
${why("reported-once", "A", "sums over agencies count the same money twice")}
ask:
  kind: aggregate
  from: { politie: reports, fiod: reports, douane: reports }
  groupBy: [currency]
  domain: { currency: [Euro, US Dollar, Bitcoin] }
  measures: [count, "sum(amount)"]
  distinctBy: [timestamp, from_account, to_account, amount_key]   # the columns that name an event
recipients: [fiod]
release: { minCount: 10, minContributors: 1 }
expires: 2027-12-31
`,
};

/** The templates, least intrusive first. */
export const QUESTION_TEMPLATES: readonly QuestionTemplate[] = [
  COUNT_BY,
  RATES,
  FLOW,
  DOUBLE_REPORTING,
  JOIN_COUNT_BY,
  TREND,
  SIGNALS_HOW_MANY,
  SIGNALS_WHICH,
  DECONFLICTION,
];
