// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { expect, test } from "vitest";
import { logFields } from "../src/log-fields.ts";

test("fields of the closed list are written as they are", () => {
  const event = {
    event: "session.begin",
    party: "kmar",
    session: "0a".repeat(16),
    plan: `sha256:${"1b".repeat(32)}`,
    peer: "douane",
    phase: "match-tokens/1",
    code: "unreachable",
    count: 12,
    bytes: 1024,
    ms: 1.5,
    address: "127.0.0.1:7443",
  };
  expect(logFields(event)).toEqual(event);
});

test("nothing else is written, whatever a caller passes", () => {
  const event = {
    event: "session.begin",
    iban: "NL91ABNA0417164300",
    message: "NL91ABNA0417164300",
    nested: {},
  };
  expect(logFields(event)).toEqual({ event: "session.begin" });
});

test.each(["NL91ABNA0417164300", "Jansen", "jan@example.nl", "9187629", "17-05-1980", "ab\ncd"])(
  "a value such as %j fits no field of text but an address",
  (value) => {
    const event = { event: value, party: value, session: value, plan: value, peer: value, code: value };
    expect(logFields(event)).toEqual({});
  },
);

test("a written line has known names and short values only", () => {
  const names = [
    "event",
    "party",
    "session",
    "plan",
    "peer",
    "phase",
    "code",
    "count",
    "bytes",
    "ms",
    "address",
  ];
  const anything = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), fc.anything());
  fc.assert(
    fc.property(anything, (fields) => {
      for (const [name, value] of Object.entries(logFields({ event: "ready", ...fields }))) {
        expect(names).toContain(name);
        expect(String(value).length).toBeLessThanOrEqual(256);
        expect(String(value)).not.toMatch(/[\p{Cc}"\\]/u);
      }
    }),
  );
});
