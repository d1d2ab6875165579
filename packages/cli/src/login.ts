// SPDX-License-Identifier: Apache-2.0
// `koplamp login` and `koplamp logout`: to the desk of the own node, by the agency's own identity provider.
import { resolve } from "node:path";
import { signIn, signOut } from "@koplamp/sdk";
import type { CommandSpec } from "./command.ts";
import { EXIT } from "./errors.ts";
import { NODE } from "./inbox.ts";
import type { Session } from "./session.ts";

/** Commands by which a person comes to the desk and leaves it. */
export const SIGN_INS: readonly CommandSpec[] = [
  {
    name: "login",
    summary:
      "Signs in at your own node, where it asks for that. Your key still signs what you ask and decide.",
    example: "koplamp login --node kmar",
    flags: [NODE],
    run: async (session, flags) => await login(session, resolve(session.io.cwd, flags.text("node") ?? ".")),
  },
  {
    name: "logout",
    summary: "Forgets the sign-in at your own node.",
    example: "koplamp logout --node kmar",
    flags: [NODE],
    run: async (session, flags) => {
      const was = signOut(resolve(session.io.cwd, flags.text("node") ?? "."), session.io.env);
      if (session.json) session.print(JSON.stringify({ signedOut: was }));
      else session.print(WORDS[session.lang][was ? "out" : "wasNot"]);
      return EXIT.done;
    },
  },
];

async function login(session: Session, dir: string): Promise<number> {
  const { io, lang } = session;
  const words = WORDS[lang];
  const stop = new AbortController();
  const listening = io.onInterrupt(() => stop.abort());
  try {
    const { party, file } = await signIn({
      dir,
      env: io.env,
      signal: stop.signal,
      show: ({ place, code, whole }) =>
        io.stderr.write(
          [`${words.open} ${whole ?? place}`, `${words.code} ${code}`, words.wait, ""].join("\n"),
        ),
    });
    if (session.json) session.print(JSON.stringify({ party, file }));
    else session.print(`${words.done} ${party}`, `${words.kept} ${file}`);
    return EXIT.done;
  } catch (reason) {
    if (!stop.signal.aborted) throw reason;
    return EXIT.interrupted;
  } finally {
    listening();
  }
}

const WORDS = {
  nl: {
    open: "open in een browser:",
    code: "en vergelijk de code: ",
    wait: "er wordt gewacht tot u bent aangemeld",
    done: "aangemeld bij",
    kept: "bewaard in",
    out: "afgemeld",
    wasNot: "u was niet aangemeld",
  },
  en: {
    open: "open in a browser:",
    code: "and compare the code:",
    wait: "waiting until you have signed in",
    done: "signed in at",
    kept: "kept in",
    out: "signed out",
    wasNot: "nobody was signed in",
  },
} as const;
