// SPDX-License-Identifier: Apache-2.0
// `koplamp interest add | import | list | withdraw | hits | audit`: what the desks of the own agency look at, and who looks at the same.
import { readFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { resolve } from "node:path";
import {
  type AuditedAct,
  addInterestAt,
  addInterestsAt,
  around,
  type KeptInterest,
  type OwnInterest,
  readInterests,
  withdrawInterestAt,
} from "@koplamp/sdk";
import type { CommandSpec, Flags } from "./command.ts";
import { EXIT, UsageError } from "./errors.ts";
import { clientOf, NODE } from "./inbox.ts";
import type { Session } from "./session.ts";
import { columns } from "./table.ts";

const BY = {
  flag: "--by <name>",
  text: "who does it, for your own audit; absent: the user of this terminal",
};

const KEY = {
  flag: "--key <file>",
  text: "your own key on the card: it signs for the audit; absent: the node's own, as in a trial",
};

const VALUES = {
  flag: "--values",
  text: "show what each is too: its number or name, or its place and time",
};

/** Commands over the register of interests. */
export const INTEREST_COMMANDS: readonly CommandSpec[] = [
  {
    name: "add [kind] [values...]",
    summary:
      "Puts in what you look at: a kind and its values (person, named-person, company, account, vehicle, vessel, phone, email, document, address), or a place and a time.",
    example:
      "koplamp interest add vessel 9187629 --case 2027-114 --desk narcotics --expires 2027-03-01 --node kmar",
    flags: [
      { flag: "--near <place>", text: "in place of a kind: LATITUDE,LONGITUDE,METRES, with --from and --to" },
      { flag: "--municipality <code>", text: "in place of a kind: GM and four digits, with --from and --to" },
      { flag: "--from <time>", text: "of a place: YYYY-MM-DDThh:mm:ssZ" },
      { flag: "--to <time>", text: "of a place: the first instant that is not in it; it expires then" },
      { flag: "--case <text>", text: "your own case: shown at your own desk only", required: true },
      { flag: "--desk <text>", text: "whom to tell at your own agency", required: true },
      { flag: "--expires <day>", text: "YYYY-MM-DD: from then on nobody meets it; a place's is --to" },
      BY,
      KEY,
      NODE,
    ],
    run: add,
  },
  {
    name: "import <file>",
    summary: "Puts in all that a file lists (koplamp: interests/v1); what is there already stays as it is.",
    example: "koplamp interest import desk.yaml --key analyst.key --node kmar",
    flags: [BY, KEY, NODE],
    run: importFile,
  },
  {
    name: "list",
    summary: "All that is and was in your own register, with what became of it.",
    example: "koplamp interest list --values --node kmar",
    flags: [VALUES, NODE],
    run: async (session, flags) => shown(session, await clientOf(session, flags).interests(), flags),
  },
  {
    name: "withdraw <interest>",
    summary: "Takes an interest back: from now on it meets nobody. Its record stays for your own audit.",
    example: "koplamp interest withdraw 1f4c9a02 --node kmar",
    flags: [BY, KEY, NODE],
    run: withdraw,
  },
  {
    name: "hits",
    summary: "Your own interests that another agency has too: contact each other.",
    example: "koplamp interest hits --values --node kmar",
    flags: [VALUES, NODE],
    run: async (session, flags) => {
      const all = await clientOf(session, flags).interests();
      const met = all.filter(({ meetings }) => meetings.length > 0);
      return shown(session, met, flags);
    },
  },
  {
    name: "audit",
    summary:
      "All that was done with your own register: what, when, who signed it, and its entry in the ledger.",
    example: "koplamp interest audit --node kmar",
    flags: [NODE],
    run: audit,
  },
];

async function add(session: Session, flags: Flags, args: readonly string[]): Promise<number> {
  const [kind, ...values] = args.flat();
  const place = placeOf(flags);
  if ((kind === undefined) === (place === undefined))
    throw new UsageError(
      "expected a kind with its values, or a place",
      "koplamp interest add --help shows both",
    );
  const interest = place ?? { kind: kind ?? "", values };
  const own: OwnInterest = {
    interest,
    reference: flags.required("case"),
    desk: flags.required("desk"),
    by: byOf(flags),
    expires: expiryOf(flags),
  };
  const id = await addInterestAt(clientOf(session, flags), own, keyOf(session, flags));
  session.print(session.json ? JSON.stringify({ id }) : `${WORDS[session.lang].added} ${id}`);
  return EXIT.done;
}

async function importFile(session: Session, flags: Flags, [file = ""]: readonly string[]): Promise<number> {
  const text = await readFile(resolve(session.io.cwd, file), "utf8");
  const listed = readInterests(text, { file, by: byOf(flags) });
  const client = clientOf(session, flags);
  const added: string[] = [];
  for await (const id of addInterestsAt(client, listed, keyOf(session, flags))) added.push(id);
  if (added.length < listed.length)
    session.note(`${WORDS[session.lang].known} ${listed.length - added.length}`);
  const all = await client.interests();
  return shown(
    session,
    all.filter(({ id }) => added.includes(id)),
  );
}

function placeOf(flags: Flags): OwnInterest["interest"] | undefined {
  const [near, municipality] = [flags.text("near"), flags.text("municipality")];
  if (near === undefined && municipality === undefined) return undefined;
  const [from, to] = [flags.text("from"), flags.text("to")];
  if (from === undefined || to === undefined)
    throw new UsageError("a place takes --from and --to", "--from 2027-01-05T10:00:00Z --to …");
  if (municipality !== undefined) return { kind: "presence", place: { municipality }, from, to };
  const parts = (near ?? "")
    .split(",")
    .map((text) => (/^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN));
  const [latitude = Number.NaN, longitude = Number.NaN, metres = Number.NaN] = parts;
  if (parts.length !== 3 || !parts.every(Number.isFinite) || !Number.isInteger(metres))
    throw new UsageError(
      `--near takes LATITUDE,LONGITUDE,METRES, got "${near}"`,
      "--near 52.0907,5.1214,500",
    );
  return { kind: "presence", place: around(latitude, longitude, metres), from, to };
}

function expiryOf(flags: Flags): string {
  const [day, to] = [flags.text("expires"), flags.text("to")];
  if (day === undefined && to !== undefined) return to;
  if (day !== undefined && /^\d{4}-\d\d-\d\d$/.test(day)) return `${day}T00:00:00Z`;
  throw new UsageError(
    "expected --expires as YYYY-MM-DD",
    "an interest runs out: nobody is to meet an old one",
  );
}

function keyOf({ io }: Session, flags: Flags): string | undefined {
  const file = flags.text("key");
  return file === undefined ? undefined : resolve(io.cwd, file);
}

const byOf = (flags: Flags): string => flags.text("by") ?? userInfo().username;

async function withdraw(session: Session, flags: Flags, [which = ""]: readonly string[]): Promise<number> {
  const client = clientOf(session, flags);
  const meant = (await client.interests()).filter(({ id }) => which.length >= 4 && id.startsWith(which));
  const [found] = meant;
  if (found === undefined || meant.length > 1)
    throw new UsageError(
      `"${which}" means ${meant.length} interests of this node`,
      "koplamp interest list shows their names: four digits are enough",
    );
  await withdrawInterestAt(client, found, byOf(flags), keyOf(session, flags));
  return shown(
    session,
    (await client.interests()).filter(({ id }) => id === found.id),
  );
}

function shown(session: Session, interests: readonly KeptInterest[], flags?: Flags): number {
  const words = WORDS[session.lang];
  const rows = interests.map((one) => [
    ...rowOf(one, words),
    ...(flags?.has("values") ? [valuesOf(one)] : []),
  ]);
  const header = flags?.has("values") ? [...words.header, words.values] : words.header;
  if (session.json) session.print(JSON.stringify({ interests }));
  else if (interests.length === 0) session.print(words.none);
  else session.print(...columns([header, ...rows]));
  return EXIT.done;
}

/** What it is, as it was put in. */
function valuesOf({ interest }: KeptInterest): string {
  if ("values" in interest) return interest.values.join(", ");
  const { place, from, to } = interest;
  const degrees = (micro: number): string => (micro / 1_000_000).toFixed(6);
  const where =
    "municipality" in place
      ? place.municipality
      : `${degrees(place.latitudeMicro)},${degrees(place.longitudeMicro)},${place.metres}`;
  return `${where} ${from.slice(0, 16)} – ${to.slice(0, 16)}`;
}

/** Every act, in order of time. Exits with 5 where word, book and ledger do not agree. */
async function audit(session: Session, flags: Flags): Promise<number> {
  const acts = await clientOf(session, flags).interestAudit();
  const { audit: words, none } = WORDS[session.lang];
  if (session.json) session.print(JSON.stringify({ acts }));
  else if (acts.length === 0) session.print(none);
  else session.print(...columns([words.header, ...acts.map((one) => auditRow(one, WORDS[session.lang]))]));
  return acts.some(({ onRecord }) => onRecord === "broken") ? EXIT.verification : EXIT.done;
}

function auditRow(
  { at, interest, kind, act, until, by, party, entry, onRecord }: AuditedAct,
  { audit: words, place }: (typeof WORDS)["en" | "nl"],
): readonly string[] {
  const target = kind === "presence" ? place : kind;
  const what = party === null ? words[act] : `${words[act]} ${party}`;
  const record = onRecord === "holds" ? `${words.entry} ${entry}` : words[onRecord];
  return [at.slice(0, 16), interest.slice(0, 8), target, what, until.slice(0, 16), by ?? words.node, record];
}

function rowOf(
  { id, interest, reference, desk, expires, withdrawn, meetings }: KeptInterest,
  words: (typeof WORDS)[keyof typeof WORDS],
): readonly string[] {
  const over = withdrawn === null ? expires.slice(0, 16) : `${words.withdrawn} ${withdrawn.at.slice(0, 16)}`;
  const met = meetings.map(({ party, first }) => `${party} (${first.slice(0, 16)})`).join(", ");
  return [id.slice(0, 8), "values" in interest ? interest.kind : words.place, reference, desk, over, met];
}

const WORDS = {
  nl: {
    header: ["naam", "wat", "zaak", "desk", "tot", "neem contact op met"],
    none: "niets",
    added: "opgenomen:",
    known: "stond er al:",
    values: "waarde",
    withdrawn: "ingetrokken",
    place: "plaats",
    audit: {
      header: ["wanneer", "naam", "wat", "daad", "tot", "getekend door", "logboek"],
      add: "opgenomen",
      withdraw: "ingetrokken",
      expire: "verlopen",
      meet: "neem contact op met",
      node: "de node",
      entry: "regel",
      waits: "bij de volgende ronde",
      erased: "zout gewist",
      broken: "KLOPT NIET",
    },
  },
  en: {
    header: ["name", "what", "case", "desk", "until", "contact"],
    none: "none",
    added: "added:",
    known: "there already:",
    values: "value",
    withdrawn: "withdrawn",
    place: "place",
    audit: {
      header: ["when", "name", "what", "act", "until", "signed by", "ledger"],
      add: "added",
      withdraw: "withdrawn",
      expire: "expired",
      meet: "contact",
      node: "the node",
      entry: "entry",
      waits: "with the next run",
      erased: "salt erased",
      broken: "DOES NOT HOLD",
    },
  },
} as const;
