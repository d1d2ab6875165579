// SPDX-License-Identifier: Apache-2.0
// A real question over three engines gives the bundle; then it is damaged, cut and forged in every way we can think of.
import { admitFounding, checkApprovals } from "@koplamp/covenant";
import { signDocument } from "@koplamp/crypto";
import { contractOf, evaluationLimit } from "@koplamp/query";
import {
  canonicalBytes,
  type Documents,
  documentBytes,
  documentHash,
  fromUtf8,
  readDocument,
  timeMs,
  timeText,
  utf8,
} from "@koplamp/wire";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { Federation, matchOf, primitives } from "../../engine/test/federation.ts";
import {
  type BundledEntry,
  type BundleParts,
  packBundle,
  type ReadBundle,
  readBundle,
  type SignedFile,
} from "../src/bundle.ts";
import { LedgerError } from "../src/errors.ts";
import type { PromiseName, Report } from "../src/report.ts";
import { readTar } from "../src/tar.ts";
import { readTrust, verifyBundle } from "../src/verify.ts";

const LISTS = { anna: ["x", "y", "z"], bert: ["y", "z", "q"], cleo: ["z", "r"] };

let bytes = new Uint8Array();
let bundle: ReadBundle;
let federation: Federation;
let covenant = "";
let usual: ReadonlyMap<string, string> = new Map();

beforeAll(async () => {
  federation = new Federation(LISTS);
  const outcome = await federation.ask("anna", matchOf(Object.keys(LISTS), ["anna", "cleo"]));
  await federation.outcomes(["bert", "cleo"]);
  await federation.close();
  if (outcome.status !== "released" || outcome.bundle === undefined) throw new Error("expected a bundle");
  bytes = Uint8Array.from(outcome.bundle);
  bundle = readBundle(primitives, bytes);
  covenant = federation.membership.covenantHash;
  usual = new Map(verify(bytes).lines.map(({ promise, verdict }) => [promise, verdict]));
}, 30_000);

function verify(input: Uint8Array, trust = { covenant }): Report {
  const verifier = { primitives, recompute: contractOf, admit: admitFounding, approve: checkApprovals };
  return verifyBundle(input, { trust, ...verifier, quota: evaluationLimit });
}

/** The verdicts that are not those of the untouched bundle. */
function changed(report: Report): Readonly<Partial<Record<PromiseName, string>>> {
  const other = report.lines.filter(({ promise, verdict }) => usual.get(promise) !== verdict);
  return Object.fromEntries(other.map(({ promise, verdict }) => [promise, verdict]));
}

const seedOf = (party: string) => {
  const keys = federation.founded.keys[party];
  if (keys === undefined) throw new Error(`expected keys of ${party}`);
  return keys;
};

/** What the bundle was packed from, with changes, packed again by whoever holds the maker's key. */
function repacked(change: Partial<BundleParts> & { readonly entries?: readonly BundledEntry[] }): Uint8Array {
  const entries = change.entries ?? bundle.entries;
  const parties = [...new Set(entries.map(({ party }) => party))];
  return packBundle({
    by: bundle.index.by,
    made: bundle.index.made,
    identity: seedOf("anna").identity,
    documents: bundle.documents,
    ledgers: parties.map((party) => ({ party, entries: entries.filter((entry) => entry.party === party) })),
    primitives,
    ...change,
  });
}

const isEntry = (type: string, party: string) => (entry: BundledEntry) =>
  entry.party === party && entry.entry.type === type;
const withoutEntry = (type: string, party: string): Uint8Array =>
  repacked({ entries: bundle.entries.filter((entry) => !isEntry(type, party)(entry)) });

function read<T extends keyof Documents>(type: T, where: (value: Documents[T]) => boolean = () => true) {
  for (const document of bundle.documents) {
    if (document.type !== type) continue;
    const value = readDocument(type, document.bytes);
    if (where(value)) return { document, value };
  }
  throw new Error(`expected a ${type}`);
}

