// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import type { Store } from "@koplamp/engine";
import { leafHash, MerkleTree, signCheckpoint } from "@koplamp/ledger";
import { hex, utf8 } from "@koplamp/wire";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { oraclePrimitives as primitives } from "../../crypto/test/oracle-primitives.ts";
import { StoreError } from "../src/errors.ts";
import { openStore } from "../src/store.ts";
import { allowed, begun, disclosed } from "./leaves.ts";

const { sha256 } = primitives;
const seed = new Uint8Array(32).fill(5);
const origin = "koplamp.example/a";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "koplamp-store-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (): string => join(folder, "state.db");
const codeOf = (act: () => unknown): string => {
  try {
    act();
    return "nothing";
  } catch (error) {
    return error instanceof StoreError ? error.code : `not a StoreError: ${error}`;
  }
};
const note = (leaves: readonly Uint8Array[]): Uint8Array => {
  const tree = new MerkleTree(
    sha256,
    leaves.map((leaf) => leafHash(sha256, leaf)),
  );
  return signCheckpoint(primitives, seed, { origin, size: tree.size, root: tree.root() });
};
const documentOf = (text: string): readonly [string, Uint8Array] => [
  `sha256:${hex(sha256(utf8(text)))}`,
  utf8(text),
];

/** One of everything. */
function fill(store: Store): void {
  const leaves = [utf8("first"), allowed("b", 512), disclosed(7)];
  store.append(leaves.slice(0, 1));
  const charges = [
    { budget: "evaluations/k/b", amount: 512n },
    { budget: "exactCells/d", amount: 7n },
  ];
  store.append(leaves.slice(1), charges);
  store.putCheckpoint(3, note(leaves));
  store.replaceWitnessState("other", 0, { size: 4, root: sha256(utf8("r")) });
  store.putDocument(...documentOf("{}"), ["key signature"]);
  store.putSealed("share/1", utf8("sealed"));
}

/** Everything that `fill` wrote, read back. */
function contents(store: Store): unknown {
  const size = store.size();
  return {
    leaves: Array.from({ length: size }, (_, index) => hex(store.leaf(index))),
    hashes: store.leafHashes().map(hex),
    spent: [store.spent("evaluations/k/b"), store.spent("exactCells/d"), store.spent("nothing")],
    checkpoint: hex(store.checkpoint(3) ?? new Uint8Array()),
    last: store.lastCheckpoint()?.size,
    seen: store.witnessState("other"),
    document: store.document(documentOf("{}")[0]),
    sealed: store.sealedNames("share/").map((name) => hex(store.sealed(name) ?? new Uint8Array())),
  };
}

