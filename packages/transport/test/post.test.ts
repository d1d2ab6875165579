// SPDX-License-Identifier: Apache-2.0
import { PeerLost } from "@koplamp/protocol";
import { fromUtf8, utf8 } from "@koplamp/wire";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { machine, primitives, rng, type Seat, seat, settled, type Table, takeSeat } from "./federation.ts";
import { flipped, type Mischief, noting, through } from "./hostile.ts";

let table: Table | undefined;
afterEach(() => table?.close());

function sit(parties: readonly string[], mischief: (party: string) => Mischief = () => ({})) {
  table = seat(parties, (party, line) => through(line, mischief(party)));
  return table.at;
}

const text = async (post: Seat["post"], from: string, topic: string) =>
  fromUtf8(await post.receive(from, topic));

describe("post", () => {
  test("messages arrive under their topic, in order, before and after somebody asks", async () => {
    const at = sit(["douane", "kmar"]);
    const early = text(at("kmar").post, "douane", "q/2");
    for (const [topic, body] of [
      ["q/1", "a"],
      ["q/2", "b"],
      ["q/1", "c"],
    ] as const) {
      await at("douane").post.send("kmar", topic, utf8(body));
    }
    expect(await early).toBe("b");
    expect(await text(at("kmar").post, "douane", "q/1")).toBe("a");
    expect(await text(at("kmar").post, "douane", "q/1")).toBe("c");
  });

  test("long messages travel in parts that fit an envelope", async () => {
    let longest = 0;
    const at = sit(["douane", "kmar"], () => ({
      post: (_to, envelope) => {
        longest = Math.max(longest, envelope.length);
        return [envelope];
      },
    }));
    for (const length of [0, 259_999, 260_000, 260_001, 3_000_000]) {
      const body = rng(length);
      await at("douane").post.send("kmar", "bundle", body);
      expect(Buffer.from(body).equals(await at("kmar").post.receive("douane", "bundle"))).toBe(true);
    }
    expect(longest).toBeGreaterThan(260_000);
    expect(longest).toBeLessThanOrEqual(262_144);
    const much = at("douane").post.send("kmar", "bundle", new Uint8Array(16 * 2 ** 20 + 1));
    await expect(much).rejects.toMatchObject({ code: "too-large" });
  });

  test("parts of messages sent at the same time do not mix", async () => {
    const at = sit(["douane", "kmar"]);
    const bodies = [rng(600_000), rng(300_000), rng(10), rng(600_000)];
    await Promise.all(bodies.map((body, number) => at("douane").post.send("kmar", `q/${number}`, body)));
    for (const [number, body] of bodies.entries()) {
      expect(Buffer.from(body).equals(await at("kmar").post.receive("douane", `q/${number}`))).toBe(true);
    }
  });

  test("a message that lost a part is dropped, and the next one is not mixed with it", async () => {
    let [number, lose] = [0, -1];
    const at = sit(["douane", "kmar"], () => ({
      post: (_to, envelope) => (number++ === lose ? [] : [envelope]),
    }));
    for (const lost of [0, 1, 2]) {
      [number, lose] = [0, lost];
      await at("douane").post.send("kmar", "bundle", rng(700_000));
      const next = rng(700_000);
      await at("douane").post.send("kmar", "bundle", next);
      expect(Buffer.from(next).equals(await at("kmar").post.receive("douane", "bundle"))).toBe(true);
    }
    const misplaced = "douane: a part of a message out of its place";
    expect(at("kmar").refused).toEqual([misplaced, misplaced, misplaced]);
  });

  test("only parties on the roster are written to or waited for, and never oneself", async () => {
    const at = sit(["douane", "kmar"]);
    for (const party of ["fiod", "douane"]) {
      await expect(at("douane").post.send(party, "q", utf8("x"))).rejects.toMatchObject({ code: "refused" });
      await expect(at("douane").post.receive(party, "q")).rejects.toMatchObject({ code: "refused" });
    }
  });

  test("a listener takes what comes under its prefix, what is kept too; one that fails stops nothing", async () => {
    const at = sit(["douane", "kmar"]);
    const heard: string[] = [];
    await at("douane").post.send("kmar", "stop/1", utf8("early"));
    await settled();
    const stop = at("kmar").post.listen("stop/", (from, topic, body) => {
      heard.push(`${from} ${topic} ${fromUtf8(body)}`);
      if (topic === "stop/bad") throw new Error("not of the agreed form");
    });
    await at("douane").post.send("kmar", "stop/bad", utf8("x"));
    await at("douane").post.send("kmar", "stop/2", utf8("late"));
    await at("douane").post.send("kmar", "other", utf8("y"));
    expect(await text(at("kmar").post, "douane", "other")).toBe("y");
    expect(heard).toEqual(["douane stop/1 early", "douane stop/bad x", "douane stop/2 late"]);
    expect(at("kmar").refused).toEqual(["douane: not understood"]);
    stop();
    await at("douane").post.send("kmar", "stop/3", utf8("z"));
    expect(await text(at("kmar").post, "douane", "stop/3")).toBe("z");
  });

  test("fail ends present and future waits under a prefix, and drops what is kept and what still comes", async () => {
    const at = sit(["douane", "kmar"]);
    const { post } = at("kmar");
    await at("douane").post.send("kmar", "q/1/kept", utf8("x"));
    await settled();
    const [ended, other] = [post.receive("douane", "q/1/step"), post.receive("douane", "q/2/step")];
    post.fail("q/1/", new Error("the question was refused"));
    await expect(ended).rejects.toThrow("the question was refused");
    await expect(post.receive("douane", "q/1/kept")).rejects.toThrow("the question was refused");
    await at("douane").post.send("kmar", "q/1/step", utf8("late"));
    await at("douane").post.send("kmar", "q/2/step", utf8("goes on"));
    expect(fromUtf8(await other)).toBe("goes on");
  });

  test("a peer that is given up is lost to every wait until it is heard of again", async () => {
    const at = sit(["douane", "fiod", "kmar"]);
    const { post } = at("kmar");
    const [lost, kept] = [post.receive("douane", "q/1"), post.receive("fiod", "q/1")];
    post.giveUp("douane", "its line has been down for 30 s");
    await expect(lost).rejects.toBeInstanceOf(PeerLost);
    await expect(post.receive("douane", "q/2")).rejects.toThrow(
      "douane was given up: its line has been down",
    );
    await at("fiod").post.send("kmar", "q/1", utf8("here"));
    expect(fromUtf8(await kept)).toBe("here");
    await at("douane").post.send("kmar", "q/3", utf8("back"));
    await settled();
    const again = post.receive("douane", "q/2");
    await at("douane").post.send("kmar", "q/2", utf8("there"));
    expect(fromUtf8(await again)).toBe("there");
  });

  test("closing the post, or its line, ends every wait", async () => {
    const at = sit(["douane", "kmar"]);
    const waits = [at("douane").post.receive("kmar", "q"), at("kmar").post.receive("douane", "q")];
    at("douane").post.close();
    await at("kmar").line.close();
    for (const wait of waits) await expect(wait).rejects.toMatchObject({ code: "closed" });
    await expect(at("douane").post.receive("kmar", "q")).rejects.toMatchObject({ code: "closed" });
  });
});

