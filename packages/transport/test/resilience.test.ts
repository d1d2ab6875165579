// SPDX-License-Identifier: Apache-2.0
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { i2osp, type Line } from "@koplamp/wire";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { frameOf, sessionOf } from "./frames.ts";
import { federation, Net, never, pause, type TestFederation, take, until } from "./net.ts";

let made: TestFederation;
let net: Net;
beforeAll(async () => {
  made = await federation("alice", "bob");
  net = new Net(made);
});
afterEach(async () => {
  await net.close();
  net = new Net(made);
});

const COUNT = 150;
const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at);
const seqOf = (frame: Uint8Array): number => new DataView(frame.buffer, frame.byteOffset).getUint32(60);

/** A conversation in both directions and on both planes at once, as it arrives. */
async function converse(alice: Line, bob: Line): Promise<{ frames: number[][]; letters: number[][] }> {
  const sides = [
    { me: alice, to: "bob" },
    { me: bob, to: "alice" },
  ];
  const frames = Promise.all(sides.map(({ me }) => take(me.pull(sessionOf(1), never), COUNT)));
  const letters = Promise.all(sides.map(({ me }) => take(me.posts(), COUNT)));
  const push = async ({ me, to }: { me: Line; to: string }): Promise<void> => {
    for (const seq of upTo(COUNT)) {
      await me.push(frameOf(me.party, to, { seq, body: seq % 5 === 0 ? 262_000 : 5_000, fill: seq }));
      if (seq % 10 === 0) await pause(5);
    }
  };
  const post = async ({ me, to }: { me: Line; to: string }): Promise<void> => {
    await Promise.all(upTo(COUNT).map((at) => me.post(to, i2osp(at, 20_000))));
  };
  await Promise.all(sides.flatMap((side) => [push(side), post(side)]));
  return {
    frames: (await frames).map((side) => side.map(seqOf)),
    letters: (await letters).map((side) => side.map(({ envelope }) => envelope.at(-1) ?? -1)),
  };
}

describe("a connection that is cut", () => {
  it("again and again in mid-session loses nothing, repeats nothing and keeps the order", async () => {
    const relay = net.relay();
    const { port } = await net.serve(relay);
    const proxy = await net.proxy(port);
    const [alice, bob] = [await net.dial("alice", proxy.port), await net.dial("bob", proxy.port)];
    let cuts = 0;
    const timer = setInterval(() => {
      if (cuts >= 8) return;
      cuts += 1;
      proxy.cut();
    }, 60);
    try {
      const { frames, letters } = await converse(alice, bob);
      for (const side of [0, 1]) {
        expect(frames[side]).toEqual(upTo(COUNT));
        expect(letters[side]).toEqual(upTo(COUNT));
      }
      expect(cuts).toBeGreaterThanOrEqual(3);
      expect(relay.evidence).toEqual([]);
    } finally {
      clearInterval(timer);
    }
  }, 15_000);

  it("is told as absence, and the line comes back by itself", async () => {
    const { port } = await net.serve(net.relay());
    const proxy = await net.proxy(port);
    const alice = await net.dial("alice", port);
    const bob = await net.dial("bob", proxy.port);
    const seen: boolean[] = [];
    const seenByBob: boolean[] = [];
    alice.onPresence((_, online) => seen.push(online));
    bob.onPresence((_, online) => seenByBob.push(online));
    await until(() => seenByBob.length === 1);
    proxy.block(true);
    proxy.cut();
    await until(() => seen.at(-1) === false && seenByBob.at(-1) === false);
    const late = bob.post("alice", i2osp(5, 1));
    proxy.block(false);
    await until(() => seen.at(-1) === true && seenByBob.at(-1) === true);
    await late;
    expect((await take(alice.posts(), 1))[0]).toMatchObject({ from: "bob" });
  });

  it("does not end a wait for frames", async () => {
    const { port } = await net.serve(net.relay());
    const proxy = await net.proxy(port);
    const bob = await net.dial("bob", proxy.port);
    const read = take(bob.pull(sessionOf(1), never), 1);
    await pause(50);
    proxy.cut();
    const alice = await net.dial("alice", port);
    await alice.push(frameOf("alice", "bob", { seq: 0 }));
    expect(await read).toHaveLength(1);
  });
});

