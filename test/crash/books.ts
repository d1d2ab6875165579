// SPDX-License-Identifier: Apache-2.0
// What the disks of a federation say, read from copies while its processes live or are dead.
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { admitCharter, type Membership } from "@koplamp/covenant";
import { LedgerError, readVerifierKey, verifyCosigned } from "@koplamp/ledger";
import { nodePrimitives } from "@koplamp/pool";
import { openStore, readCharter } from "@koplamp/store";
import { type Entry, hex, readDocument } from "@koplamp/wire";
import { type Crossed, SEEN_FILE } from "./points.ts";

const primitives = nodePrimitives();

/** One node's books. */
export interface Book {
  readonly party: string;
  readonly entries: readonly Entry[];
  readonly hashes: readonly string[];
  /** Spent, by the full name of the budget. */
  readonly spent: ReadonlyMap<string, bigint>;
  /** Entries below this index are under a quorum's cosignatures. */
  readonly cosigned: number;
  /** What really left and came, disclosures only. */
  readonly crossed: readonly Crossed[];
}

/**
 * Reads a node's books from a copy of its disk. Opening the copy is the check that the node itself makes at its start.
 * A live node may write while it is copied: then once more.
 */
export async function bookOf(party: string, dir: string): Promise<Book> {
  const folder = mkdtempSync(join(tmpdir(), "koplamp-book-"));
  try {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return read(party, dir, folder);
      } catch (reason) {
        if (attempt === MOST_TRIES) throw reason;
        await sleep(300);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const MOST_TRIES = 3;

function read(party: string, dir: string, folder: string): Book {
  const copy = join(folder, "node.db");
  for (const end of ["", "-wal"]) {
    rmSync(`${copy}${end}`, { force: true });
    const file = join(dir, "state", `node.db${end}`);
    if (existsSync(file)) copyFileSync(file, `${copy}${end}`);
  }
  const store = openStore(copy); // leaves, checkpoint and charges hold together
  const leaves = Array.from({ length: store.size() }, (_, at) => store.leaf(at));
  const hashes = store.leafHashes().map(hex);
  store.close();
  const database = new DatabaseSync(copy, { readOnly: true });
  try {
    const budgets = database.prepare("SELECT budget, spent FROM budgets");
    budgets.setReadBigInts(true);
    const spent = budgets.all().map((row) => [String(row["budget"]), BigInt(String(row["spent"]))] as const);
    const notes = database.prepare("SELECT size, note FROM checkpoints ORDER BY size DESC").all();
    const isCosigned = cosignedBy(party, admitCharter(readCharter(join(dir, "charter")), primitives));
    const cosigned = notes.find(({ note }) => note instanceof Uint8Array && isCosigned(note));
    return {
      party,
      entries: leaves.map((leaf) => readDocument("entry/v1", leaf)),
      hashes,
      spent: new Map(spent),
      cosigned: Number(cosigned?.["size"] ?? 0),
      crossed: crossedAt(dir),
    };
  } finally {
    database.close();
  }
}

function cosignedBy(party: string, { cards, roster }: Membership): (note: Uint8Array) => boolean {
  const keyOf = (text: string) => readVerifierKey(primitives.sha256, text);
  const ledger = keyOf(cards.get(party)?.ledger ?? "");
  const witnesses = [...cards].filter(([id]) => id !== party).map(([, card]) => keyOf(card.witness));
  const trust = { origin: ledger.name, ledger, witnesses, quorum: roster.witnessQuorum };
  return (note) => {
    try {
      verifyCosigned(primitives, note, trust);
      return true;
    } catch (error) {
      if (error instanceof LedgerError) return false;
      throw error;
    }
  };
}

/** What really crossed the wires of the process with this folder. */
export function crossedAt(dir: string): readonly Crossed[] {
  const file = join(dir, SEEN_FILE);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Crossed);
}
