// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import {
  addPeriod,
  isTime,
  keyOf,
  type QueryClass,
  type Schedule,
  type Source,
  type Text,
  type Time,
} from "@koplamp/wire";
import { type QuestionAsk, readAsk } from "./ask.ts";
import { lookupMap, questionsFileIn } from "./ask-lookup.ts";
import { CLASS_OF, ID, PARTY_ID } from "./names.ts";
import { type AskedRelease, readRelease } from "./release.ts";
import { readSchedule } from "./schedule.ts";
import { readShards } from "./shards.ts";
import { distinct, field, lineOf, listOf, mapOf, nameIn, oneOf, required, textOf } from "./yaml-fields.ts";
import { failAt, readYaml, type YamlMap, type YamlValue } from "./yaml-source.ts";

/** A question as its analyst wrote it (query/v1), read once and frozen. */
export interface Question {
  readonly id: string;
  readonly class: QueryClass;
  readonly purpose: string;
  readonly legalBasis: readonly string[];
  readonly indication: Text;
  readonly necessity: Text;
  readonly subsidiarity: Text;
  readonly intendedEffect: { readonly text: Text; readonly measure: Text };
  readonly ask: QuestionAsk;
  /** Who contributes what, in party order. */
  readonly sources: readonly Source[];
  /** The key columns; empty for a question without a join. */
  readonly key: readonly string[];
  readonly recipients: readonly PartyId[];
  readonly release: AskedRelease;
  /** The end of the last day, UTC; null in a lab that leaves it to the planner. */
  readonly expires: Time | null;
  /** Into how many parts its lists go, where it says so; null leaves it to the planner. */
  readonly shards: number | null;
  /** Set where it runs several times on one approval. */
  readonly schedule: Schedule | null;
  /** Of a look-up: the file that its questions are in, and its text once somebody has read it. */
  readonly questions?: { readonly file: string; readonly text?: string };
  /** What a person should know before asking, one sentence each. */
  readonly warnings: readonly string[];
}

const FIELDS = [
  "koplamp",
  "id",
  "class",
  "purpose",
  "legalBasis",
  "indication",
  "necessity",
  "subsidiarity",
  "intendedEffect",
  "ask",
  "recipients",
  "release",
  "expires",
  "schedule",
  "shards",
] as const;

const LAB_TEXT: Text = { nl: "niet ingevuld (lab)", en: "not given (lab)" };

/**
 * Reads a question. In the lab, what governance asks for may be absent and is said in one warning.
 * @throws {QueryError} with file, line and column; `not-yet` for a question that Koplamp cannot answer yet.
 */
export function readQuestion(
  text: string,
  options: { readonly file: string; readonly lab: boolean; readonly questions?: string },
): Question {
  const root = mapOf(readYaml(text, options.file), FIELDS);
  oneOf(required(root, "koplamp", "a question begins with: koplamp: query/v1"), ["query/v1"]);
  const id = nameIn(required(root, "id"), ID, "an id ([a-z][a-z0-9./-]*)");
  const release = readRelease(field(root, "release"));
  const asked = required(root, "ask", "what to ask: see `koplamp query new`");
  const ask = readAsk(asked);
  const given = new Governance(root, options.lab);
  const expected = CLASS_OF[ask.kind];
  const necessity = given.text("necessity");
  const [schedule, shards] = [field(root, "schedule"), field(root, "shards")];
  return Object.freeze({
    id,
    class: readClass(given.value("class", `class (${expected}, from the kind)`), expected, ask.kind),
    purpose: readPurpose(given.value("purpose", "purpose (lab)")),
    legalBasis: readBases(given.value("legalBasis")),
    indication: given.text("indication"),
    necessity,
    subsidiarity: readSubsidiarity(root, necessity),
    intendedEffect: readEffect(given.value("intendedEffect")),
    ask,
    sources: ask.from,
    key: keyOf(ask),
    recipients: readRecipients(root),
    release,
    expires: readExpires(given.value("expires", "expires (the end of tomorrow)")),
    schedule: schedule === undefined ? null : readSchedule(schedule),
    shards: shards === undefined ? null : readShards(shards, ask.kind),
    ...(hasFile(ask) ? questionsOf(asked, options.questions) : {}),
    warnings: given.warnings(),
  });
}

