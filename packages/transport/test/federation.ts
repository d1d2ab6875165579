// SPDX-License-Identifier: Apache-2.0
// A few machines with keys, over any line: what the tests of post and channel share.
import { randomBytes } from "node:crypto";
import { type Primitives, sealKeyPairs } from "@koplamp/crypto";
import type { PartyId, Rng } from "@koplamp/protocol";
import type { Line, Post } from "@koplamp/wire";
import { nodePrimitives } from "../../pool/src/index.ts";
import {
  type ChannelParts,
  type ChannelRequest,
  openSessionChannel,
  type SessionChannel,
} from "../src/channel.ts";
import { openPost, type PostParts } from "../src/post.ts";
import type { Address } from "../src/post-letter.ts";
import { Relay } from "../src/relay.ts";

export const rng: Rng = (length) => new Uint8Array(randomBytes(length));
export const primitives: Primitives = nodePrimitives();

/** Lets everything that is on its way in this process arrive. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** The secrets of one machine, and where it is reached. */
export interface Machine {
  readonly me: PartyId;
  readonly identity: Uint8Array;
  readonly sealX25519: Uint8Array;
  readonly sealMlKem: Uint8Array;
  readonly address: Address;
}

export function machine(me: PartyId): Machine {
  const [identity, sealX25519, sealMlKem] = [rng(32), rng(32), rng(64)];
  const keys = sealKeyPairs(primitives, sealX25519, sealMlKem);
  const address = {
    identity: primitives.ed25519PublicKey(identity),
    x25519: keys.x25519.publicKey,
    mlkem768: keys.mlkem768.publicKey,
  };
  return { me, identity, sealX25519, sealMlKem, address };
}

/** One party of a test, on a line of its own. */
export interface Seat extends Omit<ChannelParts, "addresses">, PostParts {
  readonly post: Post;
  readonly refused: string[];
}

export interface Table {
  readonly relay: Relay;
  readonly seats: ReadonlyMap<PartyId, Seat>;
  at(party: PartyId): Seat;
  close(): Promise<void>;
}

export type Change = (party: PartyId, line: Line) => Line;

/** Parties over one relay in this process; `change` may put something hostile before a party's line. */
export function seat(
  parties: readonly PartyId[],
  change: Change = (_party, line) => line,
  using: (party: PartyId) => Primitives = () => primitives,
): Table {
  const relay = new Relay();
  const machines = parties.map(machine);
  const addresses = new Map(machines.map(({ me, address }) => [me, address]));
  const seats = new Map(
    machines.map((one) => [
      one.me,
      takeSeat(one, addresses, change(one.me, relay.line(one.me)), using(one.me)),
    ]),
  );
  const close = async (): Promise<void> => {
    for (const { post, line } of seats.values()) {
      post.close();
      await line.close();
    }
    relay.close();
  };
  const at = (party: PartyId): Seat => expectThere(seats.get(party), party);
  return { relay, seats, at, close };
}

export function takeSeat(
  { me, identity, sealX25519, sealMlKem }: Omit<Machine, "address">,
  addresses: ReadonlyMap<PartyId, Address>,
  line: Line,
  own: Primitives = primitives,
): Seat {
  const refused: string[] = [];
  const onRefused = (from: PartyId, reason: string): void => void refused.push(`${from}: ${reason}`);
  const parts = { line, me, identity, sealX25519, sealMlKem, addresses, primitives: own, rng, onRefused };
  return { ...parts, post: openPost(parts), refused };
}

export const session: Uint8Array = new Uint8Array(16).fill(7);
export const transcript: Uint8Array = new Uint8Array(32).fill(9);

/** Everybody, or those named, opens the same session. Gives each one's channel. */
export async function openAll(
  { at, seats }: Table,
  of: (party: PartyId) => Partial<ChannelRequest> = () => ({}),
  parties: readonly PartyId[] = [...seats.keys()],
): Promise<(party: PartyId) => SessionChannel> {
  const channels = new Map(
    await Promise.all(
      parties.map(async (me) => {
        const peers = parties.filter((party) => party !== me);
        return [me, await openSessionChannel(at(me), { session, transcript, peers, ...of(me) })] as const;
      }),
    ),
  );
  return (party) => expectThere(channels.get(party), party);
}

function expectThere<Value>(value: Value | undefined, party: PartyId): Value {
  if (value === undefined) throw new Error(`the test has no ${party}`);
  return value;
}
