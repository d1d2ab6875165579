// SPDX-License-Identifier: Apache-2.0
// Post and channel over what they meet in production: gRPC over mutual TLS, with connections that break.
import { hash } from "node:crypto";
import { afterEach, beforeAll, expect, test } from "vitest";
import { openSessionChannel } from "../src/channel.ts";
import { machine, rng, type Seat, session, takeSeat, transcript } from "./federation.ts";
import { federation, Net, type TestFederation } from "./net.ts";

let made: TestFederation;
let net: Net;
beforeAll(async () => {
  made = await federation("douane", "kmar");
});
afterEach(() => net.close());

test("a session of two nodes and the coordinator, with every connection cut in its middle", async () => {
  net = new Net(made);
  const relay = net.relay();
  const { port } = await net.serve(relay);
  const { port: proxied, cut } = await net.proxy(port);
  const machines = ["coordinator", "douane", "kmar"].map(machine);
  const roster = new Map(machines.map(({ me, address }) => [me, address]));
  const seats = await Promise.all(
    machines.map(async (one) => {
      const line = one.me === "coordinator" ? relay.line(one.me) : await net.dial(one.me, proxied);
      return takeSeat(one, roster, line);
    }),
  );
  const open = (seat: Seat) => {
    const peers = [...roster.keys()].filter((party) => party !== seat.me);
    return openSessionChannel(seat, { session, transcript, peers });
  };
  const [hub, douane, kmar] = await Promise.all(seats.map(open));
  const body = rng(3_000_000);
  const sent = [
    douane?.send("kmar", "M", body),
    kmar?.send("douane", "M", body),
    douane?.send("coordinator", "T", body),
  ];
  cut();
  for (const got of [kmar?.receive("douane"), douane?.receive("kmar"), hub?.receive("douane")]) {
    expect(hash("sha256", (await got)?.bytes ?? rng(1))).toBe(hash("sha256", body));
  }
  await Promise.all(sent);
  await Promise.all([hub?.close(), douane?.close(), kmar?.close()]);
  for (const { post, refused } of seats) {
    expect(refused).toEqual([]);
    post.close();
  }
}, 20_000);
