// SPDX-License-Identifier: Apache-2.0
// `koplamp query ask | end`: questions one by one, in a look-up that was approved with `open: N`.
import type { LookedUp, NodeClient } from "@koplamp/sdk";
import type { CommandSpec, Flags } from "./command.ts";
import { EXIT, UsageError } from "./errors.ts";
import { clientOf, NODE, questionAt } from "./inbox.ts";
import type { Session } from "./session.ts";
import { columns } from "./table.ts";

/** Commands over open look-ups. */
export const LOOKUP_COMMANDS: readonly CommandSpec[] = [
  {
    name: "ask <plan> [values...]",
    summary:
      "Asks in an open look-up: is this on the holder's list? A value each; without values, a line each from standard input. Of a key of several columns: a;b.",
    example: "koplamp query ask 740ecf5f 9187629 9074729 --node kmar",
    flags: [NODE],
    run: ask,
  },
  {
    name: "end <plan>",
    summary: "Ends an open look-up: its evidence and its whole answer follow.",
    example: "koplamp query end 740ecf5f --node kmar",
    flags: [NODE],
    run: end,
  },
];

/** Questions of one request: the largest batch. */
const MOST = 32;

async function ask(session: Session, flags: Flags, args: readonly string[]): Promise<number> {
  const [plan = "", ...values] = args.flat();
  const client = clientOf(session, flags);
  const planHash = await hashOf(client, plan);
  if (values.length > 0) {
    for (let at = 0; at < values.length; at += MOST)
      shown(session, await client.lookUp(planHash, values.slice(at, at + MOST).map(rowOf)));
    return EXIT.done;
  }
  for await (const line of session.io.lines?.() ?? [])
    if (line.trim() !== "") shown(session, await client.lookUp(planHash, [rowOf(line)]));
  return EXIT.done;
}

async function end(session: Session, flags: Flags, [plan = ""]: readonly string[]): Promise<number> {
  const client = clientOf(session, flags);
  const planHash = await hashOf(client, plan);
  await client.endLookUp(planHash);
  session.print(
    session.json
      ? JSON.stringify({ planHash })
      : `${WORDS[session.lang].ended} koplamp query watch ${planHash} --node …`,
  );
  return EXIT.done;
}

async function hashOf(client: NodeClient, plan: string): Promise<string> {
  if (/^sha256:[0-9a-f]{64}$/.test(plan)) return plan;
  if (/^[0-9a-f]{1,5}$/.test(plan))
    throw new UsageError(`"${plan}" is too short`, "six digits of a plan's hash are enough");
  return (await questionAt(client, plan)).planHash;
}

function rowOf(text: string): readonly string[] {
  return text.split(";").map((cell) => cell.trim());
}

function shown(session: Session, looked: LookedUp): void {
  if (session.json) {
    session.print(JSON.stringify(looked));
    return;
  }
  const words = WORDS[session.lang];
  const rows = looked.answers.map(({ key, hit }) => [key.join("; "), hit ? words.hit : words.none]);
  session.print(...columns(rows));
  session.note(`${words.left} ${looked.left}`);
}

const WORDS = {
  nl: {
    hit: "op de lijst",
    none: "niet op de lijst",
    left: "elementen over:",
    ended: "beëindigd; het hele antwoord:",
  },
  en: {
    hit: "on the list",
    none: "not on the list",
    left: "elements left:",
    ended: "ended; its whole answer:",
  },
} as const;
