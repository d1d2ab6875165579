// SPDX-License-Identifier: Apache-2.0
import { hash } from "node:crypto";
import { PeerLost } from "@koplamp/protocol";
import { fromUtf8, type Line, utf8 } from "@koplamp/wire";
import { afterEach, describe, expect, test } from "vitest";
import type { SessionChannel } from "../src/channel.ts";
import { ChannelInbox } from "../src/channel-inbox.ts";
import { openAll, primitives, rng, seat, settled, type Table } from "./federation.ts";
import { through } from "./hostile.ts";

let table: Table | undefined;
afterEach(() => table?.close());

async function open(parties: readonly string[]): Promise<(party: string) => SessionChannel> {
  table = seat(parties);
  return openAll(table);
}

const said = async (at: SessionChannel, from: string) => fromUtf8((await at.receive(from)).bytes);
const disclosure = (to: string, bytes: Uint8Array) => ({ to, output: "tokens", type: "T", bytes });

describe("a session's channel", () => {
  test("messages of every length, in order, both ways", async () => {
    const at = await open(["douane", "kmar"]);
    const lengths = [0, 1, 64, 262_207, 262_208, 262_209, 3 * 262_208, 1_000_000];
    const bodies = lengths.map((length) => rng(length));
    for (const body of bodies) {
      await at("douane").send("kmar", "M", body);
      await at("kmar").send("douane", "E", body);
    }
    for (const body of bodies) {
      const [there, back] = [await at("kmar").receive("douane"), await at("douane").receive("kmar")];
      expect([there.type, back.type]).toEqual(["M", "E"]);
      expect(Buffer.from(body).equals(there.bytes)).toBe(true);
      expect(Buffer.from(body).equals(back.bytes)).toBe(true);
    }
  });

  test("8 MiB each way at once", async () => {
    const at = await open(["douane", "kmar"]);
    const body = rng(8 * 2 ** 20);
    await Promise.all([at("douane").send("kmar", "M", body), at("kmar").send("douane", "M", body)]);
    const got = await Promise.all([at("kmar").receive("douane"), at("douane").receive("kmar")]);
    for (const { bytes } of got) expect(hash("sha256", bytes)).toBe(hash("sha256", body));
  });

  test("sends that are not waited for leave in the order in which they were made", async () => {
    const at = await open(["douane", "kmar"]);
    const sent = ["a", "b", "c"].map((body) => at("douane").send("kmar", "M", utf8(body)));
    await Promise.all(sent);
    expect([await said(at("kmar"), "douane"), await said(at("kmar"), "douane")]).toEqual(["a", "b"]);
  });

  test("at most eight frames of a message are on their way at once", async () => {
    let [flying, most] = [0, 0];
    const slow = (_party: string, line: Line): Line => ({
      ...through(line, {}),
      async push(frame) {
        flying += 1;
        most = Math.max(most, flying);
        await new Promise((resolve) => setTimeout(resolve, 2));
        await line.push(frame);
        flying -= 1;
      },
    });
    table = seat(["douane", "kmar"], slow);
    const at = await openAll(table);
    await at("douane").send("kmar", "M", rng(30 * 262_208));
    expect((await at("kmar").receive("douane")).bytes.length).toBe(30 * 262_208);
    expect(most).toBe(8);
  });

  test("each pair has its own keys and exporter, whoever is the lower one", async () => {
    const at = await open(["douane", "fiod", "kmar"]);
    expect(at("douane").exporter("kmar")).toEqual(at("kmar").exporter("douane"));
    expect(at("fiod").exporter("kmar")).toEqual(at("kmar").exporter("fiod"));
    expect(at("fiod").exporter("kmar")).not.toEqual(at("fiod").exporter("douane"));
    await at("fiod").send("kmar", "R", utf8("from fiod"));
    await at("douane").send("kmar", "R", utf8("from douane"));
    expect(await said(at("kmar"), "douane")).toBe("from douane");
    expect(await said(at("kmar"), "fiod")).toBe("from fiod");
  });

  test("its functions may be taken off it", async () => {
    const at = await open(["douane", "kmar"]);
    const { send, receive, egress, gate } = { ...at("douane"), ...{ receive: at("kmar").receive } };
    await send("kmar", "M", utf8("x"));
    expect((await receive("douane")).bytes).toEqual(utf8("x"));
    await gate.send("kmar", utf8("g"));
    expect(egress().length).toBe(2);
  });

  test("a party of another session, or of none, is refused", async () => {
    const at = await open(["douane", "kmar"]);
    await expect(at("douane").send("fiod", "M", utf8("x"))).rejects.toMatchObject({ code: "refused" });
    await expect(at("douane").receive("fiod")).rejects.toMatchObject({ code: "refused" });
    const four = seat(["douane", "kmar"]);
    const opening = openAll(four, () => ({ peers: ["stranger"] }));
    await expect(opening).rejects.toThrow("got stranger");
    await four.close();
  });
});

