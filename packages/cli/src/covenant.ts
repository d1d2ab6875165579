// SPDX-License-Identifier: Apache-2.0
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import {
  amendCovenant,
  COVENANT_SCHEMA,
  type CovenantCheck,
  clausesOf,
  covenantSchema,
  covenantText,
  draftCovenant,
  readCovenant,
  SCHEMAS,
  schemaOf,
  signCovenant,
  verifyCovenant,
  withdrawFrom,
} from "@koplamp/sdk";
import type { CommandSpec, Flags } from "./command.ts";
import { COVENANT_DIFF, differenceLines } from "./covenant-diff.ts";
import { EXIT, UsageError } from "./errors.ts";
import { clientOf, NODE } from "./inbox.ts";
import type { Session } from "./session.ts";
import { counted } from "./table.ts";

/** `koplamp covenant …`: the agreement, from draft to signatures. */
export const COVENANT_COMMANDS: readonly CommandSpec[] = [
  {
    name: "new",
    summary: "Writes a draft to edit: as strict as it can be, with a comment at every part.",
    example:
      "koplamp covenant new --id ships-nl --join kmar.json,douane.json --purposes counts --deconfliction desks",
    flags: [
      { flag: "--id <id>", text: "the federation's name", required: true },
      { flag: "--federation <file>", text: "take parties, datasets and columns from a federation file" },
      {
        flag: "--join <files>",
        text: "take names and keys from each party's join.json, with commas between",
      },
      { flag: "--parties <ids>", text: "parties without a file yet, with commas between" },
      { flag: "--purposes <ids>", text: "purposes, with commas between" },
      {
        flag: "--deconfliction <id>",
        text: "one purpose more: both desks that look at the same may be told (docs/deconfliction.md)",
      },
      { flag: "--out <file>", text: "where to write it (default: covenant.yaml)" },
    ],
    run: covenantNew,
  },
  {
    name: "show <covenant>",
    summary: "Every clause in words, under the id by which refusals name it.",
    example: "koplamp covenant show charter/covenant.json --both",
    flags: [{ flag: "--both", text: "Dutch and English side by side" }],
    run: covenantShow,
  },
  {
    name: "sign <covenant>",
    summary: "Shows what changes, and signs for the party whose key it is.",
    example: "koplamp covenant sign covenant.yaml --key kmar/keys/keys",
    flags: [{ flag: "--key <file>", text: "a node's keys, or a person's key; mode 600", required: true }],
    run: covenantSign,
  },
  {
    name: "verify <covenant>",
    summary: "Checks every clause, every party's signature, every key's holder, and the term.",
    example: "koplamp covenant verify charter/covenant.json",
    flags: [{ flag: "--at <time>", text: "as of this moment; now when absent" }],
    run: covenantVerify,
  },
  COVENANT_DIFF,
  {
    name: "amend <covenant>",
    summary: "Writes the next version to edit: same clauses, the hash of this version, no signature.",
    example: "koplamp covenant amend charter/covenant.json --out covenant-v2.yaml",
    flags: [{ flag: "--out <file>", text: "where to write it", required: true }],
    run: covenantAmend,
  },
  {
    name: "withdraw",
    summary: "Takes your agency out of the covenant, at once and for good, at every node that hears of it.",
    example: 'koplamp covenant withdraw --key keys/keys --reason "Our task has ended" --node kmar',
    flags: [
      { flag: "--key <file>", text: "the agency's covenant key; mode 600", required: true },
      { flag: "--reason <text>", text: "why, for the other parties", required: true },
      NODE,
    ],
    run: covenantWithdraw,
  },
  {
    name: "schema [file]",
    summary: "The JSON schema of a covenant, or of a federation or query file, for editors.",
    example: "koplamp covenant schema query",
    flags: [],
    run: async (session, _flags, [file = "covenant"]) => {
      const known = SCHEMAS.find((one) => one === file);
      if (known === undefined)
        throw new UsageError(`there is no schema of "${file}"`, `schemas: ${SCHEMAS.join(", ")}`);
      session.print(schemaOf(known).trimEnd());
      return EXIT.done;
    },
  },
];

