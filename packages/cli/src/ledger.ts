// SPDX-License-Identifier: Apache-2.0
import { resolve } from "node:path";
import { exposureAt, exposureLines } from "@koplamp/sdk";
import type { CommandSpec, Flags } from "./command.ts";
import { EXIT, UsageError } from "./errors.ts";
import { NODE } from "./inbox.ts";
import type { Session } from "./session.ts";

/** `koplamp ledger …`: the record of the own node. */
export const LEDGER_COMMANDS: readonly CommandSpec[] = [
  {
    name: "exposure",
    summary: "All that a party could ever have learned about our data, alone and with others.",
    example:
      "koplamp ledger exposure --party kmar --dataset vessels --from 2026-01-01 --to 2026-12-31 --node douane",
    flags: [
      { flag: "--party <id>", text: "whose knowledge", required: true },
      { flag: "--dataset <name>", text: "about this dataset; all our data when absent" },
      { flag: "--from <date>", text: "first day, or instant", required: true },
      { flag: "--to <date>", text: "last day, or instant", required: true },
      { flag: "--with <ids>", text: "with these others, with commas between; every coalition when absent" },
      NODE,
    ],
    run: exposure,
  },
];

async function exposure(session: Session, flags: Flags): Promise<number> {
  const [dataset, others] = [flags.text("dataset"), flags.text("with")];
  const [from, to] = [instant("from", flags, "T00:00:00Z"), instant("to", flags, "T23:59:59Z")];
  if (from > to) throw new UsageError(`expected --from before --to, got ${from} and ${to}`);
  const told = await exposureAt(resolve(session.io.cwd, flags.text("node") ?? "."), {
    party: party(flags.required("party")),
    from,
    to,
    ...(dataset === undefined ? {} : { dataset }),
    ...(others === undefined ? {} : { others: others.split(",").map((id) => party(id.trim())) }),
  });
  if (session.json) session.print(JSON.stringify(told));
  else session.print(...exposureLines(told, session.lang));
  return EXIT.done;
}

function party(id: string): string {
  if (/^[a-z][a-z0-9-]{0,31}$/.test(id)) return id;
  throw new UsageError(`expected the id of a party, got "${id}"`, "as in the covenant, e.g. kmar");
}

function instant(flag: string, flags: Flags, rest: string): string {
  const text = flags.required(flag);
  const whole = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}${rest}` : text;
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(whole) ? Date.parse(whole) : Number.NaN;
  if (!Number.isNaN(ms)) return whole;
  throw new UsageError(
    `--${flag} takes a day or an instant, got "${text}"`,
    "e.g. 2026-01-31 or 2026-01-31T12:00:00Z",
  );
}
