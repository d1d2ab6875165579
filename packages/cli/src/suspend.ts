// SPDX-License-Identifier: Apache-2.0
// `koplamp suspend` and `koplamp resume`: an officer halts the own node, and lets it go on.
import { resolve } from "node:path";
import { suspendNode } from "@koplamp/sdk";
import type { CommandSpec, FlagSpec, Flags } from "./command.ts";
import { EXIT } from "./errors.ts";
import { clientOf, NODE } from "./inbox.ts";
import type { Session } from "./session.ts";

const KEY: FlagSpec = {
  flag: "--key <file>",
  text: "your own key as an officer on the card",
  required: true,
};

/** Commands by which an officer halts a node. */
export const SUSPENSIONS: readonly CommandSpec[] = [
  {
    name: "suspend",
    summary:
      "Halts your own node: it contributes nothing, and the others hear why. An officer's word, for any reason.",
    example: 'koplamp suspend --key officer.key --reason "We have found a fault" --node kmar',
    flags: [
      { flag: "--reason <text>", text: "why, for all parties and on record", required: true },
      KEY,
      NODE,
    ],
    run: (session, flags) => said(session, flags, "suspend"),
  },
  {
    name: "resume",
    summary: "Lets a node go on that an officer has halted: the same kind of signature.",
    example: "koplamp resume --key officer.key --node kmar",
    flags: [{ flag: "--reason <text>", text: "why, for all parties and on record" }, KEY, NODE],
    run: (session, flags) => said(session, flags, "resume"),
  },
];

async function said(session: Session, flags: Flags, action: "suspend" | "resume"): Promise<number> {
  const { lang } = session;
  const given = flags.text("reason");
  const reason = given === undefined ? null : { [lang]: given };
  const key = resolve(session.io.cwd, flags.required("key"));
  const { party } = await suspendNode(clientOf(session, flags), key, { action, reason });
  if (session.json) session.print(JSON.stringify({ party, action }));
  else session.print(...DONE[lang][action].map((line) => line.replace("PARTY", party)));
  return EXIT.done;
}

const DONE = {
  nl: {
    suspend: [
      "de node van PARTY ligt stil: zij draagt nergens aan bij",
      "lopende vragen eindigen; wat is verstrekt, blijft verstrekt",
      "verder: koplamp resume",
    ],
    resume: ["de node van PARTY doet weer mee"],
  },
  en: {
    suspend: [
      "the node of PARTY is halted: it contributes nothing",
      "questions that ran end; what was disclosed stays disclosed",
      "to go on: koplamp resume",
    ],
    resume: ["the node of PARTY takes part again"],
  },
} as const;
