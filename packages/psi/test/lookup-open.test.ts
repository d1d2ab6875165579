// SPDX-License-Identifier: Apache-2.0
// lookup/1 with questions that come one by one, on the toy group: against plain sets, what it shows, and who deviates.
import { type Party, type PartyId, ProtocolError, type Simulated } from "@koplamp/protocol";
import { concat, hex } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { oraclePrimitives as primitives } from "../../crypto/test/oracle-primitives.ts";
import { type Answered, batchFor, lookup, PsiError } from "../src/index.ts";
import { expectDescribed } from "./described.ts";
import { ASKER, Desk, HOLDER, hitsOf, reportedIn, type Turned } from "./lookups.ts";
import { replacing } from "./pair.ts";
import { anyWeather } from "./weather.ts";

const UNIVERSE = Array.from({ length: 60 }, (_, at) => `item ${at}`);
const ROWS = 64;
const LIST = ["item 1", "item 2", "item 3"];

function published(list: readonly string[]): Desk {
  const desk = new Desk(toyGroup(), primitives);
  desk.publish(list, { kind: "index", rows: ROWS });
  return desk;
}

function messages({ transcript }: Simulated, type: string): readonly Uint8Array[] {
  return transcript.filter((sent) => sent.type === type).map(({ bytes }) => bytes);
}

/** What left, without what it says. */
function shapeOf({ transcript }: Simulated): readonly string[] {
  return transcript.map(({ from, to, type, bytes }) => [from, to, type, bytes.length].join(" "));
}

function deviating(who: PartyId, type: string, replace: (bytes: Uint8Array) => Uint8Array): Turned {
  return (party: Party<unknown>, me: PartyId) => (me === who ? replacing(party, type, replace) : party);
}

describe("lookup/1, open", () => {
  it("answers each batch as it comes: any list, questions, sizes and interleaving", () => {
    const anyBatch = fc.uniqueArray(fc.constantFrom(...UNIVERSE), { minLength: 1, maxLength: 32 });
    const cases = fc.record({
      list: fc.uniqueArray(fc.constantFrom(...UNIVERSE), { maxLength: 40 }),
      batches: fc.array(anyBatch, { maxLength: 4 }),
      tell: fc.constantFrom("asker" as const, "both-on-hit" as const),
      weather: anyWeather(),
    });
    fc.assert(
      fc.property(cases, ({ list, batches, tell, weather }) => {
        const desk = published(list);
        const run = desk.askOpen(batches, { tell, elements: 128, weather });
        const right = batches.map((batch) => batch.map((question) => list.includes(question)));
        expect(run.told.map((hits) => Array.from(hits, (hit) => hit === 1))).toEqual(right);
        expect(hitsOf(run)).toEqual(right.flat());
        const asked = batches.flat();
        expect(reportedIn(run, list)).toEqual(
          tell === "asker" ? [] : list.filter((item) => asked.includes(item)),
        );
        const sizes = batches.map(({ length }) => batchFor(length));
        expect(desk.federation.metered.map(({ elements }) => elements)).toEqual(sizes);
        const { metered, request } = run.outputs.get(HOLDER) as Answered;
        expect(metered).toBe(sizes.reduce((sum: number, size) => sum + (size ?? 0), 0));
        expect(hex(request)).toBe(hex(primitives.sha256(concat(...messages(run, "M")))));
      }),
      { numRuns: 40 },
    );
  });

  it("sends what it describes when its right is used up, and less when it is not", () => {
    for (const tell of ["asker", "both-on-hit"] as const) {
      const batches = Array.from({ length: 5 }, () => 1);
      const described = lookup.describe({
        holder: HOLDER,
        asker: ASKER,
        batches,
        open: true,
        tell,
        rowsPadded: ROWS,
      });
      const all = published(LIST).askOpen([["a"], ["b"], ["item 1"], ["c"], ["d"]], { tell, elements: 5 });
      expectDescribed(all, described);
      const less = published(LIST).askOpen([["a"]], { tell, elements: 5 });
      expect(messages(less, "M").map(({ length }) => length)).toEqual([32, 0]);
    }
  });

  it("looks the same for hits and for none, message by message", () => {
    const ask = (batches: readonly (readonly string[])[]): readonly string[] =>
      shapeOf(published(LIST).askOpen(batches, { tell: "both-on-hit" }));
    expect(ask([["item 1"], ["item 2", "item 3"]])).toEqual(ask([["x"], ["y", "z"]]));
  });

  it("shows no repetition: the same question asked twice is another element each time", () => {
    const [first, second] = messages(published(LIST).askOpen([["item 1"], ["item 1"]]), "M");
    expect(hex(first ?? new Uint8Array())).not.toBe(hex(second ?? new Uint8Array()));
  });

  it("asks for nothing above its right, and takes one batch at a time", () => {
    const of = (batches: readonly (readonly string[])[], elements: number) => () =>
      published(LIST).askOpen(batches, { elements });
    expect(of([["a"], ["b", "c"]], 4)).toThrow(
      new PsiError("allowance", "asker asks for 4 elements, and 3 are left of its right"),
    );
    expect(of([UNIVERSE.slice(0, 33)], 64)).toThrow("expected 1 to 32 questions at a time, got 33");
    expect(of([[]], 64)).toThrow("expected 1 to 32 questions at a time, got 0");
  });
});

describe("whoever deviates in an open session", () => {
  it("is refused by name: a request of another size, an element twice, and one that is none", () => {
    const refused = (replace: (bytes: Uint8Array) => Uint8Array): unknown => {
      const desk = published(LIST);
      try {
        desk.askOpen([["a", "b", "c"]], { turned: deviating(ASKER, "M", replace) });
      } catch (reason) {
        expect(desk.federation.metered).toEqual([]); // nothing was multiplied
        return reason;
      }
      return undefined;
    };
    expect(refused((bytes) => bytes.subarray(0, 64))).toMatchObject({
      name: "ProtocolError",
      party: ASKER,
    });
    expect(refused((bytes) => bytes.subarray(0, 64))).toBeInstanceOf(ProtocolError);
    expect(refused((bytes) => concat(bytes.subarray(0, 32), bytes.subarray(0, 96)))).toMatchObject({
      party: ASKER,
    });
    expect(refused((bytes) => concat(new Uint8Array(32), bytes.subarray(32)))).toMatchObject({
      party: ASKER,
    });
  });

  it("gets no answer above the right, whatever it sends", () => {
    const desk = published(LIST);
    desk.federation.quota = 5;
    expect(() => desk.askOpen([["a"], ["b", "c", "d", "e"], ["f"]])).toThrow("quota");
    expect(desk.federation.metered.map(({ elements }) => elements)).toEqual([1, 4]);
  });

  it("is refused by name: an answer without proof, before anything is told", () => {
    const desk = published(LIST);
    const told: Uint8Array[] = [];
    const flipped = (bytes: Uint8Array): Uint8Array =>
      bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte));
    expect(() => desk.askOpen([["item 1"]], { turned: deviating(HOLDER, "E", flipped), told })).toThrow(
      expect.objectContaining({ name: "PsiError", party: HOLDER }),
    );
    expect(told).toEqual([]);
  });
});
