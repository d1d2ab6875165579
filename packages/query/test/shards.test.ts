// SPDX-License-Identifier: Apache-2.0
// In how many sessions a match runs: what its lists need, or more where it asks for more; the contract counts them all.
import { describe, expect, test } from "vitest";
import { contractOf, explain, explainText, type Question, readQuestion, substanceOf } from "../src/index.ts";
import { entry, planned, primitives, rosterOf } from "./agreement.ts";
import { COUNTS, PAIR_MATCH, SHIPS } from "./samples.ts";

const read = (text: string): Question => readQuestion(text, { file: "q.yaml", lab: false });
const ships = (text: string, harbour: number, customs = harbour) =>
  planned(read(text), [
    entry("customs", "watch", { imo: "imo" }, customs),
    entry("harbour", "ships", { imo: "imo" }, harbour),
  ]);
const asking = (shards: number | string): string => `${SHIPS}shards: ${shards}\n`;

describe("the number of shards", () => {
  test.each([
    [2 ** 18, 1],
    [1.5 * 2 ** 18, 2],
    [2 ** 20, 4],
    [2 ** 23, 32],
    [2 ** 26, 256],
    [2 ** 27, 256],
  ])("of a list of %i keys under keys of the epoch is %i", (rows, shards) => {
    expect(ships(SHIPS, rows, 256).plan.protocol.shards).toBe(shards);
  });

  test.each([
    [2 ** 17, 1],
    [1.5 * 2 ** 17, 2],
    [2 ** 20, 16],
    [2 ** 27, 2048],
  ])("of a list of %i keys under keys for one question is %i", (rows, shards) => {
    expect(ships(PAIR_MATCH, rows, 256).plan.protocol.shards).toBe(shards);
  });

  test("of a bulk match is as under keys of the epoch", () => {
    const bulk = PAIR_MATCH.replace("mode: pair", "mode: bulk");
    expect(ships(bulk, 2 ** 18, 256).plan.protocol.shards).toBe(1);
    expect(ships(bulk, 2 ** 21, 2 ** 20).plan.protocol.shards).toBe(8);
    const { plan, contract } = ships(`${bulk}shards: 4\n`, 2 ** 21, 2 ** 20);
    expect(plan.protocol.shards).toBe(4);
    const [size, own] = [530_176, 266_240]; // 2^19 and 2^18, and eight deviations, in 256s
    expect(contract.debits).toMatchObject([{ holder: "harbour", asker: "customs", amount: 4 * own }]);
    const tokens = contract.egress.find(({ what }) => what === "T");
    expect(tokens).toMatchObject({ from: "harbour", messages: 4, bytes: 4 * size * 16 });
  });

  test("is higher where a question asks for more, and never lower than its lists need", () => {
    expect(ships(asking(4), 4096).plan.protocol.shards).toBe(4);
    expect(ships(asking(4096), 4096).plan.protocol.shards).toBe(4096);
    expect(ships(asking(4), 2 ** 21).plan.protocol.shards).toBe(4); // fewer than it has unasked
    expect(() => ships(asking(2), 2 ** 21)).toThrow(
      "these lists take 4 shards or more, a power of two, and 2 were asked for",
    );
  });

  test("leaves a key a shard on average in the shortest list", () => {
    expect(ships(SHIPS, 2 ** 27, 256).plan.protocol.shards).toBe(256);
    expect(ships(asking(256), 4096, 256).plan.protocol.shards).toBe(256);
    expect(() => ships(asking(512), 4096, 256)).toThrow(
      "512 shards were asked for, and the list of customs fills 256",
    );
  });

  test.each([
    [asking(3), 'expected a power of two in "shards", got 3'],
    [asking(8192), "shards"],
    [asking(0), "shards"],
    [`${COUNTS}shards: 2\n`, '"shards" goes with kind: match'],
  ])("is refused where it cannot be", (text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  test("is checked by every node", () => {
    const { plan, covenant } = ships(SHIPS, 2 ** 21);
    const handed = (shards: number) =>
      contractOf(covenant, rosterOf(), { ...plan, protocol: { ...plan.protocol, shards } }, primitives);
    expect(handed(4).protocol).toBe("match-tokens/1");
    for (const shards of [1, 2, 3, 6, 8192]) expect(() => handed(shards)).toThrow("were asked for");
  });

  test("of a question that runs in one session is one", () => {
    const text = asking(2).replace("mode: tokens", "mode: threshold");
    expect(() => ships(text, 4096)).toThrow(
      "match-threshold/1 runs in one session, and 2 shards were asked for",
    );
  });

  test("makes no other question of it: whoever has spent its repeats cannot ask by shards", () => {
    expect(substanceOf(ships(asking(4), 4096).plan)).toEqual(substanceOf(ships(SHIPS, 4096).plan));
  });
});

describe("the contract of a question in shards", () => {
  const [whole, cut] = [ships(SHIPS, 4096, 1024).contract, ships(asking(4), 4096, 1024).contract];

  test("lists every session's tokens at their padded size", () => {
    const tokens = ({ egress }: typeof whole) => egress.find(({ what }) => what === "T");
    expect(tokens(whole)).toMatchObject({ from: "harbour", to: "customs", messages: 1, bytes: 4096 * 16 });
    expect(tokens(cut)).toMatchObject({ from: "harbour", to: "customs", messages: 4, bytes: 4 * 1280 * 16 });
    const roots = cut.egress.filter(({ what }) => what === "R" || what === "ready");
    expect(roots.map(({ messages, bytes }) => [messages, bytes])).toEqual([
      [4, 128],
      [4, 128],
      [4, 128],
      [4, 128],
    ]);
    const lines = cut.disclosures.filter(({ id }) => id.startsWith("tokens."));
    expect(lines).toMatchObject([{ id: "tokens.harbour.customs", perShard: 1, shards: 4 }]);
  });

  test("lets everybody learn what one session does, and charges the same evaluations", () => {
    for (const part of ["views", "outputs", "coalitions", "debits", "assumptions"] as const)
      expect(cut[part]).toEqual(whole[part]);
  });

  test("says so, in figures that anybody can follow", () => {
    const { contract, plan } = ships(asking(4), 4096, 1024);
    expect(explain(contract, plan, { lang: "en" }).shards).toBe(4);
    const text = explainText(contract, plan, { lang: "en", width: 200 });
    expect(text).toContain(
      "4 sessions one after the other, each of at most 1,280 keys of a party; one that fails is repeated alone",
    );
    expect(explainText(contract, plan, { lang: "nl", width: 200 })).toContain("4 sessies na elkaar");
    expect(explainText(whole, ships(SHIPS, 4096).plan, { lang: "en", width: 200 })).not.toContain("sessions");
  });
});
