// SPDX-License-Identifier: Apache-2.0

/** What a bundle promises, in the order in which a report tells it. */
const PROMISES = [
  "bundle",
  "covenant",
  "roster",
  "plan",
  "contract",
  "approvals",
  "quotas",
  "ledgers",
  "disclosed",
  "order",
  "egress",
  "receipts",
  "erasure",
] as const;

export type PromiseName = (typeof PROMISES)[number];

/** Whether a promise holds. SKIP says in its detail why nothing was checked. */
export type Verdict = "PASS" | "FAIL" | "SKIP";

/** What one check found. */
export interface Finding {
  readonly verdict: Verdict;
  readonly detail: string;
}

/** One line of a report. */
export interface ReportLine extends Finding {
  readonly promise: PromiseName;
  readonly sentence: string;
  /** The articles that it serves. No lawyer has checked them yet. */
  readonly article: string;
}

/** What the verification of a bundle found, for a console or a page to print. */
export interface Report {
  readonly verdict: "VERIFIED" | "FAILED";
  readonly passed: number;
  readonly lines: readonly ReportLine[];
  /** The first promise that is broken. */
  readonly broken?: PromiseName;
}

const SENTENCES: Readonly<Record<PromiseName, string>> = {
  bundle: "Every file is the one that the signed index names.",
  covenant: "The agreement is the one that you trust, and every party has signed it.",
  roster: "Every party has signed who takes part, and with which keys.",
  plan: "An analyst of the asking party has signed the question.",
  contract: "Who learns what follows from the question and the agreement alone.",
  approvals: "Two people of every party have approved exactly this.",
  quotas: "No party has had more evaluated than was agreed.",
  ledgers: "Every entry stands in its party's ledger, and the witnesses have seen it.",
  disclosed: "What was disclosed is what the contract lists, and nothing else.",
  order: "Everything was logged and witnessed before it was opened.",
  egress: "What left each node, as it counted itself, is what the contract lists.",
  receipts: "The recipients have acknowledged what they were given.",
  erasure: "What had to be erased by now is erased.",
};

/** Articles that a promise serves, as the legal map of the design has them: read in secondary sources, or from memory. */
const ARTICLES: Readonly<Record<PromiseName, string>> = {
  bundle: "Wpg 33",
  covenant: "WGS, BGS",
  roster: "Wpg 6",
  plan: "LED 4, 8; GDPR 5, 6",
  contract: "LED 20; GDPR 25",
  approvals: "WGS, BGS; IAMA",
  quotas: "LED 20; GDPR 5, 25",
  ledgers: "LED 25; Wpg 32a",
  disclosed: "LED 25; Wpg 16-24",
  order: "LED 25; Wpg 32a",
  egress: "GDPR 5, 32",
  receipts: "LED 25",
  erasure: "LED 16; GDPR 17; Wpg 14",
};

export function pass(detail: string): Finding {
  return { verdict: "PASS", detail };
}

export function fail(detail: string): Finding {
  return { verdict: "FAIL", detail };
}

export function skip(detail: string): Finding {
  return { verdict: "SKIP", detail };
}

/** The report of these findings. What was not looked at is skipped. */
export function reportOf(findings: ReadonlyMap<PromiseName, Finding>): Report {
  const lines = PROMISES.map((promise) => ({
    promise,
    sentence: SENTENCES[promise],
    article: ARTICLES[promise],
    ...(findings.get(promise) ?? skip("not reached")),
  }));
  const broken = lines.find(({ verdict }) => verdict === "FAIL")?.promise;
  return {
    verdict: broken === undefined ? "VERIFIED" : "FAILED",
    passed: lines.filter(({ verdict }) => verdict === "PASS").length,
    lines,
    ...(broken === undefined ? {} : { broken }),
  };
}
