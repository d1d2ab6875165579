// SPDX-License-Identifier: Apache-2.0
// A file of what desks look at: read as the register takes it, and no line of it in an error.
import { describe, expect, test } from "vitest";
import { errorText, QueryError, readInterests } from "../src/index.ts";

const OWN = "case: 2027-114, desk: narcotics";
const fileOf = (...items: readonly string[]): string =>
  `koplamp: interests/v1\ninterests:\n${items.map((item) => `  - ${item}\n`).join("")}`;
const read = (...items: readonly string[]) =>
  readInterests(fileOf(...items), { file: "d.yaml", by: "officer" });

function errorOf(text: string): QueryError {
  try {
    readInterests(text, { file: "d.yaml", by: "officer" });
  } catch (reason) {
    if (reason instanceof QueryError) return reason;
  }
  throw new Error("expected a QueryError");
}

describe("a file of interests", () => {
  test("names targets by their values as they are written, with case, desk and end", () => {
    const own = { reference: "2027-114", desk: "narcotics", by: "officer", expires: "2098-03-01T00:00:00Z" };
    expect(
      read(
        `{ vessel: IMO 9187629, ${OWN}, expires: 2098-03-01 }`,
        `{ company: 01234567, ${OWN}, expires: 2098-03-01 }`,
        `{ address: [1234 AB, 12], ${OWN}, expires: 2098-03-01 }`,
      ),
    ).toEqual([
      { interest: { kind: "vessel", values: ["IMO 9187629"] }, ...own },
      { interest: { kind: "company", values: ["01234567"] }, ...own },
      { interest: { kind: "address", values: ["1234 AB", "12"] }, ...own },
    ]);
  });

  test("names places around a point or by municipality, which end with their time", () => {
    const time = "from: 2098-01-05T20:00:00Z, to: 2098-01-05T22:00:00Z";
    const [from, to] = ["2098-01-05T20:00:00Z", "2098-01-05T22:00:00Z"];
    const [circle, town] = read(
      `{ near: [51.8989, -4.4231, 300], ${time}, ${OWN} }`,
      `{ municipality: GM0599, ${time}, ${OWN}, expires: 2098-01-05 }`,
    );
    expect(circle).toMatchObject({
      interest: {
        kind: "presence",
        place: { latitudeMicro: 51_898_900, longitudeMicro: -4_423_100, metres: 300 },
        from,
        to,
      },
      expires: to,
    });
    expect(town).toMatchObject({
      interest: { kind: "presence", place: { municipality: "GM0599" }, from, to },
      expires: "2098-01-05T00:00:00Z",
    });
  });

  test.each<[string, string, string]>([
    [
      "a number that is none",
      `{ vessel: 9187628, ${OWN}, expires: 2098-03-01 }`,
      "expected a imo as value 1",
    ],
    ["two targets", `{ vessel: 9187629, phone: x, ${OWN}, expires: 2098-03-01 }`, "expected one target"],
    ["no target", `{ ${OWN}, expires: 2098-03-01 }`, "expected one target or one place"],
    ["no end", `{ vessel: 9187629, ${OWN} }`, "expected its last day"],
    ["no desk", "{ vessel: 9187629, case: a, expires: 2098-03-01 }", 'expected a field "desk"'],
    ["a field too many", `{ vesel: 9187629, ${OWN}, expires: 2098-03-01 }`, 'unknown field "vesel"'],
    ["a place without a time", `{ municipality: GM0599, ${OWN} }`, 'expected a field "from"'],
    [
      "a time that ends first",
      `{ municipality: GM0599, from: 2098-01-05T20:00:00Z, to: 2098-01-05T19:00:00Z, ${OWN} }`,
      "ends after it begins",
    ],
    [
      "a place of two numbers",
      `{ near: [51.9, 4.4], from: 2098-01-05T20:00:00Z, to: 2098-01-05T22:00:00Z, ${OWN} }`,
      "expected 3 to 3 items",
    ],
    ["broken YAML", `{ vessel: 9187629, ${OWN}`, "not readable as YAML"],
  ])("is refused at its line with %s, and says nothing of what is in it", (_, item, message) => {
    const error = errorOf(fileOf(`{ vessel: 9074729, ${OWN}, expires: 2098-03-01 }`, item));
    expect(error.message).toContain(message);
    expect(error.place?.line).toBeGreaterThan(3);
    expect(errorText(error)).not.toMatch(/9187629|9187628|GM0599|2027-114|narcotics/);
  });
});
