// SPDX-License-Identifier: Apache-2.0
// An agency changes who its people are, and nothing else; all parties sign the roster that names the new card.
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { admitCharter, type Charter } from "@koplamp/covenant";
import { publicKeyText, signDocument } from "@koplamp/crypto";
import { nodePrimitives } from "@koplamp/pool";
import { readCharter, writeCharter, writeKeys, writePersonKey } from "@koplamp/store";
import { type Card, documentBytes, documentHash, type Roster, readDocument } from "@koplamp/wire";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { changeCard, createCharter, signRoster, trialTerms } from "../src/index.ts";

const primitives = nodePrimitives();
const rng = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const PARTIES = ["anna", "bert", "cleo"];
const parties = PARTIES.map((id) => ({ id, name: id, datasets: {} }));
const founded = createCharter(
  { id: "trial", parties, terms: trialTerms(parties, ["p"], 256), now: Date.now() },
  rng,
);
const publicKey = (seed: Uint8Array): string => publicKeyText(primitives.ed25519PublicKey(seed));
const newcomer = { person: "anna-p9", roles: ["analyst" as const], key: publicKey(rng(32)) };

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "koplamp-card-"));
  writeCharter(join(folder, "charter"), founded.charter);
  for (const [party, keys] of Object.entries(founded.keys)) writeKeys(join(folder, party), keys);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const current = (): string => join(folder, "charter");
const next = (): string => join(folder, "next");
const keyOf = (party: string): string => join(folder, party, "keys");
const change = (what: object, party = "anna") =>
  changeCard({ charter: current(), out: next(), keyFile: keyOf(party), ...what });
const admitted = () => admitCharter(readCharter(next()), primitives);
const refusal = (message: RegExp) => expect.objectContaining({ message: expect.stringMatching(message) });

