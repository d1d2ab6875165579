// SPDX-License-Identifier: Apache-2.0
// `koplamp card`: who may ask, approve and halt at the own agency. The others sign the roster that names the card.
import { resolve } from "node:path";
import { type CardView, changeCard, signRoster } from "@koplamp/sdk";
import type { CommandSpec, FlagSpec, Flags } from "./command.ts";
import { EXIT, UsageError } from "./errors.ts";
import type { Session } from "./session.ts";
import { columns } from "./table.ts";

const CHARTER: FlagSpec = {
  flag: "--charter <dir>",
  text: "the folder of the charter in force: covenant, cards and roster",
  required: true,
};
const KEY: FlagSpec = {
  flag: "--key <file>",
  text: "the agency's covenant key: the file `keys` of its node",
  required: true,
};
const OUT: FlagSpec = { flag: "--out <dir>", text: "the folder for the new charter", required: true };
const ROLES = ["analyst", "lawful", "ethical", "officer", "operator"] as const;
type Role = (typeof ROLES)[number];

/** `koplamp card …`. */
export const CARD_COMMANDS: readonly CommandSpec[] = [
  {
    name: "add <person>",
    summary:
      "Puts a person on your agency's card, or changes one, in a new charter that all parties then sign.",
    example:
      "koplamp card add p7 --role analyst --public ed25519:… --charter charter --key keys/keys --out charter-2",
    flags: [
      { flag: "--role <roles>", text: `with commas between: ${ROLES.join(", ")}`, required: true },
      { flag: "--public <key>", text: "the public part: koplamp key show FILE", required: true },
      { flag: "--until <time>", text: "until when it holds (default: as the covenant)" },
      ...[CHARTER, KEY, OUT],
    ],
    run: async (session, flags, [person = ""]) => {
      const until = flags.text("until");
      const add = { person, roles: rolesIn(flags), key: flags.required("public") };
      return await change(session, flags, { add: { ...add, ...(until && { validUntil: until }) } });
    },
  },
  {
    name: "remove <person>",
    summary: "Takes a person off your agency's card, in a new charter that all parties then sign.",
    example: "koplamp card remove p7 --charter charter --key keys/keys --out charter-2",
    flags: [CHARTER, KEY, OUT],
    run: async (session, flags, [person = ""]) => await change(session, flags, { remove: person }),
  },
  {
    name: "sign <dir>",
    summary: "Shows what a new charter changes against the one in force, and signs its roster.",
    example: "koplamp card sign charter-2 --charter charter --key keys/keys",
    flags: [CHARTER, KEY],
    run: async (session, flags, [dir = ""]) => {
      const path = (text: string): string => resolve(session.io.cwd, text);
      return told(
        session,
        signRoster(path(dir), path(flags.required("charter")), path(flags.required("key"))),
      );
    },
  },
];

async function change(
  session: Session,
  flags: Flags,
  what: Pick<Parameters<typeof changeCard>[0], "add" | "remove">,
): Promise<number> {
  const path = (name: string): string => resolve(session.io.cwd, flags.required(name));
  const view = changeCard({ charter: path("charter"), out: path("out"), keyFile: path("key"), ...what });
  return told(session, view);
}

function rolesIn(flags: Flags): readonly Role[] {
  const names = flags.required("role").split(",");
  const roles = ROLES.filter((role) => names.includes(role));
  if (roles.length === names.length) return roles;
  throw new UsageError(`--role takes ${ROLES.join(", ")}, with commas between`);
}

function told(session: Session, view: CardView): number {
  const { party, rosterHash, changed, missing } = view;
  if (session.json) session.print(JSON.stringify(view));
  else
    session.print(
      ...changed.flatMap(({ party: owner, people, machine }) => [
        `card of ${owner}${machine ? ", with other keys of its machine" : ""}`,
        ...columns(people.map((one) => [`  ${one.person}`, one.roles.join(", "), one.key, one.validUntil])),
      ]),
      `signed by ${party}`,
      missing.length === 0
        ? "signed by all: give it to every node as its charter, and start the nodes again"
        : `not yet signed: ${missing.join(", ")}`,
      `roster ${rosterHash}`,
    );
  return EXIT.done;
}
