// SPDX-License-Identifier: Apache-2.0
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { didYouMean, QUESTION_TEMPLATES } from "@koplamp/sdk";
import type { CommandSpec } from "./command.ts";
import { EXIT, UsageError } from "./errors.ts";
import { columns } from "./table.ts";

/** `koplamp query new`: a commented question to start from. */
export const QUERY_NEW: CommandSpec = {
  name: "new",
  summary: "A commented question file to start from; without --template it lists what there is.",
  example: "koplamp query new --template trend --out trend.yaml",
  flags: [
    { flag: "--template <name>", text: QUESTION_TEMPLATES.map(({ name }) => name).join(", ") },
    { flag: "--out <file>", text: "write it here, not to standard output" },
  ],
  run: async (session, flags) => {
    const [name, out] = [flags.text("template"), flags.text("out")];
    if (name === undefined) {
      const rows = QUESTION_TEMPLATES.map((one) => [one.name, one.summary]);
      if (session.json)
        session.print(JSON.stringify({ templates: QUESTION_TEMPLATES.map((one) => one.name) }));
      else session.print(...columns(rows));
      return EXIT.done;
    }
    const known = QUESTION_TEMPLATES.map((one) => one.name);
    const found = QUESTION_TEMPLATES.find((one) => one.name === name);
    if (found === undefined)
      throw new UsageError(
        `unknown template "${name}"${didYouMean(name, known)}`,
        `templates: ${known.join(", ")}`,
      );
    if (out === undefined) session.print(found.text.trimEnd());
    else await writeFile(resolve(session.io.cwd, out), found.text, { flag: "wx" });
    return EXIT.done;
  },
};
