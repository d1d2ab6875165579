// SPDX-License-Identifier: Apache-2.0
import {
  type Alias,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from "yaml";
import { type FilePlace, QueryError, type QueryErrorCode } from "./errors.ts";

/** The largest file that is read, in UTF-16 units. */
const MAX_FILE: number = 2 ** 20;
const MAX_DEPTH = 12;
/** Aliases count each time they are used, so a short file cannot grow without bound. */
const MAX_VALUES = 50_000;

/** A value of a YAML file that knows where it stands. */
export type YamlValue = YamlMap | YamlList | YamlScalar;

interface Placed {
  /** The way from the root, as a person would write it: `release.minCount`. */
  readonly path: string;
  readonly place: FilePlace;
}

export interface YamlMap extends Placed {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, YamlEntry>;
}

export interface YamlEntry {
  readonly key: Placed;
  readonly value: YamlValue;
}

export interface YamlList extends Placed {
  readonly kind: "list";
  readonly items: readonly YamlValue[];
}

export interface YamlScalar extends Placed {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
  /** The scalar as it is written, without quotes: `2005` stays `2005`. */
  readonly text: string;
}

/**
 * The tree of one YAML 1.2 file (core schema; JSON is YAML), with positions. Bounded in size, depth and aliases.
 * @throws {QueryError} `yaml` or `too-large`, with file, line and column.
 */
export function readYaml(text: string, file: string): YamlValue {
  if (text.length > MAX_FILE) {
    const message = `expected a file of at most ${MAX_FILE} characters, got ${text.length}`;
    throw new QueryError("too-large", message, { hint: "data belong in the files of a federation" });
  }
  const walk = new Walk(text, file);
  return walk.root();
}

/** An error at a value of a file. */
export function failAt(at: Placed, code: QueryErrorCode, message: string, hint = ""): QueryError {
  return new QueryError(code, message, { place: at.place, hint });
}

/** One reading of a file: its text, its lines and what is left of its budget. */
class Walk {
  readonly #text: string;
  readonly #file: string;
  readonly #lines = new LineCounter();
  #left = MAX_VALUES;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  root(): YamlValue {
    const document = this.#parse(); // attacker-controlled where a question comes from somebody else
    const [error] = [...document.errors, ...document.warnings];
    if (error !== undefined) {
      const deep = /call stack/.test(error.message);
      const sentence = deep ? "nested too deeply" : error.message.replace(/\s+/g, " ").slice(0, 200);
      throw new QueryError("yaml", `not readable as YAML: ${sentence}`, {
        place: this.#placeAt(error.pos[0]),
      });
    }
    if (document.contents === null) throw new QueryError("yaml", `${this.#file} is empty`);
    const targets = targetsIn(document.contents);
    const resolve = (node: Node): Node | undefined => (isAlias(node) ? targets.get(node) : node);
    return this.#value(document.contents, "", 0, resolve);
  }

  #parse(): ReturnType<typeof parseDocument> {
    try {
      return parseDocument(this.#text, {
        lineCounter: this.#lines,
        prettyErrors: false,
        schema: "core",
        version: "1.2",
        uniqueKeys: false, // its check compares every two keys, and takes 1 and "1" for different ones: see #entries
      });
    } catch {
      throw new QueryError("yaml", `${this.#file} is nested too deeply`);
    }
  }

  #value(node: Node, path: string, depth: number, resolve: (alias: Node) => Node | undefined): YamlValue {
    const place = this.#placeAt(node.range?.[0] ?? 0);
    this.#left -= 1;
    if (this.#left < 0 || depth > MAX_DEPTH) {
      throw new QueryError(
        "too-large",
        `expected at most ${MAX_VALUES} values, nested at most ${MAX_DEPTH} deep`,
        {
          place,
        },
      );
    }
    const target = resolve(node);
    const inner = (child: unknown, at: string): YamlValue =>
      this.#value(asNode(child, place), at, depth + 1, resolve);
    if (isMap(target)) {
      return { kind: "map", path, place, entries: this.#entries(target.items, path, inner) };
    }
    if (isSeq(target)) {
      const items = target.items.map((item, at) => inner(item, `${path}[${at}]`));
      return { kind: "list", path, place, items };
    }
    if (isScalar(target)) return scalar(target.value, target.source, { path, place });
    throw new QueryError("yaml", "expected a map, a list or a value", { place });
  }

  #entries(
    pairs: readonly Pair[],
    path: string,
    inner: (child: unknown, at: string) => YamlValue,
  ): YamlMap["entries"] {
    const entries = new Map<string, YamlEntry>();
    for (const { key, value } of pairs) {
      const [name, entry] = this.#entry(key, value, path, inner);
      if (entries.has(name)) {
        const message = `not readable as YAML: names must be unique, "${name}" stands twice`;
        throw new QueryError("yaml", message, { place: entry.key.place });
      }
      entries.set(name, entry);
    }
    return entries;
  }

  #entry(
    key: unknown,
    value: unknown,
    path: string,
    inner: (child: unknown, at: string) => YamlValue,
  ): readonly [string, YamlEntry] {
    const place = this.#placeAt(asNode(key, undefined).range?.[0] ?? 0);
    const name = isScalar(key) ? (key.source ?? String(key.value)) : undefined;
    if (name === undefined) throw new QueryError("yaml", "expected a name before the colon", { place });
    const at = path === "" ? name : `${path}.${name}`;
    const empty: YamlScalar = { kind: "scalar", value: null, text: "", path: at, place };
    return [name, { key: { path: at, place }, value: value === null ? empty : inner(value, at) }];
  }

  #placeAt(offset: number): FilePlace {
    const { line, col } = this.#lines.linePos(offset);
    const start = this.#lines.lineStarts[line - 1] ?? 0;
    const end = this.#text.indexOf("\n", start);
    const excerpt = this.#text
      .slice(start, end === -1 ? undefined : end)
      .replace(/\r$/, "")
      .slice(0, 160);
    return { file: this.#file, line: Math.max(1, line), column: Math.max(1, col), excerpt };
  }
}

/** What each alias stands for: the nearest anchor of its name before it. One pass, however many aliases there are. */
function targetsIn(contents: Node): ReadonlyMap<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(contents, (_key, node) => {
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target !== undefined) targets.set(node, target);
    } else if (isNode(node) && node.anchor !== undefined) anchors.set(node.anchor, node);
  });
  return targets;
}

function asNode(value: unknown, place: FilePlace | undefined): Node {
  // Safe because the composer gives nodes, never bare values, inside maps and lists that it has read itself.
  if (value !== null && typeof value === "object") return value as Node;
  throw new QueryError("yaml", "expected a value", place === undefined ? {} : { place });
}

function scalar(value: unknown, source: string | undefined, at: Placed): YamlScalar {
  if (typeof value === "string" || typeof value === "boolean" || value === null) {
    return { kind: "scalar", value, text: source ?? String(value ?? ""), ...at };
  }
  if (typeof value === "number" && Number.isFinite(value)) {
    return { kind: "scalar", value, text: source ?? String(value), ...at };
  }
  throw failAt(at, "yaml", "expected text, a number, true or false");
}
