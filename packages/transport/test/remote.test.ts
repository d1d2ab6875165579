// SPDX-License-Identifier: Apache-2.0
import { i2osp } from "@koplamp/wire";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { frameOf, sessionOf } from "./frames.ts";
import { federation, Net, never, pause, type TestFederation, take, until } from "./net.ts";

let made: TestFederation;
let net: Net;
beforeAll(async () => {
  made = await federation("alice", "bob", "carol");
  net = new Net(made);
});
afterEach(async () => {
  await net.close();
  net = new Net(made);
});

describe("lines over gRPC", () => {
  it("carry letters in order, between nodes and to the coordinator in the relay's process", async () => {
    const relay = net.relay();
    const { port } = await net.serve(relay);
    const hub = relay.line("coordinator");
    const alice = await net.dial("alice", port);
    for (let at = 0; at < 20; at += 1) await alice.post("bob", i2osp(at, 1));
    const bob = await net.dial("bob", port);
    const got = await take(bob.posts(), 20);
    expect(got.map(({ from, envelope }) => [from, envelope[0]])).toEqual(
      Array.from({ length: 20 }, (_, at) => ["alice", at]),
    );
    await bob.post("coordinator", i2osp(7, 1));
    expect((await take(hub.posts(), 1))[0]).toMatchObject({ from: "bob" });
    await hub.post("alice", i2osp(8, 1));
    expect((await take(alice.posts(), 1))[0]).toMatchObject({ from: "coordinator" });
    await until(() => relay.mailbox("bob").letters.length === 0);
  });

  it("tell who is there", async () => {
    const { port } = await net.serve(net.relay());
    const alice = await net.dial("alice", port);
    const seen: string[] = [];
    alice.onPresence((party, online) => seen.push(`${party} ${online}`));
    const bob = await net.dial("bob", port);
    await until(() => seen.length === 1);
    await bob.close();
    await until(() => seen.length === 2);
    expect(seen).toEqual(["bob true", "bob false"]);
  });

  it("carry frames both ways, large and small, in order per sender and key", async () => {
    const relay = net.relay();
    const { port } = await net.serve(relay);
    const [alice, bob] = [await net.dial("alice", port), await net.dial("bob", port)];
    const done = Promise.withResolvers<void>();
    const frames = (from: string, to: string) =>
      Array.from({ length: 40 }, (_, at) =>
        frameOf(from, to, { seq: at >> 1, gate: at % 2 === 1, body: at % 7 === 0 ? 262_000 : 200, fill: at }),
      );
    const reads = [
      take(alice.pull(sessionOf(1), done.promise), 40),
      take(bob.pull(sessionOf(1), done.promise), 40),
    ];
    const sent = [frames("bob", "alice"), frames("alice", "bob")] as const;
    await Promise.all([
      ...sent[0].map((frame) => bob.push(frame)),
      ...sent[1].map((frame) => alice.push(frame)),
    ]);
    const got = await Promise.all(reads);
    for (const side of [0, 1] as const) {
      for (const gate of [false, true]) {
        const ofKey = (all: readonly Uint8Array[]) =>
          all
            .filter((frame) => (frame[1] ?? 0) >= 40 === gate)
            .map((frame) => Buffer.from(frame).toString("base64"));
        expect(ofKey(got[side] ?? [])).toEqual(ofKey(sent[side]));
      }
    }
    done.resolve();
    await until(() => relay.heldBytes === 0);
  });

  it("end a session for everybody when a name is used twice", async () => {
    const { port } = await net.serve(net.relay());
    const [alice, bob, carol] = [
      await net.dial("alice", port),
      await net.dial("bob", port),
      await net.dial("carol", port),
    ];
    const reads = [bob, carol, alice].map((line) => take(line.pull(sessionOf(1), never), 9));
    const ended = Promise.allSettled(reads);
    await alice.push(frameOf("alice", "bob", { seq: 0, fill: 1 }));
    await alice.push(frameOf("alice", "bob", { seq: 0, fill: 2 }));
    const message = "expected one frame 0 from alice to bob, got two that differ";
    for (const read of await ended) {
      expect(read).toMatchObject({ status: "rejected", reason: { code: "equivocation", message } });
    }
    await expect(alice.push(frameOf("alice", "bob", { seq: 1 }))).rejects.toMatchObject({
      code: "equivocation",
    });
  });

  it("refuse frames in another's name and letters to strangers, and say so", async () => {
    const { port } = await net.serve(net.relay());
    const alice = await net.dial("alice", port);
    const read = take(alice.pull(sessionOf(1), never), 1);
    await alice.push(frameOf("bob", "carol", { seq: 0 }));
    await expect(read).rejects.toThrow("expected frames of alice itself, got one in another name");
    const stranger = take(alice.pull(sessionOf(2), never), 1);
    await alice.push(frameOf("alice", "mallory", { seq: 0, session: 2 }));
    await expect(stranger).rejects.toMatchObject({ code: "refused" });
    await pause(10);
    expect(net.events.filter(({ event }) => event === "relay.refused").map(({ code }) => code)).toEqual([
      "sender",
      "recipient",
    ]);
  });

  it("wait while the relay is full, and hold little more", async () => {
    const relay = net.relay({ sessionBytes: 2 ** 21, partyBytes: 2 ** 21 });
    const { port } = await net.serve(relay);
    const [alice, bob] = [await net.dial("alice", port), await net.dial("bob", port)];
    let pushed = 0;
    const pushes = Promise.all(
      Array.from({ length: 100 }, (_, seq) =>
        alice.push(frameOf("alice", "bob", { seq, body: 262_000 })).then(() => (pushed += 1)),
      ),
    );
    await pause(700);
    expect(relay.heldBytes).toBeLessThanOrEqual(2 ** 21 + 262_384);
    expect(pushed).toBeLessThan(60); // 8 MiB here and 2 MiB there
    const got = await take(bob.pull(sessionOf(1), never), 100);
    await pushes;
    expect(got.map((frame) => frame[63])).toEqual(Array.from({ length: 100 }, (_, seq) => seq));
  }, 15_000);
});