describe("a disclosure", () => {
  test("is held until it is released, and is byte for byte what was sealed", async () => {
    const at = await open(["douane", "kmar"]);
    const bytes = rng(600_000);
    const sealed = await at("douane").seal(disclosure("kmar", bytes));
    expect(sealed.sealedBytes).toBe(600_000 + 3 * (96 + 16) + 64);
    const waiting = at("kmar").receive("douane");
    await settled();
    expect(
      at("douane")
        .egress()
        .map(({ what }) => what),
    ).toEqual(["confirm"]);
    await at("douane").release(sealed);
    expect(Buffer.from(bytes).equals((await waiting).bytes)).toBe(true);
    expect(at("kmar").receivedFrame("douane")).toEqual(sealed.frame);
    await expect(at("douane").release(sealed)).rejects.toMatchObject({ code: "refused" });
    await expect(at("douane").release({ ...sealed })).rejects.toMatchObject({ code: "refused" });
  });

  test("gate messages pass while it is held, both ways and of any number", async () => {
    const at = await open(["douane", "kmar"]);
    const held = [
      await at("douane").seal(disclosure("kmar", utf8("one"))),
      await at("douane").seal(disclosure("kmar", utf8("two"))),
    ];
    for (const body of ["logged", "proof"]) await at("douane").gate.send("kmar", utf8(body));
    await at("kmar").gate.send("douane", utf8("seen"));
    expect(fromUtf8(await at("kmar").gate.receive("douane"))).toBe("logged");
    expect(fromUtf8(await at("kmar").gate.receive("douane"))).toBe("proof");
    expect(fromUtf8(await at("douane").gate.receive("kmar"))).toBe("seen");
    for (const sealed of held) await at("douane").release(sealed);
    await at("douane").send("kmar", "M", utf8("three"));
    for (const body of ["one", "two", "three"]) expect(await said(at("kmar"), "douane")).toBe(body);
  });

  test("once sealed its numbers are gone: what skips it does not open", async () => {
    const at = await open(["douane", "kmar"]);
    await at("douane").seal(disclosure("kmar", utf8("forbidden")));
    await at("douane")
      .send("kmar", "M", utf8("after it"))
      .catch(() => {});
    // the relay waits for the number that never comes, so nothing arrives
    const first = await Promise.race([at("kmar").receive("douane"), settled().then(() => "nothing")]);
    expect(first).toBe("nothing");
    at("kmar").abort(new Error("enough"));
  });

  test("the account of what left: by recipient, channel and type, in plaintext bytes; the gate's is not in it", async () => {
    const at = await open(["douane", "fiod", "kmar"]);
    const { send, seal, release, gate, egress } = at("douane");
    await send("kmar", "M", rng(300_000));
    await send("kmar", "M", rng(10));
    await send("fiod", "M", rng(1));
    await gate.send("fiod", rng(5));
    await release(await seal(disclosure("kmar", rng(16))));
    await seal(disclosure("kmar", rng(16)));
    expect(egress().filter(({ what }) => what !== "confirm")).toEqual([
      { to: "kmar", channel: "send", what: "M", messages: 2, bytes: 300_010 },
      { to: "fiod", channel: "send", what: "M", messages: 1, bytes: 1 },
      { to: "kmar", channel: "disclose", what: "T", messages: 1, bytes: 16 },
    ]);
  });
});