/** The bundle with one document in the place of another, signed by these keys. */
function replaced(
  old: SignedFile,
  value: Documents[keyof Documents],
  seeds: readonly Uint8Array[],
): Uint8Array {
  const next = documentBytes(value);
  const hash = documentHash(primitives.sha256, next);
  const signatures = seeds.map((seed) => signDocument(primitives, seed, value.koplamp, hash));
  const documents = bundle.documents.map((one) => (one === old ? { bytes: next, signatures } : one));
  return repacked({ documents });
}

const leftOut = (...types: readonly string[]): Uint8Array =>
  repacked({
    documents: bundle.documents.filter(({ type }) => !types.includes(type)),
    leftOut: bundle.documents.filter(({ type }) => types.includes(type)),
  });
const without = (...gone: readonly SignedFile[]): Uint8Array =>
  repacked({ documents: bundle.documents.filter((document) => !gone.includes(document)) });

describe("a bundle", () => {
  it("of an honest run verifies, promise by promise", () => {
    const report = verify(bytes);
    expect(report.lines.map(({ promise, verdict }) => `${promise} ${verdict}`)).toEqual([
      "bundle PASS",
      "covenant PASS",
      "roster PASS",
      "plan PASS",
      "contract PASS",
      "approvals SKIP",
      "quotas SKIP",
      "ledgers PASS",
      "disclosed PASS",
      "order PASS",
      "egress PASS",
      "receipts PASS",
      "erasure SKIP",
    ]);
    expect([report.verdict, report.passed, report.broken]).toEqual(["VERIFIED", 10, undefined]);
    const detail = Object.fromEntries(report.lines.map((line) => [line.promise, line.detail]));
    expect(detail).toMatchObject({
      covenant: "lab/test v1, signed 3 of 3",
      roster: "epoch 1, keys admitted, quorum 2 of 2",
      plan: "a-match, class F, by an analyst of anna",
      contract: "recomputed from the plan: same hash",
      approvals: "lab",
      receipts: "4 of 4",
    });
    expect(detail["disclosed"]).toContain("tokens.bert.anna → anna");
  });

  it("is the same bytes for the same content, in whatever order it comes", () => {
    expect(repacked({})).toEqual(bytes);
    const documents = [...bundle.documents].reverse();
    expect(repacked({ documents, entries: [...bundle.entries].reverse() })).toEqual(bytes);
  });

  it("fails with a bit turned in any file", () => {
    let from = 0;
    const files = readTar(bytes).map((file) => {
      const start = from + 512;
      from = start + Math.ceil(file.bytes.length / 512) * 512;
      return { ...file, start };
    });
    const some = files.filter(({ name }, at) => !name.startsWith("ledgers/") || at % 7 < 2);
    expect(new Set(some.map(({ name }) => name.replace(/^.*\./, "")))).toEqual(
      new Set(["index", "json", "sigs", "tlog-proof"]),
    );
    for (const [at, { name, start, bytes: content }] of some.entries()) {
      const damaged = Uint8Array.from(bytes);
      const bit = (at * 7919) % (content.length * 8);
      damaged[start + (bit >> 3)] = (damaged[start + (bit >> 3)] ?? 0) ^ (1 << (bit & 7));
      expect(verify(damaged).verdict, name).toBe("FAILED");
    }
  }, 60_000);

  it("gives a report for hostile bytes too", () => {
    const near = fc.tuple(fc.nat(bytes.length - 1), fc.nat(bytes.length)).map(([at, length]) => {
      const cut = bytes.slice(0, length);
      if (at < length) cut[at] = (cut[at] ?? 0) ^ 255;
      return cut;
    });
    fc.assert(
      fc.property(fc.oneof(near, fc.uint8Array({ maxLength: 1024 })), (input) => {
        const report = verify(input);
        expect(report.lines.length).toBe(13);
        expect(report.verdict).toBe("FAILED");
        expect(report.lines.find(({ promise }) => promise === report.broken)?.verdict).toBe("FAIL");
      }),
      { numRuns: 60 },
    );
  }, 30_000);
});

