// SPDX-License-Identifier: Apache-2.0
// Who signed what is in the register, and whether the ledger has it: what is given is checked, what was kept too.
import { signInterest } from "@koplamp/covenant";
import {
  base64,
  canonicalBytes,
  documentHash,
  type OwnInterest,
  readDocument,
  timeText,
  utf8,
} from "@koplamp/wire";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { putAtRest } from "../src/at-rest.ts";
import { logActs } from "../src/interest-audit.ts";
import { type InterestAct, interestsOf, type KeptInterest } from "../src/interest-book.ts";
import { interestDesk } from "../src/interest-desk.ts";
import type { NodePorts } from "../src/node-ports.ts";
import { Federation, primitives } from "./federation.ts";

const DAY = 86_400_000;
const PLAN = `sha256:${"ab".repeat(32)}`;

let federation: Federation;
let anna: NodePorts;
let bert: NodePorts;
beforeAll(() => {
  federation = new Federation({ anna: ["x"], bert: ["y"] });
  anna = federation.machine("anna").ports;
  bert = federation.machine("bert").ports;
});
afterAll(() => federation.close());

const own = (imo: string): OwnInterest => {
  const expires = timeText(anna.clock.now() + 30 * DAY);
  return { interest: { kind: "vessel", values: [imo] }, reference: "case", desk: "desk", by: "o", expires };
};

type Role = "analyst" | "lawful" | "officer";

/** A word about anna's register, by the person of a node who has this role. */
function word(
  said: { readonly action: "add" | "withdraw"; readonly own: OwnInterest | null; readonly previous?: string },
  { role = "analyst", at = 0, of = anna }: { role?: Role; at?: number; of?: NodePorts } = {},
) {
  const { covenantHash } = anna.membership;
  const seed = of.keys.people[role] ?? new Uint8Array(32);
  const now = timeText(anna.clock.now() + at);
  return signInterest(
    { party: "anna", covenantHash, previous: null, ...said },
    { seed, salt: base64(anna.rng(32)), now, primitives },
  );
}

const audit = (): readonly string[] =>
  interestDesk(anna)
    .interestAudit()
    .map(({ act, onRecord }) => `${act} ${onRecord}`);

/** Changes what is kept of an interest behind the register's back. */
function tamper(id: string, change: (kept: KeptInterest) => Partial<KeptInterest>): void {
  const kept = interestsOf(anna).find((one) => one.id === id);
  if (kept === undefined) throw new Error("expected an interest");
  const { id: _, interest, reference, desk, by, expires, ...rest } = { ...kept, ...change(kept) };
  const bytes = canonicalBytes({ own: { interest, reference, desk, by, expires }, ...rest });
  putAtRest(anna, `interest/${id}`, bytes);
}

function empty(): void {
  for (const { id } of interestsOf(anna)) anna.store.dropSealed(`interest/${id}`);
}

/** An interest that stands in the ledger. */
function logged(imo: string): string {
  const given = own(imo);
  const id = interestDesk(anna).addInterest(given, word({ action: "add", own: given }));
  logActs(anna, PLAN);
  return id;
}