describe("a person on the card", () => {
  it("counts once all parties have signed the roster, and not before", () => {
    const view = change({ add: newcomer });
    expect(view).toMatchObject({
      party: "anna",
      missing: ["bert", "cleo"],
      changed: [{ party: "anna", machine: false }],
    });
    expect(admitted).toThrow(refusal(/signature on the roster by bert/));
    expect(signRoster(next(), current(), keyOf("bert"))).toMatchObject({ party: "bert", missing: ["cleo"] });
    expect(signRoster(next(), current(), keyOf("bert")).missing).toEqual(["cleo"]);
    expect(admitted).toThrow(refusal(/signature on the roster by cleo/));
    const last = signRoster(next(), current(), keyOf("cleo"));
    expect(last.missing).toEqual([]);
    expect(last.changed[0]?.people).toContainEqual({ ...newcomer, validUntil: "2200-01-01T00:00:00Z" });
    const { cards, rosterHash, roster } = admitted();
    expect(cards.get("anna")?.people.filter(({ roles }) => roles.includes("analyst"))).toHaveLength(2);
    expect([rosterHash, roster.epoch]).toEqual([last.rosterHash, 2]);
    expect(admitCharter(readCharter(current()), primitives).roster.epoch).toBe(1);
  });

  it("is changed in place, and is taken off", () => {
    const roles = ["lawful" as const];
    change({ add: { ...newcomer, person: "anna-p1", roles, validUntil: "2027-01-01T00:00:00Z" } });
    const [card] = readCharter(next()).cards.map(({ bytes }) => readDocument("card/v1", bytes));
    expect(card?.people.filter(({ person }) => person === "anna-p1")).toEqual([
      { person: "anna-p1", roles, key: newcomer.key, validUntil: "2027-01-01T00:00:00Z" },
    ]);
    rmSync(next(), { recursive: true });
    const { changed } = change({ remove: "anna-p1" });
    expect(changed[0]?.people.map(({ person }) => person)).toEqual(["anna-p2", "anna-p3", "anna-p4"]);
  });

  it.each<[string, object, RegExp]>([
    ["a key of somebody else of ours", { add: { ...newcomer, key: "own" } }, /that of anna-p2 of anna/],
    ["a key of another party's", { add: { ...newcomer, key: "theirs" } }, /that of bert-p2 of bert/],
    [
      "a key of small order",
      { add: { ...newcomer, key: `ed25519:${Buffer.alloc(32).toString("base64")}` } },
      /prime order/,
    ],
    ["somebody who is not there", { remove: "anna-p8" }, /nobody on the card of anna is "anna-p8"/],
    ["a time that is none", { add: { ...newcomer, validUntil: "tomorrow" } }, /validUntil/],
  ])("is not %s", (_, what, message) => {
    const text = JSON.stringify(what)
      .replace('"own"', JSON.stringify(publicKey(founded.keys["anna"]?.people.lawful ?? rng(32))))
      .replace('"theirs"', JSON.stringify(publicKey(founded.keys["bert"]?.people.lawful ?? rng(32))));
    expect(() => change(JSON.parse(text))).toThrow(refusal(message));
    expect(existsSync(next())).toBe(false);
  });

  it("is changed by nobody without the agency's key, and never over another folder", () => {
    writePersonKey(join(folder, "stranger"), rng(32));
    const stranger = {
      charter: current(),
      out: next(),
      keyFile: join(folder, "stranger"),
      remove: "anna-p1",
    };
    expect(() => changeCard(stranger)).toThrow(refusal(/this key is no party's/));
    expect(() => change({ out: current(), remove: "anna-p1" })).toThrow(refusal(/there is something at/));
    expect(() => change({ remove: "anna-p1" }, "bert")).toThrow(refusal(/nobody on the card of bert/));
  });
});

describe("a roster that is to be signed", () => {
  /** The next charter with something else in it, signed by anna alone. */
  function hostile(changed: (charter: Charter, roster: Roster, card: Card) => Charter): void {
    change({ add: newcomer });
    const charter = readCharter(next());
    const [card] = charter.cards.map(({ bytes }) => readDocument("card/v1", bytes));
    if (card === undefined) throw new Error("there is no card");
    writeCharter(next(), changed(charter, readDocument("roster/v1", charter.roster.bytes), card));
  }
  const byAnna = (type: "card/v1" | "roster/v1", bytes: Uint8Array) => ({
    bytes,
    signatures: [
      signDocument(
        primitives,
        founded.keys["anna"]?.covenant ?? rng(32),
        type,
        documentHash(primitives.sha256, bytes),
      ),
    ],
  });
  const withRoster = (charter: Charter, roster: Roster): Charter => ({
    ...charter,
    roster: byAnna("roster/v1", documentBytes(roster)),
  });

  it.each<[string, (charter: Charter, roster: Roster, card: Card) => Charter]>([
    ["has a lower quorum", (charter, roster) => withRoster(charter, { ...roster, witnessQuorum: 1 })],
    ["skips an epoch", (charter, roster) => withRoster(charter, { ...roster, epoch: 3 })],
    [
      "follows on another",
      (charter, roster) => withRoster(charter, { ...roster, previous: roster.covenantHash }),
    ],
    [
      "names another relay",
      (charter, roster) =>
        withRoster(charter, { ...roster, coordinator: { ...roster.coordinator, name: "x" } }),
    ],
    [
      "leaves a party out",
      (charter, roster) => withRoster(charter, { ...roster, cards: roster.cards.slice(1) }),
    ],
    ["names another card than lies there", (charter) => ({ ...charter, cards: founded.charter.cards })],
    ["stands under another covenant", (charter) => ({ ...charter, covenant: founded.charter.roster })],
  ])("is not when it %s", (_, changed) => {
    hostile(changed);
    expect(() => signRoster(next(), current(), keyOf("bert"))).toThrow(
      refusal(/follows on ours and changes cards only/),
    );
    expect(readCharter(next()).roster.signatures).toHaveLength(1);
  });

  it("is not when a card in it was changed by another than its agency", () => {
    hostile((charter, roster) => {
      const cards = charter.cards.map((one) => {
        const card = readDocument("card/v1", one.bytes);
        return card.party === "cleo"
          ? byAnna("card/v1", documentBytes({ ...card, people: card.people.slice(1) }))
          : one;
      });
      const rows = cards.map(({ bytes }) => ({
        party: readDocument("card/v1", bytes).party,
        cardHash: documentHash(primitives.sha256, bytes),
      }));
      return withRoster({ ...charter, cards }, { ...roster, cards: rows });
    });
    expect(() => signRoster(next(), current(), keyOf("bert"))).toThrow(
      refusal(/a card of cleo that cleo signed/),
    );
  });
});