describe("a bundle under other trust", () => {
  it("fails for another covenant", () => {
    expect(changed(verify(bytes, { covenant: `sha256:${"0".repeat(64)}` }))).toEqual({ covenant: "FAIL" });
  });

  it("reads what was told on paper, and nothing else", () => {
    expect(readTrust(`covenant ${covenant}\n`)).toEqual({ covenant });
    for (const text of [
      "",
      "covenant sha256:00",
      `roster ${covenant}`,
      `covenant ${covenant}\n\n`,
      `${covenant}`,
    ])
      expect(() => readTrust(text)).toThrow(LedgerError);
  });
});

describe("a forged bundle", () => {
  it("is not its maker's when another signs the index", () => {
    expect(changed(verify(repacked({ identity: seedOf("bert").identity })))).toEqual({ bundle: "FAIL" });
    expect(changed(verify(repacked({ by: "stranger" })))).toEqual({ bundle: "FAIL" });
  });

  it("does not pass a covenant, card or roster that not everybody signed", () => {
    for (const [type, promises] of [
      ["covenant/v1", { bundle: "SKIP", covenant: "FAIL", roster: "FAIL" }],
      ["roster/v1", { bundle: "SKIP", roster: "FAIL" }],
      ["card/v1", { bundle: "SKIP", roster: "FAIL" }],
    ] as const) {
      const { document } = read(type);
      const signatures = document.signatures.slice(1);
      const documents = bundle.documents.map((one) => (one === document ? { ...one, signatures } : one));
      const report = verify(repacked({ documents }));
      expect(changed(report), type).toMatchObject(promises);
      expect(report.verdict).toBe("FAILED");
    }
  });

  it("does not pass a plan that no analyst signed", () => {
    const { document, value } = read("plan/v1");
    expect(changed(verify(replaced(document, value, [seedOf("anna").people.lawful])))).toMatchObject({
      plan: "FAIL",
    });
    expect(changed(verify(replaced(document, value, [])))).toMatchObject({ plan: "FAIL" });
  });

  it("does not pass a contract that does not follow from the plan", () => {
    const { document, value } = read("contract/v1");
    const report = verify(
      replaced(document, { ...value, warnings: [], text: { en: "Nobody learns anything." } }, []),
    );
    expect(changed(report)).toMatchObject({ contract: "FAIL" });
    const plan = read("plan/v1");
    const other = replaced(plan.document, { ...plan.value, id: "another" }, [seedOf("anna").people.analyst]);
    expect(changed(verify(other))).toMatchObject({ contract: "FAIL", ledgers: "FAIL" });
  });

  it("does not pass entries that the quorum has not seen, or of somebody else", () => {
    const [entry] = bundle.entries;
    if (entry === undefined) throw new Error("expected entries");
    const lines = fromUtf8(entry.proof).split("\n");
    const proof = utf8([...lines.slice(0, -2), ""].join("\n"));
    const swap = (next: BundledEntry) => bundle.entries.map((one) => (one === entry ? next : one));
    expect(changed(verify(repacked({ entries: swap({ ...entry, proof }) })))).toMatchObject({
      ledgers: "FAIL",
    });
    const leaf = documentBytes({ ...entry.entry, at: "2020-01-01T00:00:00Z" });
    expect(changed(verify(repacked({ entries: swap({ ...entry, leaf }) })))).toMatchObject({
      ledgers: "FAIL",
    });
    const thief = bundle.entries.map((one) => (one.party === "bert" ? { ...one, party: "stranger" } : one));
    expect(changed(verify(repacked({ entries: thief })))).toMatchObject({ ledgers: "FAIL" });
    expect(changed(verify(repacked({ entries: [] })))).toMatchObject({ ledgers: "FAIL" });
  });

  it("does not pass without an entry for each line of the contract", () => {
    for (const party of Object.keys(LISTS))
      expect(changed(verify(withoutEntry("disclose", party)))).toMatchObject({
        disclosed: "FAIL",
        receipts: "FAIL",
      });
    expect(changed(verify(withoutEntry("allow", "bert")))).toEqual({}); // a right that was not needed
    expect(changed(verify(withoutEntry("begin", "bert")))).toEqual({ order: "FAIL" });
  });

  it("does not pass an account above the contract, or not of the node itself", () => {
    const { document, value } = read("egress/v1", ({ from }) => from === "bert");
    const { identity } = seedOf("bert");
    const rows = value.rows.map((row, at) => (at === 0 ? { ...row, bytes: row.bytes + 1 } : row));
    expect(changed(verify(replaced(document, { ...value, rows }, [identity])))).toEqual({ egress: "FAIL" });
    const [first] = value.rows;
    if (first === undefined) throw new Error("expected rows");
    const more = [...value.rows, { ...first, what: "another" }];
    expect(changed(verify(replaced(document, { ...value, rows: more }, [identity])))).toEqual({
      egress: "FAIL",
    });
    expect(changed(verify(replaced(document, value, [seedOf("cleo").identity])))).toEqual({ egress: "FAIL" });
    const claims = { ...value, equalsContract: true, rows: value.rows.slice(0, 1) };
    expect(changed(verify(replaced(document, claims, [identity])))).toEqual({ egress: "FAIL" });
    const other = { ...value, planHash: value.contractHash };
    expect(changed(verify(replaced(document, other, [identity])))).toEqual({ egress: "FAIL" });
    expect(changed(verify(without(document)))).toEqual({ egress: "FAIL" });
  });

  it("does not pass a receipt that is missing, forged, for other bytes, or from before", () => {
    const { document, value } = read("receipt/v1", ({ to }) => to === "cleo");
    const { identity } = seedOf("cleo");
    expect(changed(verify(without(document)))).toEqual({ receipts: "FAIL" });
    expect(changed(verify(replaced(document, value, [seedOf("bert").identity])))).toEqual({
      receipts: "FAIL",
    });
    for (const change of [{ bytes: value.bytes + 1 }, { session: "0".repeat(32) }, { frame: value.planHash }])
      expect(changed(verify(replaced(document, { ...value, ...change }, [identity])))).toEqual({
        receipts: "FAIL",
      });
    const early = { ...value, at: timeText(timeMs(value.at) - 360_000) };
    expect(changed(verify(replaced(document, early, [identity])))).toEqual({ order: "FAIL" });
  });

  it("does not pass a signature line that does not hold, even where nobody asks for it", () => {
    const { document } = read("approval/v1");
    const signatures = [signDocument(primitives, seedOf("anna").identity, "plan/v1", document.hash)];
    const documents = bundle.documents.map((one) => (one === document ? { ...one, signatures } : one));
    expect(verify(repacked({ documents })).broken).toBe("bundle");
  });
});

