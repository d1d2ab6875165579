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
      text: "a file with the covenant's hash, as people agreed on it: sha256:…",
      required: true,
    },
  ],
  run: async (session, flags, [bundle = ""]) => {
    const { cwd } = session.io;
    const trust = await readFile(resolve(cwd, flags.required("trust")), "utf8");
    const report = await verifyFile(resolve(cwd, bundle), trust);
    if (session.json) session.print(JSON.stringify(report));
    else {
      for (const { result, name, detail } of report.lines)
        session.print(`${result.padEnd(4)}  ${name.padEnd(24)}  ${detail}`.trimEnd());
      const [failed, skipped] = [count(report, "FAIL"), count(report, "SKIP")];
      session.print(
        failed === 0
          ? `VERIFIED   ${counted(skipped, "promise")} not checked`
          : `NOT VERIFIED   ${counted(failed, "promise")} broken`,
      );
    }
    return count(report, "FAIL") === 0 ? EXIT.done : EXIT.verification;
  },
};

function count(
  { lines }: { readonly lines: readonly { readonly result: string }[] },
  result: string,
): number {
  return lines.filter((line) => line.result === result).length;
}
