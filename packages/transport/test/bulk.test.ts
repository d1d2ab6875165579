// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { frameOf, sessionOf } from "./frames.ts";
import { federation, Net, never } from "./net.ts";

const FRAME_BODY = 262_144;
const MEBIBYTES = 64;
const COUNT = (MEBIBYTES * 2 ** 20) / FRAME_BODY;
let net: Net;

beforeAll(async () => {
  net = new Net(await federation("alice", "bob"));
});
afterAll(() => net.close());

describe("64 MiB", () => {
  it.each([
    ["a relay that holds 8 MiB", 8 * 2 ** 20],
    ["a relay that holds 128 MiB", 128 * 2 ** 20],
  ])(
    "pass through %s in order and in bounded memory",
    async (_, room) => {
      const relay = net.relay({ sessionBytes: room, partyBytes: room });
      const { port } = await net.serve(relay);
      const [alice, bob] = [await net.dial("alice", port), await net.dial("bob", port)];
      const frame = frameOf("alice", "bob", { seq: 0, body: FRAME_BODY });
      const numbered = (seq: number): Uint8Array => {
        const copy = frame.slice();
        new DataView(copy.buffer).setUint32(60, seq);
        return copy;
      };
      const begin = performance.now();
      const sent = (async () => {
        for (let seq = 0; seq < COUNT; seq += 1) await alice.push(numbered(seq));
      })();
      let most = 0;
      let next = 0;
      for await (const got of bob.pull(sessionOf(1), never)) {
        expect(new DataView(got.buffer, got.byteOffset).getUint32(60)).toBe(next);
        most = Math.max(most, relay.heldBytes);
        next += 1;
        if (next === COUNT) break;
      }
      await sent;
      const seconds = (performance.now() - begin) / 1000;
      process.stdout.write(`64 MiB node to node over mTLS: ${(MEBIBYTES / seconds).toFixed(0)} MiB/s\n`);
      expect(most).toBeLessThanOrEqual(room + FRAME_BODY * 2);
      expect(MEBIBYTES / seconds).toBeGreaterThan(2);
    },
    15_000,
  );
});