describe("a bundle that leaves documents out", () => {
  it("says so, and passes nothing that needs them", () => {
    for (const [types, skipped] of [
      [["approval/v1"], {}],
      [["contract/v1"], {}], // computed all the same
      [["receipt/v1"], { receipts: "SKIP" }],
      [["egress/v1"], { egress: "SKIP" }],
      [["plan/v1"], { plan: "SKIP", contract: "SKIP", disclosed: "SKIP", egress: "SKIP" }],
    ] as const)
      expect(changed(verify(leftOut(...types))), types.join()).toEqual(skipped);
    for (const [type, broken] of [
      ["covenant/v1", "covenant"],
      ["roster/v1", "roster"],
      ["card/v1", "roster"],
    ] as const) {
      const report = verify(leftOut(type)); // without them nothing can be checked: that is no success
      expect([report.verdict, report.broken], type).toEqual(["FAILED", broken]);
    }
  });

  it("cannot be made without a covenant, roster, plan and contract", () => {
    for (const type of ["covenant/v1", "roster/v1", "plan/v1", "contract/v1"] as const)
      expect(() => without(read(type).document)).toThrow(LedgerError);
    const documents = [
      ...bundle.documents,
      { bytes: canonicalBytes({ koplamp: "nothing/v1" }), signatures: [] },
    ];
    expect(() => repacked({ documents })).toThrow();
  });
});
