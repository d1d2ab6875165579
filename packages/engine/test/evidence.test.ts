// SPDX-License-Identifier: Apache-2.0
import { afterEach, describe, expect, it } from "vitest";
import { addEgress, checkEgress, equalsContract } from "../src/egress.ts";
import { acknowledges, signedReceipt } from "../src/receipts.ts";
import { countOf, Federation, matchOf, primitives } from "./federation.ts";

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

const LISTS = { anna: ["x", "y"], bert: ["y", "z"], cleo: ["z", "y"], dora: undefined };
const PARTIES = ["anna", "bert", "cleo"];

describe("the account of a question", () => {
  it("tells what came, what went and what was let out, at each node", async () => {
    federation = new Federation(LISTS);
    const all = federation;
    const outcome = await all.ask("dora", matchOf(PARTIES, ["anna"]));
    await all.outcomes(PARTIES);
    const typesAt = (party: string): readonly string[] =>
      all
        .machine(party)
        .ports.ledger.entriesOf(outcome.planHash ?? "")
        .map(({ entry }) => entry.type);
    const query = (party: string): readonly string[] =>
      typesAt(party).slice(typesAt(party).lastIndexOf("inputs"));
    expect(query("anna")).toEqual(["inputs", "begin", "end", "receive", "receive", "release"]);
    expect(query("bert")).toEqual(["inputs", "begin", "disclose", "end", "deliver"]);
    expect(typesAt("dora")).toEqual(["plan", ...Array.from({ length: 8 }, () => "approval")]);
  });

  it("is in a bundle at the proposer and at each recipient, and nowhere else", async () => {
    federation = new Federation(LISTS);
    const all = federation;
    const outcome = await all.ask("dora", countOf(PARTIES, ["anna"]));
    const [anna, bert, cleo] = await all.outcomes(PARTIES);
    const bundles = [outcome, anna, bert, cleo].map(
      (end) => end?.status === "released" && end.bundle !== undefined,
    );
    expect(bundles).toEqual([true, true, false, false]);
    const names = outcome.status === "released" ? namesIn(outcome.bundle ?? new Uint8Array()) : [];
    for (const party of [...PARTIES, "dora"])
      expect(names.some((name) => name.startsWith(`ledgers/${party}/`))).toBe(true);
    // covenant, 4 cards, roster, plan, contract, 8 approvals, 3 receipts of the coordinator, 3 accounts, index
    expect(names.filter((name) => name.startsWith("documents/")).length).toBe(
      1 + 4 + 1 + 1 + 1 + 8 + 3 + 3 + 1,
    );
  });

  it("never holds a key of anybody's list", async () => {
    const secret = "canary-4711";
    federation = new Federation({ ...LISTS, anna: [secret, "y"], bert: [secret] });
    const all = federation;
    const outcome = await all.ask("anna", matchOf(PARTIES, ["anna"]));
    await all.outcomes(["bert", "cleo"]);
    expect(JSON.stringify(outcome)).toContain(secret); // the recipient's own answer
    const kept = PARTIES.map((party) => {
      const { store, log, progress } = all.machine(party);
      const leaves = Array.from({ length: store.size() }, (_, at) => Buffer.from(store.leaf(at)).toString());
      const sealed = store
        .sealedNames("")
        .map((name) => name + Buffer.from(store.sealed(name) ?? []).toString("latin1"));
      return [...leaves, ...sealed, JSON.stringify(log), JSON.stringify(progress)].join("\n");
    });
    const bundle = outcome.status === "released" ? Buffer.from(outcome.bundle ?? []).toString("latin1") : "";
    for (const text of [...kept, bundle]) expect(text).not.toContain(secret);
  });
});

/** The names of the files of a ustar archive. */
function namesIn(bundle: Uint8Array): readonly string[] {
  const names: string[] = [];
  const bytes = Buffer.from(bundle);
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0; ) {
    const text = (from: number, length: number): string =>
      bytes.toString("latin1", at + from, at + from + length).replace(/\0.*$/s, "");
    names.push([text(345, 155), text(0, 100)].filter((part) => part !== "").join("/"));
    at += 512 + 512 * Math.ceil(Number.parseInt(text(124, 12), 8) / 512);
  }
  return names;
}

