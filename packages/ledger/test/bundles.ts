// SPDX-License-Identifier: Apache-2.0
// Bundles of real questions, and what somebody who holds a key, or all of them, could make of one.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { admitFounding, checkApprovals } from "@koplamp/covenant";
import { signDocument } from "@koplamp/crypto";
import { contractOf, evaluationLimit, type Question } from "@koplamp/query";
import { type Documents, documentBytes, documentHash, type Entry, readDocument } from "@koplamp/wire";
import { Federation, type Lists, primitives, type Wishes } from "../../engine/test/federation.ts";
import {
  type BundledEntry,
  type BundleParts,
  packBundle,
  type ReadBundle,
  readBundle,
} from "../src/bundle.ts";
import { checkpointText, signCheckpoint } from "../src/checkpoint.ts";
import { cosign } from "../src/cosign.ts";
import type { VerifyOptions } from "../src/evidence.ts";
import { leafHash, MerkleTree } from "../src/merkle.ts";
import { readVerifierKey, signatureLine } from "../src/note.ts";
import { proofBytes } from "../src/proof.ts";
import type { Report } from "../src/report.ts";
import { verifyBundle } from "../src/verify.ts";

/** A federation under a real agreement: quotas that fit registers of 256, and retention of its own. */
export function agreed(lists: Lists, wishes: Wishes = {}): Federation {
  return new Federation(lists, {
    id: "koplamp.example/test",
    ...wishes,
    terms: (terms) => {
      const real = {
        ...terms,
        dataClasses: terms.dataClasses.map((row) => ({ ...row, registerSize: 256 })),
        quotas: terms.quotas.map((row) => ({ ...row, evaluations: 1024 })),
        retention: { results: "P30D", salts: "P90D", ledger: "P5Y", extensions: 1 },
      };
      return wishes.terms?.(real) ?? real;
    },
  });
}

/** A bundle with everything that its makers know. */
export class Made {
  readonly federation: Federation;
  readonly bytes: Uint8Array;
  readonly bundle: ReadBundle;

  constructor(federation: Federation, bytes: Uint8Array) {
    this.federation = federation;
    this.bytes = bytes;
    this.bundle = readBundle(primitives, bytes);
  }

  get covenant(): string {
    return this.federation.membership.covenantHash;
  }

  seedsOf(party: string): NonNullable<Federation["founded"]["keys"][string]> {
    const keys = this.federation.founded.keys[party];
    if (keys === undefined) throw new Error(`expected keys of ${party}`);
    return keys;
  }

  /** The first document of a type for which `where` holds, or the first. */
  find<T extends keyof Documents>(type: T, where: (value: Documents[T]) => boolean = () => true) {
    for (const document of this.bundle.documents) {
      if (document.type !== type) continue;
      const value = readDocument(type, document.bytes);
      if (where(value)) return { document, value };
    }
    throw new Error(`expected a ${type}`);
  }

  /** Packed again, with changes, by whoever holds the key of the maker's machine. */
  repacked(change: Partial<BundleParts> & { readonly entries?: readonly BundledEntry[] } = {}): Uint8Array {
    const { by, made } = this.bundle.index;
    const entries = change.entries ?? this.bundle.entries;
    const parties = [...new Set(entries.map(({ party }) => party))];
    return packBundle({
      by,
      made,
      identity: this.seedsOf(by).identity,
      documents: this.bundle.documents,
      ledgers: parties.map((party) => ({ party, entries: entries.filter((one) => one.party === party) })),
      primitives,
      ...change,
    });
  }

  /** With one document in the place of another, signed by these keys. */
  replaced(old: object, value: Documents[keyof Documents], seeds: readonly Uint8Array[]): Uint8Array {
    const bytes = documentBytes(value);
    const hash = documentHash(primitives.sha256, bytes);
    const signatures = seeds.map((seed) => signDocument(primitives, seed, value.koplamp, hash));
    const documents = this.bundle.documents.map((one) => (one === old ? { bytes, signatures } : one));
    return this.repacked({ documents });
  }

