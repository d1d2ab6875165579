// SPDX-License-Identifier: Apache-2.0
// When messages leave, by a clock that counts the moves of everybody: a job, a message sent, a message taken. For random
// lists of one bucket and one order of moves every message leaves at the same moment, on the same link, with the same size.
import type { PartyId, Simulated } from "@koplamp/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import { matchTokensParty } from "../src/index.ts";
import { Federation, inputsOf, type Weather } from "./federation.ts";
import { Desk } from "./lookups.ts";
import { type Lists, packed, pairOf, runMatch } from "./pair.ts";
import { anyForecast } from "./weather.ts";

const PARTIES = ["alice", "bob", "carol"];
const UNIVERSE = Array.from({ length: 24 }, (_, at) => `item ${at}`);
const primitives = nodePrimitives();

type Moment = readonly [moves: number, from: PartyId, to: PartyId, bytes: number];

/** A weather that notes when what left. */
function clocked({ pick = () => 0, ...weather }: Weather): {
  readonly weather: Weather;
  readonly left: Moment[];
} {
  const left: Moment[] = [];
  let moves = 0;
  const counted = (count: number): number => {
    moves += 1;
    return pick(count);
  };
  const observe: Weather["observe"] = ({ from, to, bytes }) => {
    left.push([moves, from, to, bytes.length]);
  };
  return { weather: { ...weather, pick: counted, observe }, left };
}

const list = (minLength: number, maxLength = UNIVERSE.length): fc.Arbitrary<readonly string[]> =>
  fc.shuffledSubarray(UNIVERSE, { minLength, maxLength });
const three: fc.Arbitrary<Lists> = fc.record({ alice: list(0), bob: list(0), carol: list(0) });
const two: fc.Arbitrary<Lists> = fc.record({ alice: list(0), bob: list(0) });
const recipientsOf = (parties: readonly PartyId[]): fc.Arbitrary<readonly PartyId[]> =>
  fc.subarray([...parties], { minLength: 1 });

/** Two worlds that agree in what is public leave the same moments behind. */
function expectSameMoments<World, Public>(
  worlds: fc.Arbitrary<World>,
  known: fc.Arbitrary<Public>,
  run: (world: World, known: Public, weather: Weather) => Simulated,
): void {
  fc.assert(
    fc.property(worlds, worlds, known, anyForecast(), (one, other, facts, forecast) => {
      const [first, second] = [one, other].map((world) => {
        const { weather, left } = clocked(forecast());
        run(world, facts, weather);
        return left;
      });
      expect(first?.length).toBeGreaterThan(0);
      expect(second).toEqual(first);
    }),
    { numRuns: 60 },
  );
}

test("of match-tokens/1", () => {
  const federation = new Federation(toyGroup(), primitives, PARTIES, "moments");
  federation.ceremony();
  for (const party of PARTIES) federation.evaluate(party, inputsOf(UNIVERSE));
  expectSameMoments(three, recipientsOf(PARTIES), (lists, recipients, weather) => {
    const setups = federation.matchSetups(packed(lists), recipients);
    const parties = setups.map((setup) => [setup.me, matchTokensParty(setup, federation.rng)]);
    return federation.run(Object.fromEntries(parties), weather);
  });
});

test("of evaluate/1, where there is something to evaluate", () => {
  expectSameMoments(list(1), fc.constantFrom(...PARTIES), (items, asker, weather) => {
    const federation = new Federation(toyGroup(), primitives, PARTIES, "moments");
    federation.ceremony();
    const [run, ...more] = federation.evaluate(asker, inputsOf(items), weather);
    if (run === undefined || more.length > 0) throw new Error("expected one batch");
    return run;
  });
});

test("of match-pair/1", () => {
  expectSameMoments(two, recipientsOf(["alice", "bob"]), (lists, recipients, weather) =>
    runMatch(pairOf(toyGroup(), primitives, "moments"), lists, recipients, weather),
  );
});

test("of lookup/1", () => {
  const worlds = fc.record({ held: list(0), asked: list(0, 5) });
  const known = fc.constantFrom("asker" as const, "both-on-hit" as const);
  expectSameMoments(worlds, known, ({ held, asked }, tell, weather) => {
    const desk = new Desk(toyGroup(), primitives, "moments");
    desk.publish(held, { kind: "index", rows: 64 });
    return desk.ask(desk.setups(asked, { tell, batches: [4, 1] }), { weather });
  });
});

test("of the index of lookup/1", () => {
  expectSameMoments(list(0), fc.constant(64), (held, rows, weather) =>
    new Desk(toyGroup(), primitives, "moments").publish(held, { kind: "index", rows }, { weather }),
  );
});
