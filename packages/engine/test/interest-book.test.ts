// SPDX-License-Identifier: Apache-2.0
// The register of what the desks look at, by itself: what is asked about, what is noted, what fits, what is forgotten.
import {
  addPeriod,
  type InputContext,
  type Interest,
  keysOf,
  type PresenceGrid,
  timeMs,
  timeText,
} from "@koplamp/wire";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { meetingsOf, ownItems } from "../src/deconflict.ts";
import { logActs } from "../src/interest-audit.ts";
import { interestsOf, pruneInterests } from "../src/interest-book.ts";
import { interestDesk } from "../src/interest-desk.ts";
import type { NodePorts } from "../src/node-ports.ts";
import { Federation } from "./federation.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const GRID: PresenceGrid = { place: "geohash-6", time: "hour" };
const CONTEXT: InputContext = {
  covenantId: "pact",
  purposeId: "p",
  epoch: "2030-W01",
  keySpec: "opaque",
  normVersion: "1",
};

let federation: Federation;
let anna: NodePorts;
let bert: NodePorts;
beforeAll(() => {
  federation = new Federation({ anna: ["x"], bert: ["y"] });
  anna = federation.machine("anna").ports;
  bert = federation.machine("bert").ports;
});
afterAll(() => federation.close());

const at = (hours: number): string => timeText(Date.UTC(2030, 0, 1) + hours * HOUR);
const during = ({ place, from, hours }: Stay): Interest => {
  return { kind: "presence", place: { municipality: place }, from: at(from), to: at(from + hours) };
};

function add(node: NodePorts, interest: Interest, days = 30): string {
  const expires = timeText(node.clock.now() + days * DAY);
  return interestDesk(node).addInterest({ interest, reference: "case", desk: "desk", by: "o", expires });
}

/** Empties the register: what was in it is over, and forgotten. */
function empty(node: NodePorts): void {
  for (const { id } of interestsOf(node)) node.store.dropSealed(`interest/${id}`);
}

/** What a register asks about, as items alone. */
const asked = (ports: NodePorts): readonly string[] => keysOf(ownItems(ports, GRID, CONTEXT).list).flat();

const PLAN = `sha256:${"0".repeat(64)}`;

/** A stay, and what becomes of it. */
interface Stay {
  readonly place: string;
  readonly from: number;
  readonly hours: number;
  readonly end: "withdrawn" | "expired" | "runs";
}

const anyStay: fc.Arbitrary<Stay> = fc.record({
  place: fc.constantFrom("GM0363", "GM0518"),
  from: fc.integer({ min: 0, max: 40 }),
  hours: fc.integer({ min: 1, max: 12 }),
  end: fc.constantFrom("withdrawn", "expired", "runs"),
});

/** The hours of a stay in the clear. */
const hoursOf = ({ place, from, hours }: Stay): readonly string[] =>
  Array.from({ length: hours }, (_, more) => `${place} ${from + more}`);

/** Puts stays in a register, then days pass, and some are withdrawn. Gives their names. */
function keep(stays: readonly Stay[]): readonly string[] {
  const ids = stays.map((one) => add(anna, during(one), one.end === "expired" ? 1 : 30));
  federation.clock.ahead += 2 * DAY;
  stays.forEach(({ end }, index) => {
    if (end === "withdrawn") interestDesk(anna).withdrawInterest(ids[index] ?? "", "o");
  });
  return ids;
}

describe("the register of interests", () => {
  it("meets what it has an hour in common with while it runs, and nothing else", () => {
    fc.assert(
      fc.property(fc.array(anyStay, { maxLength: 6 }), anyStay, (own, other) => {
        empty(anna);
        empty(bert);
        const ids = keep(own);
        add(bert, during(other), 30);
        const running = own.filter(({ end }) => end === "runs").flatMap(hoursOf);
        expect(asked(anna)).toHaveLength(new Set(running).size);

        const items = asked(bert).map((item) => [item]);
        logActs(anna, PLAN, meetingsOf(anna, "bert", GRID, items));
        const noted = interestsOf(anna).flatMap(({ id, meetings }) => (meetings.length > 0 ? [id] : []));
        const theirs = new Set(hoursOf(other));
        const meeting = own.flatMap((one, index) =>
          one.end === "runs" && hoursOf(one).some((hour) => theirs.has(hour)) ? [ids[index]] : [],
        );
        expect(noted.sort()).toEqual(meeting.sort());
      }),
      { numRuns: 40 },
    );
  });

  it("refuses what does not fit, and takes it when there is room", () => {
    empty(anna);
    const long = during({ place: "GM0363", from: 0, hours: 200, end: "runs" });
    const more = during({ place: "GM0518", from: 0, hours: 57, end: "runs" });
    const id = add(anna, long);
    expect(() => add(anna, more)).toThrow("it takes 57 of 256 places, and 200 are taken");
    expect(interestsOf(anna)).toHaveLength(1);
    interestDesk(anna).withdrawInterest(id, "o");
    add(anna, more);
    expect(asked(anna)).toHaveLength(57);
  });

  it("forgets what is over for as long as the agreement keeps results, and not before", () => {
    empty(anna);
    const { results } = anna.membership.covenant.retention;
    const over = add(anna, during({ place: "GM0363", from: 0, hours: 1, end: "runs" }), 1);
    const runs = add(anna, during({ place: "GM0518", from: 0, hours: 1, end: "runs" }), 30_000);
    const due = timeMs(addPeriod(timeText(anna.clock.now() + DAY), results));
    federation.clock.ahead += due - anna.clock.now() - 60_000;
    pruneInterests(anna);
    expect(interestsOf(anna).map(({ id }) => id)).toContain(over);
    federation.clock.ahead += 120_000;
    pruneInterests(anna);
    expect(interestsOf(anna).map(({ id }) => id)).toEqual([runs]);
  });
});
