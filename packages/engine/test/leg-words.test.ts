// SPDX-License-Identifier: Apache-2.0
// Letters about a question in several shards, from its parties and from others.
import { afterEach, expect, it } from "vitest";
import type { EngineError } from "../src/index.ts";
import { hearLeg, type LegWords } from "../src/leg-words.ts";
import { encodeMessage } from "../src/messages.ts";
import { changedPost, Federation, matchOf } from "./federation.ts";

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

/** Cleo takes part in no question. */
function open(): Federation {
  const keys = (from: number, to: number): readonly string[] =>
    Array.from({ length: to - from }, (_, at) => `k${from + at}`);
  const lists = { anna: keys(0, 300), bert: keys(250, 700), cleo: keys(0, 10) };
  federation = new Federation(lists, { id: "lab/test" });
  return federation;
}

it("a question that has ended tells that to its parties that ask, and to nobody else", async () => {
  const all = open();
  await all.ask("anna", matchOf(["anna", "bert"], ["anna"], { shards: 4, mode: "pair" }));
  const [planHash = `sha256:${"0".repeat(64)}` as const] = all.machine("anna").ports.ledger.plans();
  const { ports } = all.machine("anna");
  const hears = (party: string): readonly (readonly [string, string])[] => {
    const sent: (readonly [string, string])[] = [];
    const post = changedPost(ports.post, async (to, topic, body) => {
      expect(to).toBe(party);
      sent.push([topic.split("/").at(-1) ?? "", Buffer.from(body).toString()]);
    });
    const word = { planHash, leg: 1, at: 0, begun: null, ask: true, over: false };
    hearLeg({ ...ports, post }, new Map(), party, `leg/${planHash.slice(7, 39)}`, encodeMessage(word));
    return sent;
  };
  expect(hears("bert")).toEqual([[planHash.slice(7, 39), expect.stringContaining('"over":true')]]);
  expect(hears("cleo")).toEqual([["stop", expect.stringContaining("the question has ended at anna")]]);
});

it("a question is stopped by what is no word from a party of it, and not by what a stranger sends", async () => {
  const all = open();
  const planHash = `sha256:${"ab".repeat(32)}` as const;
  const stopped: string[] = [];
  const run = { planHash, others: ["bert"], stop: ({ party }: EngineError) => stopped.push(party) };
  const words = { run } as unknown as LegWords; // what is looked at before a word is read
  const { ports } = all.machine("anna");
  for (const party of ["cleo", "bert"]) {
    const garbage = encodeMessage({ leg: 0 });
    hearLeg(ports, new Map([[planHash, words]]), party, `leg/${planHash.slice(7, 39)}`, garbage);
  }
  expect(stopped).toEqual(["bert"]);
});