describe("a hostile relay's post", () => {
  test("delivered twice, late or from an earlier time: read once", async () => {
    const log: Uint8Array[] = [];
    const at = sit(["douane", "kmar"], (party) => ({
      post: (_to, envelope) => {
        if (party === "douane") log.push(envelope);
        return [envelope, envelope, ...log];
      },
    }));
    for (const body of ["a", "b", "c"]) await at("douane").post.send("kmar", "q", utf8(body));
    for (const body of ["a", "b", "c"]) expect(await text(at("kmar").post, "douane", "q")).toBe(body);
    await at("douane").post.send("kmar", "end", utf8("."));
    await at("kmar").post.receive("douane", "end");
    at("kmar").post.fail("q", new Error("none is left"));
    await expect(at("kmar").post.receive("douane", "q")).rejects.toThrow("none is left");
    expect(at("kmar").refused).toEqual([]);
  });

  test("any dropping, doubling and swapping of deliveries: some of what was sent, in order, each once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 9 }), { maxLength: 20 }), async (order) => {
        const [douane, kmar] = [machine("douane"), machine("kmar")];
        const sent: Uint8Array[] = [];
        const roster = new Map([douane, kmar].map(({ me, address }) => [me, address]));
        const two = seat(["x"]); // only for its relay
        const line = through(two.relay.line("douane"), noting(sent, false));
        const from = takeSeat(douane, roster, line);
        const to = takeSeat(kmar, roster, two.relay.line("kmar"));
        const bodies = Array.from({ length: 5 }, (_, at) => `${at}`);
        for (const body of bodies) await from.post.send("kmar", "q", utf8(body));
        await from.post.send("kmar", "long", rng(1_200_000)); // five more envelopes, of one message
        const got: string[] = [];
        let long = 0;
        to.post.listen("q", (_from, _topic, body) => void got.push(fromUtf8(body)));
        to.post.listen("long", () => {
          long += 1;
        });
        for (const at of order) await two.relay.line("douane").post("kmar", sent[at] ?? rng(10));
        await settled();
        expect(got).toEqual([...new Set(got)].sort());
        expect(long).toBeLessThanOrEqual(1);
        if (long === 1) expect(order).toEqual(expect.arrayContaining([5, 6, 7, 8, 9]));
        to.post.close();
        from.post.close();
        await two.close();
      }),
      { numRuns: 12 },
    );
  });

  test("any changed byte, and any other length: dropped, and said so", async () => {
    let change = (envelope: Uint8Array) => [envelope];
    const at = sit(["douane", "kmar"], (party) =>
      party === "douane" ? { post: (_to, e) => change(e) } : {},
    );
    const positions = [0, 31, 32, 700, 1119, 1120, 1150, 1200, 1250];
    for (const position of positions) {
      change = (envelope) => [flipped(envelope, position % envelope.length)];
      await at("douane").post.send("kmar", "q", utf8("changed"));
    }
    change = (envelope) => [envelope.slice(0, -1), envelope.slice(0, 1000), new Uint8Array()];
    await at("douane").post.send("kmar", "q", utf8("cut"));
    change = (envelope) => [envelope];
    await at("douane").post.send("kmar", "q", utf8("whole"));
    expect(await text(at("kmar").post, "douane", "q")).toBe("whole");
    expect(at("kmar").refused.length).toBe(positions.length + 3);
  });

  test("handed to another party, or in another's name: dropped", async () => {
    const at = sit(["douane", "fiod", "kmar"], (party) =>
      party === "kmar" ? { posted: ({ envelope }) => [{ from: "fiod", envelope }] } : {},
    );
    await at("douane").post.send("kmar", "q", utf8("x"));
    expect(await text(at("kmar").post, "douane", "q")).toBe("x"); // the seal says who it was
    const envelopes: Uint8Array[] = [];
    const copied = through(at("douane").line, noting(envelopes, false));
    const again = takeSeat(at("douane"), at("douane").addresses, copied);
    await again.post.send("kmar", "q", utf8("x"));
    await at("douane").line.post("fiod", envelopes[0] ?? rng(10));
    await settled();
    expect(at("fiod").refused).toEqual([
      "douane: expected bytes sealed to this machine and context, got others",
    ]);
  });

  test("a stranger's letter, and one in the name of a member: dropped", async () => {
    const at = sit(["douane", "kmar"]);
    const roster = new Map(at("douane").addresses);
    const stranger = machine("stranger");
    const posts = [takeSeat(stranger, roster, table?.relay.line("stranger") ?? at("kmar").line)];
    posts.push(
      takeSeat({ ...stranger, me: "douane" }, roster, table?.relay.line("other") ?? at("kmar").line),
    );
    for (const { post } of posts) await post.send("kmar", "q", utf8("let me in"));
    await settled();
    expect(at("kmar").refused).toEqual([
      "stranger: expected a letter of a party on the roster, got one of another",
      "other: expected a letter signed by douane",
    ]);
    for (const { post } of posts) post.close();
  });

  test("seal.off: the relay reads nothing, and would without the seal", async () => {
    for (const off of [false, true]) {
      const seen: Uint8Array[] = [];
      const weak = off ? { ...primitives, aesGcmSeal: plainSeal } : primitives;
      table = seat(
        ["douane", "kmar"],
        (_party, line) => through(line, noting(seen)),
        () => weak,
      );
      await table.at("douane").post.send("kmar", "canary-topic", utf8("canary-body"));
      const all = Buffer.concat(seen).toString("latin1");
      expect(all.includes("canary-body"), `seal off: ${off}`).toBe(off);
      expect(all.includes("canary-topic"), `seal off: ${off}`).toBe(off);
      await table.close();
    }
    table = undefined;
  });
});

function plainSeal(_key: Uint8Array, _nonce: Uint8Array, _ad: Uint8Array, text: Uint8Array): Uint8Array {
  return new Uint8Array([...text, ...new Uint8Array(16)]);
}
