// SPDX-License-Identifier: Apache-2.0
import { QueryError } from "@koplamp/query";
import type { Outcome } from "./outcome.ts";

/** An error as everybody reads it, whichever package it comes from, with the exit status that goes with it. */
export interface Fault {
  /** Stable: tools may rely on it. */
  readonly code: string;
  /** One sentence: what was expected, what came, at which party. */
  readonly message: string;
  /** Where it stands and whose it is, a line each. */
  readonly facts: readonly string[];
  /** The smallest next step; empty where none is known. */
  readonly hint: string;
  /** experience.md, section 2. */
  readonly exit: number;
}

/** Exit status by class of error; a map says it per code, `*` for the rest. */
const EXITS: ReadonlyMap<string, Readonly<Record<string, number>>> = new Map([
  ["QueryError", { "above-class": 3, coordinator: 3, "*": 2 }],
  ["SourceError", { "*": 2 }],
  ["SdkError", { refused: 3, "*": 2 }],
  ["UsageError", { "*": 2 }],
  [
    "EngineError",
    {
      unreachable: 4,
      stopped: 4,
      expired: 3,
      refused: 3,
      "too-late": 3,
      source: 2,
      quota: 6,
      integrity: 5,
      garbage: 5,
      "*": 1,
    },
  ],
  ["CovenantError", { approval: 3, "*": 5 }],
  ["DemoError", { "*": 5 }],
  ["StartError", { "*": 2 }],
  ["ClientError", { "sign-in": 3, "*": 4 }],
  ["TransportError", { "*": 4 }],
  ["PeerLost", { "*": 4 }],
  ["StoreError", { budget: 6, damaged: 1, busy: 1, "*": 2 }],
  ["LedgerError", { "*": 5 }],
  ["CryptoError", { "*": 5 }],
  ["WireError", { "*": 5 }],
]);

/** What to tell of anything that was thrown. An error that is none of ours is a fault in Koplamp or the machine. */
export function faultOf(reason: unknown): Fault {
  if (reason instanceof QueryError) return { ...partsOf(reason), facts: placeOf(reason) };
  if (reason instanceof Error && EXITS.has(reason.name)) return partsOf(reason);
  const { code, path } = Object(reason) as { code?: unknown; path?: unknown }; // read as text or not at all
  if ((code === "ENOENT" || code === "EACCES" || code === "EISDIR") && typeof path === "string") {
    const why = code === "ENOENT" ? "there is no such file" : "it cannot be read";
    return { code: "file", message: `${path}: ${why}`, facts: [], hint: "check the path", exit: 2 };
  }
  if (reason instanceof Error && typeof code === "string" && code.startsWith("ERR_PARSE_ARGS")) {
    return { code: "usage", message: reason.message, facts: [], hint: "", exit: 2 };
  }
  const message = reason instanceof Error ? reason.message : "something was thrown that is no error";
  return { code: "internal", message, facts: [], hint: "with --verbose: where it arose", exit: 1 };
}

/** The exit status that goes with how a question ended. */
export function exitOfOutcome(outcome: Outcome): number {
  if (outcome.status === "released") return 0;
  if (outcome.status === "refused") return outcome.rule.startsWith("quota") ? 6 : 3;
  return exitOf("EngineError", outcome.code);
}

/** An error as a person reads it: `error:` and one sentence, the facts, `hint:` last (experience.md, section 2.1). */
export function faultText({ message, facts, hint }: Fault): string {
  const last = hint === "" ? [] : [`hint:  ${hint}`];
  return [`error: ${message}`, ...facts.map((fact) => `  ${fact}`), ...last].join("\n");
}

function partsOf(error: Error): Fault {
  const { code, hint, party } = error as { code?: unknown; hint?: unknown; party?: unknown };
  const name = typeof code === "string" ? code : "internal";
  const [message = "", said = ""] = error.message.split("\nhint: ");
  return {
    code: name,
    message,
    facts: typeof party === "string" && !message.includes(party) ? [`party  ${party}`] : [],
    hint: typeof hint === "string" ? hint : said,
    exit: exitOf(error.name, name),
  };
}

function exitOf(error: string, code: string): number {
  const exits = EXITS.get(error);
  return exits?.[code] ?? exits?.["*"] ?? 1;
}

/** File, line and column, the line itself, and a mark below the place. */
function placeOf({ place, party }: QueryError): readonly string[] {
  const owner = party === undefined ? [] : [`party  ${party}`];
  if (place === undefined) return owner;
  const { file, line, column, excerpt } = place;
  const margin = " ".repeat(String(line).length);
  const mark = column <= excerpt.length + 1 ? [`${margin} | ${" ".repeat(column - 1)}^`] : [];
  return [`${file}:${line}:${column}`, `${line} | ${excerpt}`, ...mark, ...owner];
}
