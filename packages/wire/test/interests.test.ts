// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cellsTouched, geohash } from "../src/interests/geohash.ts";
import { interestItems } from "../src/interests/interest.ts";
import { dueAt } from "../src/schedule.ts";
import { isCadence } from "../src/time.ts";

describe("geohashes", () => {
  // Published examples: the article "Geohash" of the English Wikipedia (ezs42; u4pruydqqvj), geohash.org.
  test.each([
    [42.605, -5.603, "ezs42"],
    [57.64911, 10.40744, "u4pruydqq"],
    [0, 0, "s0000"],
    [-90, -180, "00000"],
    [90, 180, "zzzzz"],
  ])("%d, %d is %s", (latitude, longitude, name) => {
    expect(geohash({ latitude, longitude }, name.length)).toBe(name);
  });

  test("a circle without width touches the cell of its point", () => {
    const point = { latitude: 52.0907, longitude: 5.1214 };
    expect(cellsTouched({ ...point, metres: 0 }, 6, 10)).toContain(geohash(point, 6));
  });

  test("circles that have a point in common touch a cell in common, across the date line too", () => {
    const circle = fc.record({
      latitude: fc.double({ min: -80, max: 80, noNaN: true }),
      longitude: fc.constantFrom(-179.999, -0.001, 5.1, 179.999),
      metres: fc.integer({ min: 0, max: 2000 }),
    });
    const step = fc.record({
      bearing: fc.double({ min: 0, max: 6.28, noNaN: true }),
      part: fc.double({ min: 0, max: 0.99, noNaN: true }),
    });
    fc.assert(
      fc.property(circle, step, (one, { bearing, part }) => {
        const [d, r] = [part * one.metres, 6_371_008.8];
        const [lat, rad] = [(one.latitude * Math.PI) / 180, Math.PI / 180];
        const to = Math.asin(
          Math.sin(lat) * Math.cos(d / r) + Math.cos(lat) * Math.sin(d / r) * Math.cos(bearing),
        );
        const turn = Math.atan2(
          Math.sin(bearing) * Math.sin(d / r) * Math.cos(lat),
          Math.cos(d / r) - Math.sin(lat) * Math.sin(to),
        );
        const longitude = ((((one.longitude + turn / rad + 180) % 360) + 360) % 360) - 180;
        const cells = cellsTouched(one, 6, 4096);
        expect(cells).toContain(geohash({ latitude: to / rad, longitude }, 6));
      }),
      { seed: 7, numRuns: 300 },
    );
  });
});

const GRID = { place: "geohash-6", time: "hour" } as const;

describe("interests", () => {
  test.each([
    ["person", ["123.456.782"], "person:bsn", ["123456782"]],
    ["vessel", ["IMO 9187629"], "vessel:imo", ["9187629"]],
    ["vehicle", ["ab-12-cd"], "vehicle:plate", ["AB12CD"]],
    ["phone", ["06 12345678"], "phone:phone", ["+31612345678"]],
    [
      "named-person",
      ["José Ørsted", "1980-02-29"],
      "named-person:person-name+date",
      ["jose orsted", "1980-02-29"],
    ],
  ])("a %s is one item", (kind, values, keySpec, canonical) => {
    expect(interestItems({ kind, values }, GRID)).toEqual([{ keySpec, values: canonical }]);
  });

  test.each([
    [{ kind: "person", values: ["123456789"] }, "value 1 of person, got what is none (check-digit)"],
    [{ kind: "person", values: [" "] }, "value 1 of person, got nothing"],
    [{ kind: "person", values: [] }, "1 values of person (bsn), got 0"],
    [{ kind: "toString", values: ["x"] }, "a kind of interest: presence, person"],
  ])("what is none is refused without its value: %o", (interest, message) => {
    expect(() => interestItems(interest, GRID)).toThrow(message);
    expect(() => interestItems(interest, GRID)).not.toThrow("123456789");
  });

  test("a presence is each cell in each hour, and what only touches the next hour is not in it", () => {
    const at = { latitude: 52.0907, longitude: 5.1214 };
    const place = { latitudeMicro: 52_090_700, longitudeMicro: 5_121_400, metres: 10 };
    const items = interestItems(
      { kind: "presence", place, from: "2026-11-26T22:30:00Z", to: "2026-11-27T01:00:00Z" },
      GRID,
    );
    expect(items.map(({ values }) => values[1])).toEqual(["2026-11-26T22", "2026-11-26T23", "2026-11-27T00"]);
    expect(new Set(items.map(({ values }) => values[0]))).toEqual(new Set([geohash(at, 6)]));
  });

  test.each([
    ["a time that ends before it begins", { from: "2026-11-26T22:30:00Z", to: "2026-11-26T22:30:00Z" }],
    ["a month of hours", { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" }],
    ["a province", { place: { latitudeMicro: 52_000_000, longitudeMicro: 5_000_000, metres: 40_000 } }],
    ["a municipality of no number", { place: { municipality: "Amsterdam" } }],
  ])("%s is refused", (_name, other) => {
    const place = { latitudeMicro: 52_090_700, longitudeMicro: 5_121_400, metres: 10 };
    const presence = {
      kind: "presence",
      place,
      from: "2026-11-26T22:00:00Z",
      to: "2026-11-26T23:00:00Z",
    } as const;
    expect(() => interestItems({ ...presence, ...other }, GRID)).toThrow("expected");
  });

  test("presences meet exactly where both the days and the municipality do (compared with intervals)", () => {
    const grid = { place: "geohash-6", time: "day" } as const;
    const presence = fc.record({
      place: fc.constantFrom("GM0363", "GM0599"),
      first: fc.nat(60),
      days: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(presence, presence, (a, b) => {
        const itemsOf = ({ place, first, days }: typeof a) =>
          interestItems(
            {
              kind: "presence",
              place: { municipality: place },
              from: dayText(first),
              to: dayText(first + days),
            },
            grid,
          ).map(({ values }) => values.join(" "));
        const items = new Set(itemsOf(b));
        const meet = itemsOf(a).some((item) => items.has(item));
        const overlap = a.first < b.first + b.days && b.first < a.first + a.days;
        expect(meet).toBe(a.place === b.place && overlap);
      }),
      { seed: 7, numRuns: 300 },
    );
  });
});

describe("schedules within a day", () => {
  test("so many minutes or hours, 15 minutes at least", () => {
    expect(["PT15M", "PT1H", "PT9999H", "P1D", "PT14M", "PT0H", "PT1S", "P1H"].filter(isCadence)).toEqual([
      "PT15M",
      "PT1H",
      "PT9999H",
      "P1D",
    ]);
  });

  test("each run is so much after the first", () => {
    const from = "2027-02-28T00:00:00Z";
    expect(dueAt({ every: "PT15M", runs: 200, from }, 97)).toBe("2027-03-01T00:15:00Z");
    expect(dueAt({ every: "PT6H", runs: 9, from }, 5)).toBe("2027-03-01T06:00:00Z");
    expect(dueAt({ every: "P1M", runs: 9, from }, 1)).toBe("2027-03-28T00:00:00Z");
  });
});

function dayText(day: number): string {
  return new Date(Date.UTC(2026, 0, 1 + day)).toISOString().replace(".000Z", "Z");
}