describe("a word about the register", () => {
  it.each<[string, Parameters<typeof word>[1], string]>([
    [
      "of somebody who is no analyst",
      { role: "lawful" },
      "expected the key of an analyst on the card of anna",
    ],
    ["of an officer, who withdraws only", { role: "officer" }, "expected the key of an analyst"],
    ["of two hours ago", { at: -7_200_000 }, "expected a word of the last ten minutes"],
    ["of tomorrow", { at: DAY }, "expected a word of the last ten minutes"],
  ])("is refused when it is one %s", (_, by, message) => {
    empty();
    const given = own("9187629");
    expect(() => interestDesk(anna).addInterest(given, word({ action: "add", own: given }, by))).toThrow(
      message,
    );
    expect(interestsOf(anna)).toEqual([]);
  });

  it("is refused when another agency's analyst signed it, or when it is about another interest", () => {
    empty();
    const given = own("9187629");
    const foreign = word({ action: "add", own: given }, { of: bert });
    expect(() => interestDesk(anna).addInterest(given, foreign)).toThrow("expected the key of an analyst");
    const other = word({ action: "add", own: own("9074729") });
    expect(() => interestDesk(anna).addInterest(given, other)).toThrow("got one about another");
    expect(interestsOf(anna)).toEqual([]);
  });

  it("is taken once", () => {
    empty();
    const given = own("9187629");
    const once = word({ action: "add", own: given });
    interestDesk(anna).addInterest(given, once);
    expect(() => interestDesk(anna).addInterest(given, once)).toThrow("got one that was given before");
  });

  it("takes back the interest that it names, by an officer too, and no other", () => {
    empty();
    const given = own("9187629");
    const added = word({ action: "add", own: given });
    const id = interestDesk(anna).addInterest(given, added);
    const previous = documentHash(primitives.sha256, added.bytes);
    const other = word({ action: "withdraw", own: null, previous: PLAN }, { role: "officer" });
    expect(() => interestDesk(anna).withdrawInterest(id, "o", other)).toThrow("got one about another");
    interestDesk(anna).withdrawInterest(
      id,
      "o",
      word({ action: "withdraw", own: null, previous }, { role: "officer" }),
    );
    expect(interestsOf(anna)[0]?.withdrawn).toMatchObject({ by: "o" });
  });
});

describe("the audit of the register", () => {
  it.each<[string, (kept: KeptInterest) => Partial<KeptInterest>]>([
    ["another end", () => ({ expires: timeText(anna.clock.now() + 60 * DAY) })],
    ["another case", () => ({ reference: "another" })],
    ["another time", ({ acts }) => ({ acts: acts.map((act) => ({ ...act, at: "2020-01-01T00:00:00Z" })) })],
    ["no word of a person", ({ acts }) => ({ acts: acts.map((act) => ({ ...act, signed: null })) })],
    ["a word that is not signed", ({ acts }) => ({ acts: acts.map(unsigned) })],
    ["a meeting that no run found", ({ acts }) => ({ acts: acts.map((act) => ({ ...act, party: "bert" })) })],
    ["another entry", ({ acts }) => ({ acts: acts.map((act) => ({ ...act, entry: (act.entry ?? 0) - 1 })) })],
  ])("finds out when the book has %s than the ledger", (_, change) => {
    empty();
    logged("9074729"); // the entry before is one about the register too
    empty();
    const id = logged("9187629");
    expect(audit()).toEqual(["add holds"]);
    tamper(id, change);
    expect(audit()).toEqual(["add broken"]);
  });

  it("names the person as the card does, and says when the salts are gone", () => {
    empty();
    logged("9187629");
    const [act] = interestDesk(anna).interestAudit();
    const people = anna.membership.cards.get("anna")?.people ?? [];
    expect(people.find(({ roles }) => roles.includes("analyst"))?.person).toBe(act?.by);
    for (const name of anna.store.sealedNames("kept/")) anna.store.dropSealed(name);
    expect(audit()).toEqual(["add erased"]);
  });

  it("hides in the ledger how much was done: an entry about nothing is as long as one about three acts", () => {
    empty();
    const size = (): number => anna.ledger.leaf(anna.store.size() - 1).length;
    logActs(anna, PLAN);
    const none = size();
    for (const imo of ["9187629", "9074729"]) interestDesk(anna).addInterest(own(imo));
    logged("9321483");
    expect(size()).toBe(none);
    const [first, second] = [1, 2].map(() => {
      logActs(anna, PLAN);
      return readDocument("entry/v1", anna.ledger.leaf(anna.store.size() - 1)).body["acts"];
    });
    expect(first).not.toBe(second); // a salt of its own: that nothing happened twice does not show
  });
});

function unsigned(act: InterestAct): InterestAct {
  if (act.signed === null) return act;
  const [line = ""] = act.signed.signatures;
  const wrong = base64(utf8("another".repeat(10)));
  return { ...act, signed: { ...act.signed, signatures: [line.replace(/\S+$/, wrong)] } };
}
