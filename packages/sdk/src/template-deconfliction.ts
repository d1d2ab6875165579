// SPDX-License-Identifier: Apache-2.0
import { type QuestionTemplate, why } from "./template-parts.ts";

/** Desks of two agencies that look at the same hear of it, and nobody else does. */
export const DECONFLICTION: QuestionTemplate = {
  name: "deconfliction",
  summary: "do our desks and another agency's look at the same: both hear of it, and nobody else",
  text: `# Do desks of the two of us look at the same person, company, vessel, place, …? (class E)
#
# Each agency keeps a register of what its desks look at: koplamp interest add. One question for each pair of agencies,
# approved once for all its runs. The covenant lists the register of both: dataset koplamp-interests, column interest.
#
# Who learns what
#   the recipient     both desks: which of their own interests the other agency has too, and since when: "contact each
#                     other". Of all the rest of the other register nothing, nor how much is in it
#   each other party  that a run took place between the two; not that there was news, or a hit
#   the coordinator   the same: every run has as many messages of the same sizes
#   nobody            an interest that the other does not have, a case, or the name of a desk
# The agency in \`with\` hears of a hit as the asker's node reports it. What is withdrawn meets nobody from then on.
${why("who-else-looks", "E", "desks have crossed each other unknowingly")}
ask:
  kind: deconflict
  asker: kmar
  with: douane
  place: geohash-6                            # cells of about 1.2 by 0.6 km; geohash-5: about 4.9 by 4.9 km
  time: hour                                  # or day
recipients: [douane, kmar]                    # both, always
expires: 2027-12-31
schedule: { every: PT1H, runs: 700, from: 2027-01-01 }   # 24 runs a day take 6144 of lookupsPerDay
`,
};
