// SPDX-License-Identifier: Apache-2.0
import { makeHello } from "@koplamp/crypto";
import { type Post, utf8 } from "@koplamp/wire";
import { afterEach, describe, expect, test } from "vitest";
import type { ChannelRequest } from "../src/channel.ts";
import { machine, openAll, primitives, rng, type Seat, seat, type Table, transcript } from "./federation.ts";
import { flipped } from "./hostile.ts";

let table: Table | undefined;
afterEach(() => table?.close());

/** What the attempt ends with: the error's code, or `opened`. */
const outcome = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => "opened",
    (error: unknown) => (error instanceof Error && "code" in error ? String(error.code) : String(error)),
  );

/** What each of the two says when both open, with one party's parts or request changed. */
async function openChanged(
  change: (party: string, seat: Seat) => Partial<Seat>,
  request: (party: string) => Partial<ChannelRequest> = () => ({}),
): Promise<readonly string[]> {
  table = seat(["douane", "kmar"]);
  const seats = new Map([...table.seats].map(([party, one]) => [party, { ...one, ...change(party, one) }]));
  const at = (party: string): Seat => seats.get(party) ?? expect.fail(party);
  const changed = { ...table, seats, at };
  return Promise.all(
    ["douane", "kmar"].map((me) =>
      outcome(openAll(changed, () => ({ peers: [me === "kmar" ? "douane" : "kmar"], ...request(me) }), [me])),
    ),
  );
}

describe("a handshake that somebody tampers with", () => {
  /** A post through which one kind of message leaves as something else. */
  const sending = (post: Post, kind: string, instead: (body: Uint8Array) => Uint8Array): Post => ({
    ...post,
    send: (to, topic, body) => post.send(to, topic, topic.endsWith(kind) ? instead(body) : body),
  });

  test("hello.unsigned: a hello that its party's identity key did not sign is refused", async () => {
    const stranger = machine("douane");
    const swap = (party: string, { post }: Seat): Partial<Seat> =>
      party === "douane" ? { identity: stranger.identity, post } : {};
    expect(await openChanged(swap)).toEqual(["peer-lost", "refused"]);
    await table?.close();
    const off = { ...primitives, ed25519Verify: () => true };
    const weak = (party: string, one: Seat): Partial<Seat> => ({ ...swap(party, one), primitives: off });
    expect(await openChanged(weak)).toEqual(["opened", "opened"]);
  });

  test("a hello or an encapsulation of another session, of another length, or changed, is refused", async () => {
    const { identity } = machine("x");
    const old = (me: string) =>
      makeHello(primitives, rng, me, identity, { session: rng(16), transcript }).message;
    for (const instead of [
      () => old("douane"),
      (b: Uint8Array) => b.slice(1),
      (b: Uint8Array) => flipped(b, 30),
      () => utf8(""),
    ]) {
      const swap = (party: string, { post }: Seat): Partial<Seat> =>
        party === "douane" ? { post: sending(post, "hello", instead) } : {};
      expect(await openChanged(swap)).toEqual(["peer-lost", "refused"]);
      await table?.close();
    }
    for (const instead of [
      (b: Uint8Array) => b.slice(1),
      (b: Uint8Array) => flipped(b, 500),
      () => rng(1152),
    ]) {
      const swap = (party: string, { post }: Seat): Partial<Seat> =>
        party === "douane" ? { post: sending(post, "encaps", instead) } : {};
      expect(await openChanged(swap)).toEqual(["peer-lost", "refused"]);
      await table?.close();
    }
    table = undefined;
  });

  test("transcript.short: parties that agreed to different things do not open", async () => {
    const differing = (party: string) => ({ transcript: flipped(transcript, party === "kmar" ? 31 : 30) });
    for (const said of await openChanged(() => ({}), differing))
      expect(["refused", "peer-lost"]).toContain(said);
    await table?.close();
    const short = (party: string) => ({
      transcript: new Uint8Array([...differing(party).transcript.slice(0, 30), 0, 0]),
    });
    expect(await openChanged(() => ({}), short)).toEqual(["opened", "opened"]);
  });

  test("confirm.skipped: a party that does not show the keys is refused", async () => {
    const wrong = (party: string): Partial<Seat> =>
      party === "douane" ? { primitives: { ...primitives, hmacSha256: () => new Uint8Array(32) } } : {};
    for (const said of await openChanged(wrong)) expect(["refused", "peer-lost"]).toContain(said);
    await table?.close();
    const skipped = { ...primitives, hmacSha256: () => new Uint8Array(32) };
    expect(await openChanged(() => ({ primitives: skipped }))).toEqual(["opened", "opened"]);
  });
});
