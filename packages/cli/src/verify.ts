// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { verifyFile } from "@koplamp/sdk";
import type { CommandSpec } from "./command.ts";
import { EXIT } from "./errors.ts";
import { counted } from "./table.ts";

/** `koplamp verify`: needs no node and no network. */
export const VERIFY: CommandSpec = {
  name: "verify <bundle>",
  summary: "Checks the evidence of a question offline: contract, ledgers, disclosures, order, receipts.",
  example: "koplamp verify q.koplamp.tar --trust covenant.txt",
  flags: [
    {
      flag: "--trust <file>",
      text: "one line, as people read it out to each other: covenant sha256:…",
      required: true,
    },
    {
      flag: "--at <time>",
      text: "look at retention terms as of this moment; when absent, of when the bundle was made",
    },
  ],
  run: async (session, flags, [bundle = ""]) => {
    const { cwd } = session.io;
    const trust = await readFile(resolve(cwd, flags.required("trust")), "utf8");
    const report = await verifyFile(resolve(cwd, bundle), trust, flags.text("at"));
    if (session.json) session.print(JSON.stringify(report));
    else {
      const { lines, verdict, passed } = report;
      session.print(
        ...lines.map(
          ({ verdict: found, promise, sentence, article }) =>
            `${found}  ${promise.padEnd(10)}  ${sentence}  [${article}]`,
        ),
        ...lines
          .filter((line) => line.verdict === "FAIL")
          .map((line) => `broken  ${line.promise}: ${line.detail}`),
        "in brackets: the articles that each serves, which a lawyer has to check",
        `${verdict}   ${counted(passed, "promise")} of ${lines.length} checked and kept`,
      );
    }
    return report.verdict === "VERIFIED" ? EXIT.done : EXIT.verification;
  },
};