function names(flags: Flags, name: string): readonly string[] | undefined {
  return flags
    .text(name)
    ?.split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

async function covenantNew(session: Session, flags: Flags): Promise<number> {
  const { cwd } = session.io;
  const [federation, joins] = [flags.text("federation"), names(flags, "join")];
  const [parties, purposes] = [names(flags, "parties"), names(flags, "purposes")];
  const deconfliction = flags.text("deconfliction");
  const text = await draftCovenant({
    id: flags.required("id"),
    ...(federation === undefined ? {} : { federation: resolve(cwd, federation) }),
    ...(joins === undefined ? {} : { joins: joins.map((file) => resolve(cwd, file)) }),
    ...(parties === undefined ? {} : { parties }),
    ...(purposes === undefined ? {} : { purposes }),
    ...(deconfliction === undefined ? {} : { deconfliction }),
    now: Date.now(),
  });
  return await written(session, flags.text("out") ?? "covenant.yaml", text);
}

async function written(session: Session, name: string, text: string): Promise<number> {
  const file = resolve(session.io.cwd, name);
  if (existsSync(file)) throw new UsageError(`there is a file "${name}" already`, "name another with --out");
  await writeFile(file, text);
  await writeFile(join(dirname(file), COVENANT_SCHEMA), covenantSchema());
  if (session.json) session.print(JSON.stringify({ file, schema: join(dirname(file), COVENANT_SCHEMA) }));
  else session.print(file, `next  fill in every …, then: koplamp covenant verify ${name}`);
  return EXIT.done;
}

async function covenantShow(session: Session, flags: Flags, [file = ""]: readonly string[]): Promise<number> {
  const { covenant, hash } = readCovenant(resolve(session.io.cwd, file));
  if (session.json) {
    const clauses = clausesOf(covenant).map(({ id, nl, en }) => ({ id, nl, en }));
    session.print(JSON.stringify({ hash, covenant, clauses }));
    return EXIT.done;
  }
  const lang = flags.has("both") ? "both" : session.lang;
  session.print(...covenantText(covenant, { lang, width: session.width }), "", `covenant ${hash}`);
  return EXIT.done;
}

async function covenantSign(session: Session, flags: Flags, [file = ""]: readonly string[]): Promise<number> {
  const { cwd } = session.io;
  const signed = signCovenant(resolve(cwd, file), resolve(cwd, flags.required("key")));
  const { covenant, hash, changes, by, role, missing } = signed;
  if (session.json) {
    session.print(JSON.stringify({ hash, by, role, file: signed.file, changes: changes ?? null, missing }));
    return EXIT.done;
  }
  const first = covenant.previous === null;
  session.print(
    `covenant "${covenant.id}" version ${covenant.version}`,
    ...(changes === undefined
      ? [
          first
            ? "  everything is new"
            : "  the version before is not in this folder: compare it with covenant diff",
        ]
      : differenceLines(changes, session.lang)),
    role === "covenant" ? `signed by ${by}` : `${role} has shown that it holds its key`,
    missing.length === 0 ? "all parties have signed" : `not yet signed: ${missing.join(", ")}`,
    `covenant ${hash}`,
  );
  return EXIT.done;
}

async function covenantVerify(
  session: Session,
  flags: Flags,
  [file = ""]: readonly string[],
): Promise<number> {
  const check = verifyCovenant(resolve(session.io.cwd, file), flags.text("at"));
  const { findings, valid, hash } = check;
  if (session.json) session.print(JSON.stringify({ valid, hash: hash ?? null, findings }));
  else session.print(...checkLines(check));
  return valid ? EXIT.done : EXIT.verification;
}

function checkLines({ findings, valid, hash, parties }: CovenantCheck): readonly string[] {
  const faults = counted(findings.filter(({ grave }) => grave).length, "fault");
  return [
    ...findings.flatMap(({ clause, grave, expected, got, hint }) => [
      `${grave ? "FAIL" : "note"}  ${clause}`,
      `      expected ${expected}, got ${got}`,
      `      hint: ${hint}`,
    ]),
    valid ? `VERIFIED   signed by ${parties} of ${parties} parties, every key held` : `NOT VALID   ${faults}`,
    ...(hash === undefined ? [] : [`covenant ${hash}`]),
  ];
}

async function covenantAmend(
  session: Session,
  flags: Flags,
  [file = ""]: readonly string[],
): Promise<number> {
  return await written(session, flags.required("out"), amendCovenant(resolve(session.io.cwd, file)).text);
}

async function covenantWithdraw(session: Session, flags: Flags): Promise<number> {
  const reason = { [session.lang]: flags.required("reason") };
  const key = resolve(session.io.cwd, flags.required("key"));
  const { party, covenantHash } = await withdrawFrom(clientOf(session, flags), key, reason);
  if (session.json) session.print(JSON.stringify({ party, covenantHash }));
  else
    session.print(
      `${party} has left covenant ${covenantHash}`,
      "questions that ran with it end; new ones are refused by its name",
      "what was disclosed before stays disclosed: koplamp ledger exposure tells what",
    );
  return EXIT.done;
}