describe("a relay that was started again", () => {
  it("ends the sessions that it has forgotten, and letters go on", async () => {
    const first = await net.serve(net.relay());
    const proxy = await net.proxy(first.port);
    const [alice, bob] = [await net.dial("alice", proxy.port), await net.dial("bob", proxy.port)];
    const read = Promise.allSettled([take(bob.pull(sessionOf(1), never), 2)]);
    await alice.push(frameOf("alice", "bob", { seq: 0 }));
    await alice.post("bob", i2osp(1, 1));
    await pause(50);
    await first.close();
    const second = await net.serve(net.relay(), { listen: `127.0.0.1:${first.port}` });
    expect(second.port).toBe(first.port);
    await alice.post("bob", i2osp(2, 1));
    const [lost] = await read;
    expect(lost).toMatchObject({ status: "rejected", reason: { code: "expired" } });
    const letters = await take(bob.posts(), 2);
    expect(letters.map(({ envelope }) => envelope[0])).toEqual([1, 2]);
    await alice.push(frameOf("alice", "bob", { seq: 0, session: 2 }));
    expect(await take(bob.pull(sessionOf(2), never), 1)).toHaveLength(1);
  });
});

describe("a node that starts again under the same name", () => {
  it("takes over its line and what waits for it", async () => {
    const { port } = await net.serve(net.relay());
    const alice = await net.dial("alice", port);
    const old = await net.dial("bob", port);
    await alice.post("bob", i2osp(1, 1));
    expect((await take(old.posts(), 1))[0]?.envelope[0]).toBe(1);
    await pause(50);
    await old.close();
    await alice.post("bob", i2osp(2, 1));
    const young = await net.dial("bob", port);
    expect((await take(young.posts(), 1))[0]?.envelope[0]).toBe(2);
    await young.post("alice", i2osp(3, 1));
    expect((await take(alice.posts(), 1))[0]?.envelope[0]).toBe(3);
  });
});

describe("close", () => {
  it("lets what was pushed arrive first, ends every wait, and refuses what comes later", async () => {
    const { port } = await net.serve(net.relay());
    const [alice, bob] = [await net.dial("alice", port), await net.dial("bob", port)];
    const reads = Promise.all([take(alice.posts(), 1), take(alice.pull(sessionOf(2), never), 1)]);
    for (const seq of upTo(30)) await alice.push(frameOf("alice", "bob", { seq, body: 100_000 }));
    await alice.close();
    expect((await reads).map((got) => got.length)).toEqual([0, 0]);
    expect(await take(bob.pull(sessionOf(1), never), 30)).toHaveLength(30);
    await expect(alice.push(frameOf("alice", "bob", { seq: 30 }))).rejects.toMatchObject({ code: "closed" });
    await expect(alice.post("bob", i2osp(1, 1))).rejects.toMatchObject({ code: "closed" });
    await alice.close();
  });

  it("leaves nothing behind that keeps a process alive", async () => {
    const script = fileURLToPath(new URL("./open-and-close.ts", import.meta.url));
    const node = promisify(execFile)(process.execPath, ["--conditions=source", script], { timeout: 10_000 });
    expect(await node).toMatchObject({ stdout: "closed\n", stderr: "" });
  }, 12_000);

  it("without a relay is quick", async () => {
    const { port, close } = await net.serve(net.relay());
    const alice = await net.dial("alice", port);
    await close();
    const stuck = Promise.allSettled([alice.post("bob", i2osp(1, 1))]);
    await alice.push(frameOf("alice", "bob", { seq: 0 }));
    const begin = performance.now();
    await alice.close();
    expect(performance.now() - begin).toBeLessThan(1_500);
    expect((await stuck)[0]).toMatchObject({ status: "rejected", reason: { code: "closed" } });
  });
});
