// SPDX-License-Identifier: Apache-2.0
import { resolve } from "node:path";
import { newPersonKey, personKeyOf } from "@koplamp/sdk";
import type { CommandSpec } from "./command.ts";
import { EXIT } from "./errors.ts";
import type { Session } from "./session.ts";

/** `koplamp key …`: the key of one person, in a file that stays with that person. */
export const KEY_COMMANDS: readonly CommandSpec[] = [
  {
    name: "new",
    summary: "Makes your own key, to ask or to decide: a file that only you may read. No node ever gets it.",
    example: "koplamp key new --out jansen.key",
    flags: [
      { flag: "--out <file>", text: "where it goes; an existing file is never replaced", required: true },
    ],
    run: async (session, flags) => {
      const file = resolve(session.io.cwd, flags.required("out"));
      return told(session, newPersonKey(file), file);
    },
  },
  {
    name: "show <file>",
    summary: "The public part of a key, for the agency's card.",
    example: "koplamp key show jansen.key",
    flags: [],
    run: async (session, _flags, [file = ""]) => {
      const path = resolve(session.io.cwd, file);
      return told(session, personKeyOf(path), path);
    },
  },
];

function told(session: Session, publicKey: string, file: string): number {
  if (session.json) session.print(JSON.stringify({ file, publicKey }));
  else
    session.print(
      publicKey,
      "goes on the agency's card, with the person's roles; the file itself goes nowhere",
    );
  return EXIT.done;
}
