// SPDX-License-Identifier: Apache-2.0
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { CommandSpec } from "./command.ts";
import { EXIT } from "./errors.ts";
import { clientOf, NODE } from "./inbox.ts";

/** `koplamp query erased`: the evidence of a question, with what the ledgers say of its erasure since. */
export const ERASED: CommandSpec = {
  name: "erased <bundle>",
  summary: "Adds to a bundle the proof that its question was erased, from every node that can be reached.",
  example: "koplamp query erased q.koplamp.tar --out q-erased.koplamp.tar --node kmar",
  flags: [NODE, { flag: "--out <file>", text: "write the new bundle here", required: true }],
  run: async (session, flags, [file = ""]) => {
    const { cwd } = session.io;
    const out = flags.required("out");
    const client = clientOf(session, flags);
    const bundle = await client.proveErasure(new Uint8Array(await readFile(resolve(cwd, file))));
    await writeFile(resolve(cwd, out), bundle);
    if (session.json) session.print(JSON.stringify({ bundle: out }));
    else session.print(`evidence in ${out}; koplamp verify tells which nodes have erased the question`);
    return EXIT.done;
  },
};