  /** Ledgers written anew by parties that all collude: `change` gives what stands in the place of each entry. */
  rewritten(change: (entry: Entry, party: string) => readonly Entry[]): Uint8Array {
    const parties = [...new Set(this.bundle.entries.map(({ party }) => party))];
    const entries = parties.flatMap((party) => {
      const own = this.bundle.entries.filter((one) => one.party === party);
      return this.#ledgerOf(
        party,
        own.flatMap(({ entry }) => change(entry, party)),
        own[0]?.index ?? 0,
      );
    });
    return this.repacked({ entries });
  }

  #ledgerOf(party: string, entries: readonly Entry[], first: number): readonly BundledEntry[] {
    const { cards } = this.federation.membership;
    const { sha256 } = primitives;
    const leaves = entries.map((entry) => documentBytes(entry));
    const tree = new MerkleTree(
      sha256,
      Array.from({ length: first }, () => sha256(new Uint8Array())),
    );
    for (const leaf of leaves) tree.append(leafHash(sha256, leaf));
    const origin = entries[0]?.ledger ?? "";
    const checkpoint = { origin, size: tree.size, root: tree.root() };
    const last = Math.max(...entries.map(({ at }) => Date.parse(at))) / 1000;
    const cosigned = [...cards.values()]
      .filter((card) => card.party !== party)
      .map((card) => {
        const { name, publicKey } = readVerifierKey(sha256, card.witness);
        const seed = this.seedsOf(card.party).witness;
        const text = checkpointText(checkpoint);
        return signatureLine(sha256, { name, type: 4, publicKey }, cosign(primitives, seed, text, last));
      });
    const signed = signCheckpoint(primitives, this.seedsOf(party).ledger, checkpoint);
    const note = Uint8Array.from(Buffer.concat([signed, Buffer.from(cosigned.join(""))]));
    return leaves.map((leaf, at) => {
      const index = first + at;
      const hashes = tree.inclusion(index, tree.size);
      return {
        party,
        index,
        leaf,
        entry: readDocument("entry/v1", leaf),
        proof: proofBytes({ index, hashes, checkpoint: note }),
      };
    });
  }
}

/** Asks a question and gives its bundle once it has ended everywhere. */
export async function made(federation: Federation, party: string, question: Question): Promise<Made> {
  const outcome = await federation.ask(party, question);
  if (outcome.status !== "released" || outcome.bundle === undefined)
    throw new Error(`expected a bundle, got ${JSON.stringify(outcome)}`);
  return new Made(federation, Uint8Array.from(outcome.bundle));
}

/** What our own verifier says. */
export function verified(bytes: Uint8Array, covenant: string, more: Partial<VerifyOptions> = {}): Report {
  return verifyBundle(bytes, {
    trust: { covenant },
    primitives,
    recompute: contractOf,
    admit: admitFounding,
    approve: checkApprovals,
    quota: evaluationLimit,
    ...more,
  });
}

export const SCRIPT: string = join(import.meta.dirname, "../../../scripts/verify.sh");

/** Whether the second verifier has what it needs here. */
export const hasTools: boolean = ["openssl version", "tar --version", "awk 1", "sh -c :"].every((command) => {
  const [name = "", ...args] = command.split(" ");
  return spawnSync(name, args, { stdio: "ignore", input: "" }).status === 0;
});

/** How the second verifier ended. */
export interface ShellReport {
  readonly status: number | null;
  readonly lines: readonly string[];
  readonly errors: string;
}

/** What the second verifier says of a bundle. Fails after `ms`. */
export async function shellVerified(bytes: Uint8Array, covenant: string, ms = 60_000): Promise<ShellReport> {
  const folder = mkdtempSync(join(tmpdir(), "koplamp-shell-"));
  try {
    writeFileSync(join(folder, "q.koplamp.tar"), bytes);
    writeFileSync(join(folder, "trust"), `covenant ${covenant}\n`);
    return await shell([join(folder, "q.koplamp.tar"), join(folder, "trust")], folder, ms);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs the second verifier with these arguments. Its temporary folder is made in `folder`. */
export async function shell(args: readonly string[], folder: string, ms: number): Promise<ShellReport> {
  const child = spawn("sh", [SCRIPT, ...args], {
    cwd: folder,
    env: { PATH: process.env["PATH"], TMPDIR: folder },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: ms,
  });
  const text = { out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => {
    text.out += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    text.err += chunk.toString();
  });
  const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { status, lines: text.out.trimEnd().split("\n"), errors: text.err };
}

/** The verdict of both, which must be one. */
export async function agreedVerdict(bytes: Uint8Array, covenant: string): Promise<string> {
  const shelled = shellVerified(bytes, covenant);
  const own = verified(bytes, covenant);
  const { status, lines, errors } = await shelled;
  const theirs = status === 0 ? "VERIFIED" : status === 5 ? "FAILED" : `status ${status}`;
  const last = lines.at(-1) ?? "";
  if (errors === "" && theirs === own.verdict && last.startsWith(theirs)) return theirs;
  return `${own.verdict} (${own.broken ?? "nothing broken"}), by the shell ${theirs}: ${lines.join("; ")} ${errors}`;
}
