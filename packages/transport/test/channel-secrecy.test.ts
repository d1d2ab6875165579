// SPDX-License-Identifier: Apache-2.0
import {
  decapsulate,
  FrameOpener,
  pairKeys,
  readHello,
  type SealKeyPairs,
  sealKeyPairs,
} from "@koplamp/crypto";
import { fromUtf8, type Line, utf8 } from "@koplamp/wire";
import { expect, test } from "vitest";
import { type Letter, openLetter } from "../src/post-letter.ts";
import {
  type Machine,
  machine,
  openAll,
  primitives,
  rng,
  seat,
  session,
  takeSeat,
  transcript,
} from "./federation.ts";
import { keeping, noting, through } from "./hostile.ts";

const [douane, kmar] = [machine("douane"), machine("kmar")];
const roster = new Map([douane, kmar].map((one) => [one.me, one.address]));
const binding = { session, transcript };
const longTerm = ({ sealX25519, sealMlKem }: Machine): SealKeyPairs =>
  sealKeyPairs(primitives, sealX25519, sealMlKem);

/** A session in which douane tells kmar a secret; what the relay saw, and kmar's ephemeral secrets. */
async function recorded() {
  const two = seat([]);
  const [envelopes, frames]: [Uint8Array[], Uint8Array[]] = [[], []];
  const [originals, drawn]: [Uint8Array[], Uint8Array[]] = [[], []];
  const line = (party: string): Line =>
    through(two.relay.line(party), { ...noting(envelopes), push: keeping(frames) });
  const noted = (length: number): Uint8Array => {
    const bytes = rng(length);
    originals.push(bytes);
    drawn.push(bytes.slice());
    return bytes;
  };
  const seats = new Map([
    [douane.me, takeSeat(douane, roster, line(douane.me))],
    [kmar.me, { ...takeSeat(kmar, roster, line(kmar.me)), rng: noted }],
  ]);
  const at = await openAll({ ...two, seats, at: (party) => seats.get(party) ?? expect.fail(party) });
  await at("douane").send("kmar", "M", utf8("the secret list"));
  for (const secret of originals.slice(0, 2)) expect(secret.every((byte) => byte === 0)).toBe(true); // wiped
  expect(fromUtf8((await at("kmar").receive("douane")).bytes)).toBe("the secret list");
  for (const { post } of seats.values()) post.close();
  await two.close();
  const [x25519 = rng(0), mlkem768 = rng(0)] = drawn;
  return { envelopes, frames, ephemeral: sealKeyPairs(primitives, x25519, mlkem768) };
}

/** With the long-term keys every letter opens: the handshake is known, but for what was wiped. */
function readLetters(envelopes: readonly Uint8Array[]): readonly Letter[] {
  return envelopes.flatMap((envelope) =>
    [douane, kmar].flatMap((me) => {
      try {
        return [openLetter({ ...me, addresses: roster, primitives, rng }, longTerm(me), envelope)];
      } catch {
        return []; // sealed to the other one
      }
    }),
  );
}

/** The first messages of douane, as far as frames open for one who has these secrets in kmar's place. */
function attempt(
  letters: readonly Letter[],
  frames: readonly Uint8Array[],
  secrets: SealKeyPairs,
): readonly string[] {
  const body = (from: string, kind: string): Uint8Array =>
    letters.find(({ topic, ...letter }) => letter.from === from && topic.endsWith(kind))?.body ??
    expect.fail(kind);
  const hello = (of: Machine) =>
    readHello(primitives, of.me, of.address.identity, binding, body(of.me, "hello"));
  const own = { ...hello(kmar), message: body("kmar", "hello"), secrets };
  const peer = hello(douane);
  const made = decapsulate(primitives, own, peer, douane.address.identity, binding, body("douane", "encaps"));
  const { frames: keys } = pairKeys(primitives, own, peer, binding, made);
  const link = { keys: keys.in, binding, from: "douane", to: "kmar" };
  const opener = new FrameOpener(primitives, link, douane.address.identity);
  return frames.flatMap((frame) => {
    try {
      return [opener.open(frame)?.type ?? "a part"];
    } catch {
      return [];
    }
  });
}

test("forward secrecy: with all long-term keys and the relay's log no frame opens", async () => {
  const { envelopes, frames, ephemeral } = await recorded();
  const letters = readLetters(envelopes);
  expect(letters.map(({ topic }) => topic.split("/")[2]).sort()).toEqual(["encaps", "hello", "hello"]);
  expect(attempt(letters, frames, ephemeral)).toEqual(["confirm", "M"]); // with what was wiped it would
  for (const secrets of [longTerm(kmar), longTerm(douane)]) {
    expect(attempt(letters, frames, secrets)).toEqual([]);
    expect(attempt(letters, frames, { ...secrets, x25519: ephemeral.x25519 })).toEqual([]);
    expect(attempt(letters, frames, { ...secrets, mlkem768: ephemeral.mlkem768 })).toEqual([]);
  }
});