describe("the egress meter", () => {
  const row = { to: "bert", channel: "send", what: "M", messages: 1, bytes: 64 } as const;
  const contract = {
    egress: [
      { from: "anna", to: "bert", channel: "send", what: "evaluate.M", messages: 2, bytes: 128 },
      { from: "anna", to: "bert", channel: "disclose", what: "T", messages: 1, bytes: 16 },
    ],
  } as unknown as Parameters<typeof checkEgress>[1]; // the meter reads no more of it

  it("adds sessions up, and stops at one message or one byte more than the contract lists", () => {
    const once = addEgress([], [row, { ...row, what: "confirm" }], "evaluate.");
    const twice = addEgress(once, [row], "evaluate.");
    expect(twice).toEqual([{ ...row, what: "evaluate.M", messages: 2, bytes: 128 }]);
    checkEgress("anna", contract, twice);
    for (const more of [
      { ...row, messages: 1, bytes: 0 },
      { ...row, messages: 0, bytes: 1 },
    ]) {
      expect(() => checkEgress("anna", contract, addEgress(twice, [more], "evaluate."))).toThrow(
        "than the contract lists",
      );
    }
  });

  it.each([{ what: "M" }, { to: "cleo" }, { channel: "disclose" as const }])(
    "knows no other row: %j",
    (change) => {
      const left = [{ ...row, what: "evaluate.M", ...change }];
      expect(() => checkEgress("anna", contract, left)).toThrow("than the contract lists");
      expect(() => checkEgress("bert", contract, [{ ...row, what: "evaluate.M" }])).toThrow(
        "than the contract lists",
      );
    },
  );

  it("says whether exactly what was listed left", () => {
    const isBound = (what: string): boolean => what.startsWith("evaluate.");
    const token = { to: "bert", channel: "disclose", what: "T", messages: 1, bytes: 16 } as const;
    expect(equalsContract("anna", contract, [token], isBound)).toBe(true);
    expect(equalsContract("anna", contract, [token, { ...row, what: "evaluate.M" }], isBound)).toBe(true);
    expect(equalsContract("anna", contract, [{ ...token, bytes: 15 }], isBound)).toBe(false);
    expect(equalsContract("anna", contract, [], isBound)).toBe(false);
    expect(
      equalsContract("anna", contract, [token, { ...row, what: "evaluate.M", bytes: 129 }], isBound),
    ).toBe(false);
  });
});

describe("a receipt", () => {
  const about = {
    planHash: `sha256:${"a".repeat(64)}`,
    session: "b".repeat(32),
    disclosure: "tokens.anna.bert",
    from: "anna",
    to: "bert",
    frame: new Uint8Array(32).fill(9),
    bytes: 4096,
  };

  it("counts for exactly one disclosure, under the key of the machine that it names", () => {
    federation = new Federation({ anna: ["a"], bert: ["a"] });
    const { membership, clock, founded } = federation;
    const identity = founded.keys["bert"]?.identity ?? new Uint8Array();
    const receipt = signedReceipt({ primitives, clock, identity }, about);
    const frame = `sha256:${"09".repeat(32)}`;
    const ports = { primitives, membership };
    expect(acknowledges(ports, receipt, { ...about, frame })).toBe(true);
    const others = [
      { session: "c".repeat(32) },
      { disclosure: "tokens.anna.cleo" },
      { frame: `sha256:${"08".repeat(32)}` },
      { bytes: 4095 },
      { from: "cleo" },
      { to: "anna" },
      { planHash: `sha256:${"b".repeat(64)}` },
    ];
    for (const other of others)
      expect(acknowledges(ports, receipt, { ...about, frame, ...other })).toBe(false);
    const forged = signedReceipt(
      { primitives, clock, identity: founded.keys["anna"]?.identity ?? identity },
      about,
    );
    expect(acknowledges(ports, forged, { ...about, frame })).toBe(false);
    expect(acknowledges(ports, { ...receipt, signatures: [] }, { ...about, frame })).toBe(false);
  });
});
