// SPDX-License-Identifier: Apache-2.0
// A covenant as files: a draft that people edit (YAML), or canonical JSON with signatures and proofs beside it.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkText, type Finding, type Vouched } from "@koplamp/covenant";
import { nodePrimitives } from "@koplamp/pool";
import { type Covenant, documentBytes, documentHash, type Hash } from "@koplamp/wire";
import { parseDocument } from "yaml";
import { SdkError } from "./errors.ts";

/** A file with a covenant, perhaps an unfinished one. */
export interface CovenantFile {
  readonly file: string;
  /** The path without its ending: `.json`, `.sigs` and `.pops` stand beside each other. */
  readonly base: string;
  readonly value: unknown;
  /** What keeps it from being signed. */
  readonly findings: readonly Finding[];
}

/** A covenant that could be signed. */
export interface ReadCovenant extends CovenantFile {
  readonly covenant: Covenant;
  readonly hash: Hash;
  readonly vouched: Vouched;
}

/** Reads YAML or JSON. @throws {SdkError} `file` when it is neither. */
export function openCovenant(file: string): CovenantFile {
  const document = parseDocument(textOf(file));
  const [error] = document.errors;
  if (error !== undefined) {
    const line = error.linePos?.[0].line;
    const place = line === undefined ? file : `${file}:${line}`;
    throw new SdkError(
      "file",
      `${place}: ${error.message.split("\n")[0] ?? "no YAML"}`,
      "YAML, or canonical JSON",
    );
  }
  const value: unknown = document.toJS();
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new SdkError("covenant", `expected a covenant in "${file}"`, "koplamp covenant new writes a draft");
  }
  const base = file.replace(/\.(?:ya?ml|json)$/, "");
  return { file, base, value, findings: checkText(value, nodePrimitives()) };
}

/** A covenant that is whole. @throws {SdkError} `covenant` naming the first clause that is not. */
export function readCovenant(file: string): ReadCovenant {
  const opened = openCovenant(file);
  const [first, ...rest] = opened.findings.filter(({ grave }) => grave);
  if (first !== undefined) {
    const more = rest.length === 0 ? "" : ` (and ${rest.length} more)`;
    const message = `${first.clause}: expected ${first.expected}, got ${first.got}${more}`;
    throw new SdkError("covenant", message, `koplamp covenant verify ${file} lists everything`);
  }
  const covenant = opened.value as Covenant; // safe because the form and every check have accepted it
  const bytes = documentBytes(covenant);
  const [signatures, possession] = [linesOf(`${opened.base}.sigs`), linesOf(`${opened.base}.pops`)];
  const hash = documentHash(nodePrimitives().sha256, bytes);
  return { ...opened, covenant, hash, vouched: { bytes, signatures, possession } };
}

/** The version before, if it lies in the same folder. */
export function previousOf({ file, covenant }: ReadCovenant): ReadCovenant | undefined {
  const { previous } = covenant;
  if (previous === null) return undefined;
  const folder = dirname(file);
  for (const name of readdirSync(folder).filter((entry) => entry.endsWith(".json"))) {
    const found = covenantIn(join(folder, name));
    if (found?.hash === previous) return found;
  }
  return undefined;
}

function covenantIn(file: string): ReadCovenant | undefined {
  try {
    return readCovenant(file);
  } catch {
    return undefined; // another kind of file
  }
}

function linesOf(file: string): readonly string[] {
  return existsSync(file)
    ? textOf(file)
        .split("\n")
        .filter((line) => line !== "")
    : [];
}

const MOST_BYTES = 2 ** 20;

function textOf(file: string): string {
  const bytes = readFileSync(file);
  if (bytes.length > MOST_BYTES)
    throw new SdkError("file", `"${file}" is larger than a covenant can be`, "check the path");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new SdkError("file", `"${file}" is not UTF-8`, "save it again as UTF-8");
  }
}