describe("the end of a session", () => {
  test("an abort: waits end with its reason, peers are lost, what they had got can still be read", async () => {
    const at = await open(["douane", "fiod", "kmar"]);
    await at("douane").send("kmar", "M", utf8("before"));
    const waits = [at("douane").receive("kmar"), at("douane").gate.receive("fiod")];
    const lost = at("fiod").receive("douane");
    await settled();
    at("douane").abort(new Error("the quota is spent"));
    for (const wait of waits) await expect(wait).rejects.toThrow("the quota is spent");
    await expect(at("douane").send("kmar", "M", utf8("x"))).rejects.toThrow("the quota is spent");
    await expect(at("douane").seal(disclosure("kmar", utf8("x")))).rejects.toThrow("the quota is spent");
    await expect(lost).rejects.toThrow("douane was given up: it ended the session");
    expect(await said(at("kmar"), "douane")).toBe("before");
    await expect(at("kmar").receive("douane")).rejects.toBeInstanceOf(PeerLost);
    await expect(at("kmar").gate.receive("douane")).rejects.toBeInstanceOf(PeerLost);
    await at("kmar").send("fiod", "M", utf8("we go on"));
    expect(await said(at("fiod"), "kmar")).toBe("we go on");
  });

  test("a peer that the post gives up is lost", async () => {
    const at = await open(["douane", "kmar"]);
    const lost = at("kmar").receive("douane");
    table?.at("kmar").post.giveUp("douane", "its line has been down for 30 s");
    await expect(lost).rejects.toThrow("douane was given up: its line has been down for 30 s");
  });

  test("closing lets everything leave first; then nothing more", async () => {
    const at = await open(["douane", "kmar"]);
    const sent = at("douane").send("kmar", "M", rng(3_000_000));
    await at("douane").close();
    await sent;
    expect((await at("kmar").receive("douane")).bytes.length).toBe(3_000_000);
    await expect(at("douane").send("kmar", "M", utf8("x"))).rejects.toMatchObject({ code: "closed" });
    expect(() => at("douane").exporter("kmar")).toThrow("one that is closed");
    at("douane").abort(new Error("too late"));
    await settled();
    await at("kmar").send("douane", "M", utf8("nobody reads it"));
  });

  test("a line that closes ends it", async () => {
    const at = await open(["douane", "kmar"]);
    const wait = at("kmar").receive("douane");
    await table?.at("kmar").line.close();
    await expect(wait).rejects.toMatchObject({ code: "closed" });
  });

  const topic = `channel/${"07".repeat(16)}/`;
  test.each<[string, (one: Table) => unknown, string]>([
    [
      "a peer ends its side",
      ({ at }) => at("douane").post.send("kmar", `${topic}end`, utf8("")),
      "ended the session",
    ],
    ["a peer is given up", ({ at }) => at("kmar").post.giveUp("douane", "gone"), "was given up: gone"],
    ["its topic is failed", ({ at }) => at("kmar").post.fail(topic, new Error("stopped")), "stopped"],
    ["the post is closed", ({ at }) => at("kmar").post.close(), "one that is closed"],
  ])("an opening ends when %s", async (_when, act, reason) => {
    table = seat(["douane", "kmar"]);
    const opening = openAll(table, () => ({ peers: ["douane"] }), ["kmar"]);
    await act(table);
    await expect(opening).rejects.toThrow(reason);
  });

  test("keys are wiped, however it ends", async () => {
    for (const way of ["close", "abort"] as const) {
      const keys = new Set<Uint8Array>();
      const watched = {
        ...primitives,
        aesGcmSeal: (...args: Parameters<typeof primitives.aesGcmSeal>) => {
          keys.add(args[0]);
          return primitives.aesGcmSeal(...args);
        },
      };
      const two = seat(["douane", "kmar"], undefined, () => watched);
      keys.clear();
      const at = await openAll(two);
      const used = [...keys].filter((key) => key.some((byte) => byte !== 0));
      expect(used.length).toBe(2);
      await (way === "close" ? at("douane").close() : at("douane").abort(new Error("x")));
      await at("kmar").close();
      expect(used.every((key) => key.every((byte) => byte === 0))).toBe(true);
      await two.close();
    }
  });
});

describe("unread messages of a peer", () => {
  const message = (length: number) => ({ type: "M", bytes: new Uint8Array(length), frame: new Uint8Array() });

  test("are bounded in number", () => {
    const inbox = new ChannelInbox("douane");
    for (let put = 0; put < 256; put += 1) inbox.put(message(1));
    expect(() => inbox.put(message(1))).toThrow("douane sent more than anybody here has asked for");
  });

  test("are bounded in bytes, and reading makes room", async () => {
    const inbox = new ChannelInbox("douane");
    inbox.put(message(60_000_000));
    inbox.put(message(60_000_000));
    expect(() => inbox.put(message(60_000_000))).toThrow("more than anybody here has asked for");
    await inbox.take();
    inbox.put(message(60_000_000));
  });
});
