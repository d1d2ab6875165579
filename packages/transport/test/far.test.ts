// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { frameOf, sessionOf } from "./frames.ts";
import { federation, Net, never } from "./net.ts";

const FRAME_BODY = 262_144;
let net: Net;
beforeAll(async () => {
  net = new Net(await federation("alice", "bob"));
});
afterAll(() => net.close());

/** Seconds that so many mebibytes need from a node that is `roundTripMs` away to a recipient beside the relay. */
async function upload(mebibytes: number, roundTripMs: number): Promise<number> {
  const { port } = await net.serve(net.relay());
  const far = await net.proxy(port, roundTripMs / 2);
  const [alice, bob] = [await net.dial("alice", far.port), await net.dial("bob", port)];
  const count = mebibytes * 4;
  const begin = performance.now();
  const sent = (async () => {
    for (let seq = 0; seq < count; seq += 1)
      await alice.push(frameOf("alice", "bob", { seq, body: FRAME_BODY }));
  })();
  let got = 0;
  for await (const _frame of bob.pull(sessionOf(1), never)) {
    got += 1;
    if (got === count) break;
  }
  await sent;
  return (performance.now() - begin) / 1000;
}

describe("an upload over a long line", () => {
  it("is not held to 65,535 bytes a round trip and connection", { timeout: 20_000 }, async () => {
    // Four connections of such windows would need 150 ms x 8 MiB / (4 x 64 KiB) = 4.8 s, on whatever machine.
    expect(await upload(8, 150)).toBeLessThan(4.5);
  });
});