describe.each(["memory", "file"])("a store in %s", (kind) => {
  let store: Store;
  beforeEach(() => {
    store = openStore(kind === "memory" ? ":memory:" : file());
  });
  afterEach(() => store.close());

  it("gives back what it was given", () => {
    expect(store.append([utf8("a"), utf8("b")])).toEqual([0, 1]);
    expect(store.append([utf8("c")])).toEqual([2]);
    expect(store.size()).toBe(3);
    expect(store.leaf(1)).toEqual(utf8("b"));
    expect(store.leafHashes().map(hex)).toEqual(
      ["a", "b", "c"].map((leaf) => hex(leafHash(sha256, utf8(leaf)))),
    );
    expect(() => store.leaf(3)).toThrow(RangeError);
  });

  it("charges with the entries, or writes neither", () => {
    const limits = { "evaluations/k/b": 1000n };
    const charge = (amount: bigint) => [{ budget: "evaluations/k/b", amount }];
    store.append([allowed("b", 600)], charge(600n), limits);
    expect(codeOf(() => store.append([allowed("b", 401)], charge(401n), limits))).toBe("budget");
    expect([store.size(), store.spent("evaluations/k/b")]).toEqual([1, 600n]);
    store.append([allowed("b", 400)], charge(400n), limits);
    expect([store.size(), store.spent("evaluations/k/b")]).toEqual([2, 1000n]);
  });

  it("counts two charges of one transaction to one budget together", () => {
    const charges = [7n, 5n].map((amount) => ({ budget: "exactCells/d", amount }));
    expect(codeOf(() => store.append([disclosed(7), disclosed(5)], charges, { "exactCells/d": 11n }))).toBe(
      "budget",
    );
    store.append([disclosed(7), disclosed(5)], charges, { "exactCells/d": 12n });
    expect(store.spent("exactCells/d")).toBe(12n);
  });

  it("refuses charges that no entry states, and entries that state what is not charged", () => {
    const evaluations = (amount: bigint) => [{ budget: "evaluations/k/b", amount }];
    expect(codeOf(() => store.append([utf8("x")], evaluations(1n)))).toBe("account");
    expect(codeOf(() => store.append([allowed("b", 5)], evaluations(4n)))).toBe("account");
    expect(codeOf(() => store.append([allowed("b", 5)], evaluations(-5n)))).toBe("account");
    expect(codeOf(() => store.append([allowed("c", 5)], evaluations(5n)))).toBe("account");
    expect(codeOf(() => store.append([allowed("b", 5)]))).toBe("account");
    expect(store.append([begun("b", 5)])).toEqual([0]); // announced, charged or not
    expect(store.append([begun("b", 5)], evaluations(5n))).toEqual([1]);
  });

  it("keeps one root a size", () => {
    const leaves = [utf8("a")];
    store.append(leaves);
    store.putCheckpoint(1, note(leaves));
    store.putCheckpoint(1, note(leaves));
    expect(codeOf(() => store.putCheckpoint(1, note([utf8("z")])))).toBe("checkpoint");
    expect(codeOf(() => store.putCheckpoint(2, note(leaves)))).toBe("malformed");
    expect(store.lastCheckpoint()).toEqual({ size: 1, note: note(leaves) });
    expect(store.checkpoint(2)).toBe(undefined);
  });

  it("compares and stores a witness's view in one step", () => {
    const [one, two] = [sha256(utf8("1")), sha256(utf8("2"))];
    expect(store.replaceWitnessState("o", 3, { size: 5, root: one })).toBe(false);
    expect(store.witnessState("o")).toBe(undefined);
    expect(store.replaceWitnessState("o", 0, { size: 5, root: one })).toBe(true);
    expect(store.replaceWitnessState("o", 0, { size: 9, root: two })).toBe(false);
    expect(store.replaceWitnessState("o", 4, { size: 9, root: two })).toBe(false);
    expect(store.witnessState("o")).toEqual({ size: 5, root: one });
    expect(store.replaceWitnessState("o", 5, { size: 9, root: two })).toBe(true);
    expect(store.witnessState("o")).toEqual({ size: 9, root: two });
  });

  it("keeps documents under their hash and joins their signatures", () => {
    const [hash, bytes] = documentOf("{}");
    store.putDocument(hash, bytes, ["a 1"]);
    store.putDocument(hash, bytes, ["b 2", "a 1"]);
    expect(store.document(hash)).toEqual({ bytes, signatures: ["a 1", "b 2"] });
    expect(codeOf(() => store.putDocument(hash, utf8("[]"), []))).toBe("malformed");
    expect(store.document(documentOf("[]")[0])).toBe(undefined);
  });

  it("keeps sealed bytes by name until they are dropped", () => {
    store.putSealed("a/1", utf8("x"));
    store.putSealed("a/2", utf8("y"));
    store.putSealed("b_1", utf8("z"));
    expect(store.sealedNames("a/")).toEqual(["a/1", "a/2"]);
    expect(store.sealedNames("a%")).toEqual([]);
    store.putSealed("a/1", utf8("w"));
    expect(store.sealed("a/1")).toEqual(utf8("w"));
    store.dropSealed("a/1");
    expect(store.sealed("a/1")).toBe(undefined);
  });
});

describe("what is written together", () => {
  const charge = (amount: bigint) => [{ budget: "evaluations/k/b", amount }];
  const [hash, bytes] = documentOf("{}");

  it.each(["memory", "file"])("is all there, or none of it, in %s", (kind) => {
    const store = openStore(kind === "memory" ? ":memory:" : file());
    const written = (): unknown => [
      store.size(),
      store.spent("evaluations/k/b"),
      store.document(hash)?.bytes,
      store.sealedNames(""),
    ];
    const write = (): readonly number[] => {
      store.putDocument(hash, bytes, []);
      store.putSealed("a/1", utf8("x"));
      return store.append([allowed("b", 5)], charge(5n), { "evaluations/k/b": 9n });
    };
    expect(() =>
      store.together(() => {
        write();
        throw new Error("after all of it");
      }),
    ).toThrow("after all of it");
    expect(written()).toEqual([0, 0n, undefined, []]);
    expect(store.together(write)).toEqual([0]);
    expect(written()).toEqual([1, 5n, bytes, ["a/1"]]);
    store.dropSealed("a/1");
    expect(codeOf(() => store.together(write))).toBe("budget");
    expect(written()).toEqual([1, 5n, bytes, []]);
    store.close();
  });

  it("counts once it is durable, and is appended to at most once", () => {
    const store = openStore(file());
    store.together(() => {
      store.append([utf8("a")]);
      expect(store.size()).toBe(0);
    });
    expect(store.size()).toBe(1);
    const twice = (): unknown => [store.append([utf8("b")]), store.append([utf8("c")])];
    expect(() => store.together(twice)).toThrow("at most one append");
    expect(store.append([utf8("d")])).toEqual([1]);
    store.close();
    const again = openStore(file());
    expect([again.size(), again.leaf(1)]).toEqual([2, utf8("d")]);
    again.close();
  });
});

