// SPDX-License-Identifier: Apache-2.0
// What a crash leaves open in a ledger is closed when the node starts again, once, and nothing else is touched.
import { afterEach, expect, it } from "vitest";
import type { Draft } from "../src/index.ts";
import { Federation } from "./federation.ts";

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

const HASH = `sha256:${"1".repeat(64)}`;
const session = (digit: string): string => digit.repeat(32);

function begin(digit: string): Draft {
  const body = { session: session(digit), shard: "0/1", transcript: HASH, debits: [] };
  return { type: "begin", verb: "combination", planHash: HASH, body };
}

function disclose(digit: string, disclosure = "tokens.anna.bert"): Draft {
  const frame = `sha256:${digit.repeat(64)}`;
  const commitment = `hmac-sha256:${digit.repeat(64)}`;
  const common = { disclosure, output: "tokens", to: ["bert"], frame, commitment, bytes: 9, debits: [] };
  const body = { session: session(digit), ...common, contractHash: HASH };
  return { type: "disclose", verb: "disclosure", planHash: HASH, body };
}

function end(digit: string): Draft {
  return { type: "end", verb: "none", planHash: HASH, body: { session: session(digit), metered: [] } };
}

function abort(digit: string): Draft {
  const body = { session: session(digit), state: "logged", code: "unreachable" };
  return { type: "abort", verb: "none", planHash: HASH, body };
}

function deliver(digit: string): Draft {
  const body = { session: session(digit), disclosure: "tokens.anna.bert", receiptHash: HASH };
  return { type: "deliver", verb: "none", planHash: HASH, body };
}

/** What a start of anna adds to a ledger that ends like this. */
async function added(drafts: readonly Draft[]): Promise<readonly string[]> {
  federation = new Federation({ anna: ["a"], bert: ["a"] });
  const { store, ports } = federation.machine("anna");
  ports.ledger.append(drafts);
  const told = async (): Promise<readonly string[]> => {
    await federation?.machine("anna").close();
    const { ledger } = federation?.start("anna", ["a"], store).ports ?? ports;
    return ledger
      .entriesOf(HASH)
      .slice(drafts.length)
      .map(({ entry: { type, body } }) =>
        [type, String(body["session"])[0], body["state"] ?? body["disclosure"]].join(" "),
      );
  };
  const first = await told();
  expect(await told()).toEqual(first); // a second start adds nothing
  return first;
}

it.each<readonly [string, readonly Draft[], readonly string[]]>([
  ["a session that ran", [begin("1")], ["abort 1 running"]],
  [
    "a session whose disclosure was logged",
    [begin("1"), disclose("1")],
    ["undelivered 1 tokens.anna.bert", "abort 1 logged"],
  ],
  [
    "a disclosure without a receipt",
    [begin("1"), disclose("1"), end("1")],
    ["undelivered 1 tokens.anna.bert"],
  ],
  [
    "one of two disclosures",
    [begin("1"), disclose("1"), disclose("1", "tokens.anna.cleo"), end("1"), deliver("1")],
    ["undelivered 1 tokens.anna.cleo"],
  ],
  ["a session that was aborted", [begin("1"), disclose("1"), abort("1")], []],
  ["a session that was acknowledged", [begin("1"), disclose("1"), end("1"), deliver("1")], []],
  ["the later of two sessions", [begin("1"), abort("1"), begin("2")], ["abort 2 running"]],
])("%s", async (_what, drafts, closed) => {
  expect(await added(drafts)).toEqual(closed);
});
