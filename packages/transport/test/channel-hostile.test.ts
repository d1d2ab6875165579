// SPDX-License-Identifier: Apache-2.0
import type { Primitives } from "@koplamp/crypto";
import { PeerLost } from "@koplamp/protocol";
import { fromUtf8, type Line, utf8 } from "@koplamp/wire";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import type { SessionChannel } from "../src/channel.ts";
import { TransportError } from "../src/errors.ts";
import { openAll, primitives, rng, seat, settled, type Table } from "./federation.ts";
import { flipped, keeping, type Mischief, through } from "./hostile.ts";

let table: Table | undefined;
afterEach(() => table?.close());

/** Douane and kmar in a session, with something between kmar and the relay. */
async function open(mischief: Mischief): Promise<(party: string) => SessionChannel> {
  table = seat(["douane", "kmar"], (party, line) => (party === "kmar" ? through(line, mischief) : line));
  return openAll(table);
}

type Fate = "passes" | "is lost" | "comes twice" | "comes late";

/** What happens to the frames that come after `begin`, one after the other; behind the last fate all pass. */
function fated(fates: readonly Fate[]): { readonly mischief: Mischief; readonly begin: () => void } {
  let number = Number.NEGATIVE_INFINITY;
  const late: Uint8Array[] = [];
  const become: Readonly<Record<Fate, (frame: Uint8Array) => readonly Uint8Array[]>> = {
    passes: (frame) => [frame, ...late.splice(0)],
    "is lost": () => [],
    "comes twice": (frame) => [frame, frame],
    "comes late": (frame) => {
      late.push(frame);
      return [];
    },
  };
  const pulled = (frame: Uint8Array): readonly Uint8Array[] => {
    const what = fates[number] ?? "passes";
    number += 1;
    return become[what](frame);
  };
  const begin = (): void => {
    number = 0;
  };
  return { mischief: { pulled }, begin };
}

/** Reads from douane until that ends, and gives what it ended with. */
async function readAll(channel: SessionChannel, got: string[]): Promise<unknown> {
  try {
    for (;;) got.push(fromUtf8((await channel.receive("douane")).bytes));
  } catch (reason) {
    return reason;
  }
}

describe("a hostile relay and a session's frames", () => {
  test("any loss, doubling and delay: the same sequence, or an abort with a name", async () => {
    const fate = fc.constantFrom<Fate>("passes", "passes", "passes", "is lost", "comes twice", "comes late");
    await fc.assert(
      fc.asyncProperty(fc.array(fate, { minLength: 1, maxLength: 12 }), async (fates) => {
        const { mischief, begin } = fated(fates);
        const at = await open(mischief);
        begin();
        const got: string[] = [];
        const ended = readAll(at("kmar"), got);
        const sent = [...fates.map((_, message) => `${message}`), "the last one passes"];
        for (const body of sent)
          await at("douane")
            .send("kmar", "M", utf8(body))
            .catch(() => {});
        await settled();
        at("kmar").abort(new TransportError("closed", "the test is over"));
        const wrong = fates.findIndex((what) => what !== "passes");
        const upTo = fates[wrong] === "comes twice" ? wrong + 1 : wrong;
        expect(got).toEqual(wrong < 0 ? sent : sent.slice(0, upTo));
        expect(await ended).toMatchObject({ code: wrong < 0 ? "closed" : "invalid-frame" });
        await table?.close();
      }),
      { numRuns: 20 },
    );
    table = undefined;
  });

  test("a changed byte anywhere: kmar aborts with a name, douane hears of an end and of nothing else", async () => {
    for (const position of [0, 1, 2, 3, 4, 19, 20, 36, 51, 52, 55, 59, 63, 64, 95, 96, 110, 170, 191]) {
      let on = false;
      const at = await open({ pulled: (frame) => [on ? flipped(frame, position) : frame] });
      on = true;
      const [wait, lost] = [at("kmar").receive("douane"), at("douane").receive("kmar")];
      await at("douane").send("kmar", "M", utf8("sixteen bytes ok"));
      await expect(wait, `byte ${position}`).rejects.toMatchObject({ code: "invalid-frame" });
      await expect(lost, `byte ${position}`).rejects.toThrow("kmar was given up: it ended the session");
      await table?.close();
    }
    table = undefined;
  });

  test("cut off after any of its frames a message is not delivered, not even in part", async () => {
    for (const kept of [0, 1, 2]) {
      let left = Number.POSITIVE_INFINITY;
      const at = await open({ pulled: (frame) => (left-- > 0 ? [frame] : []) });
      left = kept;
      const wait = at("kmar").receive("douane");
      await at("douane").send("kmar", "M", rng(600_000));
      await settled();
      at("douane").abort(new Error("enough"));
      await expect(wait).rejects.toBeInstanceOf(PeerLost);
      await table?.close();
    }
    table = undefined;
  });

  test("two frames under one name end the session for everybody, by that name", async () => {
    const frames: Uint8Array[] = [];
    table = seat(["douane", "kmar"], (party, line) =>
      party === "douane" ? through(line, { push: (frame) => [frame, ...keeping(frames)(frame)] }) : line,
    );
    const at = await openAll(table);
    await at("douane").send("kmar", "M", utf8("one"));
    const wait = at("kmar").receive("douane");
    await wait;
    const again = table.relay.line("douane").push(flipped(frames.at(-1) ?? rng(200), 120));
    await expect(again).rejects.toMatchObject({ code: "equivocation" });
    for (const [me, peer] of [
      ["kmar", "douane"],
      ["douane", "kmar"],
    ] as const) {
      await expect(at(me).receive(peer)).rejects.toMatchObject({ code: "equivocation" });
    }
  });

  test("a peer that sends without end aborts the session before it fills the memory", async () => {
    const at = await open({});
    for (let sent = 0; sent < 300; sent += 1)
      await at("douane")
        .send("kmar", "M", utf8("x"))
        .catch(() => {});
    await settled();
    await expect(at("kmar").receive("douane")).rejects.toMatchObject({ code: "limit" });
  });

  test("seal.off: the relay reads nothing, and would without the seal", async () => {
    for (const off of [false, true]) {
      const seen: Uint8Array[] = [];
      const weak: Primitives = off
        ? { ...primitives, aesGcmSeal: plainSeal, aesGcmOpen: plainOpen }
        : primitives;
      const note = (_party: string, line: Line): Line => through(line, { push: keeping(seen) });
      table = seat(["douane", "kmar"], note, () => weak);
      const at = await openAll(table).catch(() => undefined);
      await at?.("douane").send("kmar", "M", utf8("canary-in-a-frame"));
      const all = Buffer.concat(seen).toString("latin1");
      expect(all.includes("canary-in-a-frame"), `seal off: ${off}`).toBe(off);
      await table.close();
    }
    table = undefined;
  });
});

function plainSeal(_key: Uint8Array, _nonce: Uint8Array, _ad: Uint8Array, text: Uint8Array): Uint8Array {
  return new Uint8Array([...text, ...new Uint8Array(16)]);
}

function plainOpen(_key: Uint8Array, _nonce: Uint8Array, _ad: Uint8Array, sealed: Uint8Array): Uint8Array {
  return sealed.slice(0, -16);
}