describe("a store on disk", () => {
  it("is all there when it is opened again, and only its owner can read it", () => {
    const store = openStore(file());
    fill(store);
    const before = contents(store);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    store.close();
    const again = openStore(file());
    expect(contents(again)).toEqual(before);
    expect(again.append([utf8("next")])).toEqual([3]);
    again.close();
  });

  it("has one user at a time", () => {
    const store = openStore(file());
    expect(codeOf(() => openStore(file()))).toBe("busy");
    store.close();
    openStore(file()).close();
  });

  it("has whole transactions only after a kill, and every one that was answered", async () => {
    for (const ms of [150, 250, 400]) {
      const answered = await killedAfter(ms);
      const store = openStore(file());
      expect(store.size()).toBeGreaterThan(answered);
      expect(store.size() % 2).toBe(0);
      expect(store.spent("exactCells/a")).toBe(BigInt(store.size() / 2) * 3n);
      store.close();
    }
  }, 30_000);

  it("refuses a budget that is not what the ledger states", () => {
    for (const [statement, code] of [
      ["UPDATE budgets SET spent = 1", "damaged"],
      ["DELETE FROM budgets", "damaged"],
      ["DELETE FROM charges; DELETE FROM budgets", "damaged"],
      [
        "UPDATE charges SET amount = 6 WHERE amount = 7; UPDATE budgets SET spent = 6 WHERE spent = 7",
        "damaged",
      ],
      ["UPDATE leaves SET bytes = x'00' WHERE idx = 0", "damaged"],
      ["DELETE FROM leaves WHERE idx = 2", "damaged"],
      ["DELETE FROM leaves WHERE idx = 0", "damaged"],
      ["PRAGMA user_version = 9", "damaged"],
    ] as const) {
      edited(statement);
      expect(
        codeOf(() => openStore(file())),
        statement,
      ).toBe(code);
    }
  });

  it("refuses entries that are not those of the last checkpoint", () => {
    const leaf = Buffer.from("other");
    edited(
      `UPDATE leaves SET bytes = x'${leaf.toString("hex")}', hash = x'${hex(leafHash(sha256, leaf))}' WHERE idx = 0`,
    );
    expect(codeOf(() => openStore(file()))).toBe("damaged");
  });

  it("detects a changed byte, or reads what was written", () => {
    const before = pristine();
    const bytes = readFileSync(file());
    const found = new Set<string>();
    for (let at = 0; at < bytes.length; at += 61) {
      const damaged = Uint8Array.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
      writeFileSync(file(), damaged);
      found.add(readOrRefuse(before));
    }
    expect([...found].sort()).toEqual(["refused", "same"]);
  }, 60_000);

  /** A closed store with one of everything. Gives what it holds. */
  function pristine(): unknown {
    for (const end of ["", "-wal", "-shm", ".whole"]) rmSync(`${file()}${end}`, { force: true });
    const store = openStore(file());
    fill(store);
    const before = contents(store);
    store.close();
    return before;
  }

  function edited(statement: string): void {
    pristine();
    const database = new DatabaseSync(file());
    database.exec(statement);
    database.close();
    copyFileSync(file(), `${file()}.whole`);
  }

  function readOrRefuse(before: unknown): string {
    let store: Store | undefined;
    try {
      store = openStore(file());
      expect(contents(store)).toEqual(before);
      return "same";
    } catch (error) {
      if (error instanceof StoreError) return "refused";
      throw error;
    } finally {
      store?.close();
    }
  }

  /** Runs a writer and kills it. Gives the last index that it said was durable. */
  async function killedAfter(ms: number): Promise<number> {
    const child = spawn(process.execPath, [
      "--conditions=source",
      fileURLToPath(new URL("child.ts", import.meta.url)),
      file(),
    ]);
    let output = "";
    const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
    child.stdout.on("data", (text) => (output += text));
    await new Promise<void>((resolve) => child.stdout.once("data", () => resolve()));
    await new Promise((resolve) => setTimeout(resolve, ms));
    child.kill("SIGKILL");
    await ended;
    return Number(output.trimEnd().split("\n").at(-1));
  }
});