/** Whether there is a file with what is asked: not of registers, and not of questions that are still to come. */
function hasFile(ask: QuestionAsk): boolean {
  return ask.kind === "lookup" && ask.interests === undefined && ask.open === undefined;
}

function questionsOf(asked: YamlValue, text: string | undefined): Pick<Question, "questions"> {
  const file = questionsFileIn(lookupMap(asked));
  return { questions: text === undefined ? { file } : { file, text } };
}

/** The fields that only a lab may leave out, and which of them were. */
class Governance {
  readonly #root: YamlMap;
  readonly #lab: boolean;
  readonly #missing: string[] = [];

  constructor(root: YamlMap, lab: boolean) {
    this.#root = root;
    this.#lab = lab;
  }

  value(name: string, said: string = name): YamlValue | undefined {
    const found = this.#lab
      ? field(this.#root, name)
      : required(this.#root, name, "outside a lab it must be there");
    if (found === undefined) this.#missing.push(said);
    return found;
  }

  text(name: string): Text {
    const found = this.value(name);
    return found === undefined ? LAB_TEXT : readText(found);
  }

  warnings(): readonly string[] {
    if (this.#missing.length === 0) return [];
    return [`lab: not given and filled in: ${this.#missing.join(", ")}; real nodes refuse this`];
  }
}

function readText(value: YamlValue): Text {
  if (value.kind !== "map") return { en: textOf(value) };
  const map = mapOf(value, ["nl", "en"]);
  const [nl, en] = [field(map, "nl"), field(map, "en")];
  if (nl === undefined && en === undefined) throw failAt(map, "missing-field", "expected text in nl or en");
  return { ...(nl === undefined ? {} : { nl: textOf(nl) }), ...(en === undefined ? {} : { en: textOf(en) }) };
}

function readClass(value: YamlValue | undefined, expected: QueryClass, kind: string): QueryClass {
  if (value === undefined) return expected;
  const given = oneOf(value, ["A", "B", "C", "D", "E", "F"]);
  if (given === expected) return given;
  throw failAt(value, "invalid-value", `a question of kind "${kind}" is of class ${expected}, not ${given}`);
}

function readPurpose(value: YamlValue | undefined): string {
  return value === undefined ? "lab" : nameIn(value, ID, "a purpose ([a-z][a-z0-9./-]*)");
}

function readBases(value: YamlValue | undefined): readonly string[] {
  return value === undefined ? [] : distinct(listOf(value, 1, 16).items, (item) => lineOf(item, 200));
}

function readSubsidiarity(root: YamlMap, necessity: Text): Text {
  const value = field(root, "subsidiarity");
  return value === undefined ? necessity : readText(value);
}

function readEffect(value: YamlValue | undefined): Question["intendedEffect"] {
  if (value === undefined) return { text: LAB_TEXT, measure: LAB_TEXT };
  const map = mapOf(value, ["text", "measure"]);
  return { text: readText(required(map, "text")), measure: readText(required(map, "measure")) };
}

function readRecipients(root: YamlMap): readonly PartyId[] {
  const list = listOf(
    required(root, "recipients", "who gets the answer: recipients: [party]"),
    1,
    64,
    "tell fewer parties",
  );
  return [...distinct(list.items, (item) => nameIn(item, PARTY_ID, "a party id"))].sort();
}

function readExpires(value: YamlValue | undefined): Time | null {
  if (value === undefined) return null;
  const morning = `${textOf(value)}T00:00:00Z`;
  if (isTime(morning)) return addPeriod(morning, "P1D");
  throw failAt(
    value,
    "invalid-value",
    'expected a day (YYYY-MM-DD) in "expires"',
    "the question may run until the end of it",
  );
}
