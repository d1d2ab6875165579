// SPDX-License-Identifier: Apache-2.0
import { ProtocolError } from "./errors.ts";

/** The id of an organisation in a federation, or `coordinator`: `[a-z][a-z0-9-]{0,31}`. */
export type PartyId = string;

/** Fills and returns a fresh array of `length` bytes that nobody else can predict. */
export type Rng = (length: number) => Uint8Array;

/** Turns messages of one type into bytes and back. `decode` is total: it returns a value or throws `ProtocolError`. */
export interface Codec<Message> {
  /** The name of the message type, as in the frame header's table of kinds. */
  readonly type: string;
  readonly encode: (message: Message) => Uint8Array;
  /** @throws {ProtocolError} `invalid-message` unless the bytes are exactly one message of this type. */
  readonly decode: (bytes: Uint8Array) => Message;
}

/**
 * The name of a pure function `(vault, ...args) => value`. A generator names the job, a registry binds the name
 * to code, so that a worker may bind it to a faster backend.
 */
export interface Job<Args extends readonly unknown[], Value> {
  readonly name: string;
  /** Never present at run time: it carries the types of arguments and value. */
  signature?(...args: Args): Value;
}

/** A message by which `to` becomes able to learn `output`, one line of the plan's disclosure contract. */
export interface Disclosure {
  readonly to: PartyId;
  readonly output: string;
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** All that a protocol may ask of the world. There is no clock, no disk, no socket and no promise. */
export type Effect =
  | { readonly kind: "send"; readonly to: PartyId; readonly type: string; readonly bytes: Uint8Array }
  | { readonly kind: "receive"; readonly from: PartyId; readonly type: string }
  | {
      readonly kind: "compute";
      readonly job: Job<readonly unknown[], unknown>;
      readonly args: readonly unknown[];
    }
  | ({ readonly kind: "disclose" } & Disclosure);

/** One party's side of a protocol. Its control flow is its state. */
export type Party<Output> = Generator<Effect, Output, unknown>;

/** Declares a job: its name and the types of its arguments and value. */
export function job<Args extends readonly unknown[], Value>(name: string): Job<Args, Value> {
  return Object.freeze({ name });
}

/** Sends sealed protocol bytes. The recipient learns nothing beyond their length. */
export function* send<Message>(
  to: PartyId,
  codec: Codec<Message>,
  message: Message,
): Generator<Effect, void, unknown> {
  yield { kind: "send", to, type: codec.type, bytes: codec.encode(message) };
}

/**
 * Waits for the next message of `from`.
 * @throws {ProtocolError} `unexpected-type` or `invalid-message` when it is not one message of the codec's type.
 * @throws {PeerLost} when `from` was given up.
 */
export function* receive<Message>(from: PartyId, codec: Codec<Message>): Generator<Effect, Message, unknown> {
  const bytes = yield { kind: "receive", from, type: codec.type };
  if (!(bytes instanceof Uint8Array)) {
    throw new ProtocolError("invalid-message", `expected the bytes of ${codec.type} from ${from}, got none`);
  }
  return codec.decode(bytes); // attacker-controlled
}

/** Runs a job where the interpreter sees fit: inline in a simulation, on a worker thread in a node. */
export function* compute<Args extends readonly unknown[], Value>(
  work: Job<Args, Value>,
  ...args: Args
): Generator<Effect, Value, unknown> {
  // Safe because a registry entry is made by `bind`, which fixes the value's type to that of the job.
  return (yield { kind: "compute", job: work, args }) as Value;
}

/** Seals and queues the message by which `to` learns `output`. It leaves when the gate opens for its release. */
export function* disclose<Message>(
  to: PartyId,
  output: string,
  codec: Codec<Message>,
  message: Message,
): Generator<Effect, void, unknown> {
  yield { kind: "disclose", to, output, type: codec.type, bytes: codec.encode(message) };
}
