// SPDX-License-Identifier: Apache-2.0
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { checkSignatures, type Difference, differencesOf, type Finding, keyHolders } from "@koplamp/covenant";
import { equal, provePossession, publicKeyText, signDocument, wipe } from "@koplamp/crypto";
import { nodePrimitives } from "@koplamp/pool";
import { readCovenantSeed } from "@koplamp/store";
import { type Covenant, type Hash, type Time, timeText } from "@koplamp/wire";
import { openCovenant, previousOf, type ReadCovenant, readCovenant } from "./covenant-file.ts";
import { SdkError } from "./errors.ts";

/** What somebody is about to sign. */
export interface SigningView {
  readonly covenant: Covenant;
  readonly hash: Hash;
  /** Against the version before; absent in version 1, or when that version is not in the folder. */
  readonly changes?: readonly Difference[];
}

/** A signature that was given. */
export interface Signed extends SigningView {
  readonly by: string;
  readonly role: string;
  /** The canonical text, with signatures and proofs beside it. */
  readonly file: string;
  /** Parties whose signature is still missing. */
  readonly missing: readonly string[];
}

/**
 * Signs a covenant with the key in a file: the signature of a party, and the proof that the key is held. Somebody
 * outside all parties whose key the covenant names gives the proof alone.
 * @throws {SdkError} `covenant` for an unfinished text, `refused` for a key that is no party's or has signed; {@link StoreError} for the file.
 */
export function signCovenant(file: string, keyFile: string): Signed {
  const read = readCovenant(file);
  const { covenant, hash, base, vouched } = read;
  const view = viewOf(read);
  const seed = readCovenantSeed(keyFile);
  try {
    const primitives = nodePrimitives();
    const key = publicKeyText(primitives.ed25519PublicKey(seed));
    const holder = keyHolders(covenant).find((row) => row.key === key);
    if (holder === undefined) {
      const owners = covenant.parties.map(({ id }) => id).join(", ");
      throw refused(
        `the key in ${keyFile} is none of covenant "${covenant.id}": ${key}`,
        `its parties: ${owners}`,
      );
    }
    const { party, role } = holder;
    const start = `${party} ${role} ${key} `;
    if (
      vouched.possession.some((line) => line.startsWith(start)) ||
      vouched.signatures.some((line) => line.startsWith(`${key} `))
    )
      throw refused(
        `${role === "covenant" ? party : role} has signed this text with this key`,
        "nothing has to be done",
      );
    keepText(read);
    if (role === "covenant")
      appendFileSync(`${base}.sigs`, `${signDocument(primitives, seed, "covenant/v1", hash)}\n`);
    const proof = provePossession(primitives, seed, { party, role, covenantHash: hash });
    appendFileSync(`${base}.pops`, `${party} ${role} ${proof}\n`);
    return {
      ...view,
      by: party,
      role,
      file: `${base}.json`,
      missing: missingIn(readCovenant(`${base}.json`)),
    };
  } finally {
    wipe(seed);
  }
}

function viewOf(read: ReadCovenant): SigningView {
  const before = previousOf(read);
  const { covenant, hash } = read;
  return before === undefined
    ? { covenant, hash }
    : { covenant, hash, changes: differencesOf(before.covenant, covenant) };
}

/** Writes the canonical text once. Signatures over another text of the same name are never mixed with it. */
function keepText({ base, file, vouched }: ReadCovenant): void {
  const path = `${base}.json`;
  if (existsSync(path) && !equal(new Uint8Array(readFileSync(path)), vouched.bytes)) {
    throw refused(
      `${path} holds another text than ${file}`,
      "others may have signed it: agree on one text, then remove the old one with its .sigs and .pops",
    );
  }
  if (!existsSync(path) && vouched.signatures.length + vouched.possession.length > 0)
    throw refused(
      `there are signatures beside ${file}, and no text that they are of`,
      `remove ${base}.sigs and ${base}.pops`,
    );
  writeFileSync(path, vouched.bytes);
}

function missingIn({ covenant, vouched }: ReadCovenant): readonly string[] {
  const given = new Set(vouched.signatures.map((line) => line.split(" ")[0] ?? ""));
  return covenant.parties
    .filter(({ covenantKeys }) => !covenantKeys.some((key) => given.has(key)))
    .map(({ id }) => id);
}

/** What a verification of a covenant found. */
export interface CovenantCheck {
  readonly findings: readonly Finding[];
  /** Whether no finding is grave. */
  readonly valid: boolean;
  /** The hash that people read out to each other; absent for a text that is no covenant yet. */
  readonly hash?: Hash;
  readonly parties: number;
}

/** Checks a covenant: every clause, every signature, every key's holder, its term. */
export function verifyCovenant(file: string, at: Time = timeText(Date.now())): CovenantCheck {
  const { findings } = openCovenant(file);
  if (findings.some(({ grave }) => grave)) return { findings, valid: false, parties: 0 };
  const read = readCovenant(file);
  const { covenant, hash, vouched } = read;
  const all = [
    ...findings,
    ...fileFindings(file, vouched.bytes),
    ...versionFindings(read),
    ...checkSignatures(covenant, vouched, at, nodePrimitives()),
  ];
  return { findings: all, valid: !all.some(({ grave }) => grave), hash, parties: covenant.parties.length };
}

/** Whether the version before is the one that this version says, as far as it lies in the same folder. */
function versionFindings(read: ReadCovenant): readonly Finding[] {
  const { id, version, previous } = read.covenant;
  if (previous === null) return [];
  const before = previousOf(read)?.covenant;
  if (before === undefined) {
    const hint = "nothing is wrong, but what changed cannot be told: put that version in the same folder";
    return [
      {
        clause: "previous",
        grave: false,
        expected: `the version ${previous} in this folder`,
        got: "none",
        hint,
      },
    ];
  }
  if (before.id === id && before.version + 1 === version) return [];
  return [
    {
      clause: "version",
      grave: true,
      expected: `version ${before.version + 1} of ${before.id}, after the version that it names`,
      got: `version ${version} of ${id}`,
      hint: "koplamp covenant amend FILE writes the next version",
    },
  ];
}

/** A JSON file is what was signed, byte for byte; YAML is a draft, whose text may be laid out as people like. */
function fileFindings(file: string, bytes: Uint8Array): readonly Finding[] {
  if (!file.endsWith(".json") || equal(new Uint8Array(readFileSync(file)), bytes)) return [];
  return [
    {
      clause: "covenant",
      grave: true,
      expected: "canonical JSON, byte for byte",
      got: "other bytes with the same content",
      hint: "take the file that was signed; no editor may touch it",
    },
  ];
}

function refused(message: string, hint: string): SdkError {
  return new SdkError("refused", message, hint);
}
