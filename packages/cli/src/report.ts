// SPDX-License-Identifier: Apache-2.0
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { reportFile } from "@koplamp/sdk";
import type { CommandSpec } from "./command.ts";
import { EXIT } from "./errors.ts";

/** `koplamp report`: needs no node and no network. */
export const REPORT: CommandSpec = {
  name: "report <bundle>",
  summary: "The account of a question as one page: ground, disclosures, approvals, proofs, what remains.",
  example: "koplamp report q.koplamp.tar --trust covenant.txt --out q.html",
  flags: [
    {
      flag: "--trust <file>",
      text: "one line, as people read it out to each other: covenant sha256:…",
      required: true,
    },
    { flag: "--out <file>", text: "where to write the page; when absent, it goes to standard output" },
  ],
  run: async (session, flags, [bundle = ""]) => {
    const { cwd } = session.io;
    const trust = await readFile(resolve(cwd, flags.required("trust")), "utf8");
    const html = await reportFile(resolve(cwd, bundle), trust, session.lang);
    const out = flags.text("out");
    if (out === undefined) session.print(html.trimEnd());
    else await writeFile(resolve(cwd, out), html);
    if (out !== undefined && session.json) session.print(JSON.stringify({ file: out }));
    else if (out !== undefined) session.print(`wrote ${out}`);
    return EXIT.done;
  },
};
