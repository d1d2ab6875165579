// SPDX-License-Identifier: Apache-2.0
import type { Disclosure, Effect, Job, Party, PartyId } from "./effects.ts";
import { PeerLost, ProtocolError } from "./errors.ts";

/** A message as it came out of its seal. */
export interface Message {
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** A disclosure as it will leave. `frame` is the SHA-256 that ledger entry and receipt name. */
export interface Sealed extends Disclosure {
  readonly frame: Uint8Array;
  /** Bytes that will leave: headers, seals and signature included. */
  readonly sealedBytes: number;
}

/** Sealed, ordered, bounded links to the other parties of one session. */
export interface Channel {
  /** Resolves when the message is queued in a bounded buffer. */
  send(to: PartyId, type: string, bytes: Uint8Array): Promise<void>;
  /** The next message of `from`. Rejects with `PeerLost` when that party is given up. */
  receive(from: PartyId): Promise<Message>;
  /** Seals without sending. A sequence number once used here is never used again. */
  seal(disclosure: Disclosure): Promise<Sealed>;
  /** Lets a sealed disclosure leave, byte for byte. */
  release(sealed: Sealed): Promise<void>;
}

/** Runs jobs against the session's vault. */
export interface Pool {
  run(job: Job<readonly unknown[], unknown>, args: readonly unknown[]): Promise<unknown>;
  /** Overwrites the session's secrets. Called once, when the session ends in any way. */
  wipe(): Promise<void>;
}

/** What stands between a release and the wire. */
export interface Gate {
  /** Resolves when every disclosure of the release is paid for, logged and cosigned. Rejects to forbid all of it. */
  open(release: readonly Sealed[]): Promise<void>;
}

/** What a driver needs. No port has a default: a driver without a gate would be a way round it. */
export interface Ports {
  readonly channel: Channel;
  readonly pool: Pool;
  readonly gate: Gate;
}

/**
 * Runs one party over a channel until it returns. The gate opens once per release: a maximal run of `disclose`
 * effects with no `send` or `receive` in between. Whatever happens, the party's `finally` runs and the vault is wiped.
 * @throws what a port or the party throws; only `PeerLost` is offered to the party first.
 */
export async function drive<Output>(party: Party<Output>, ports: Ports): Promise<Output> {
  const held: Sealed[] = []; // disclosures sealed since the last send or receive: one release
  try {
    let step = party.next();
    while (!step.done) {
      const reply = await perform(step.value, held, ports);
      step = reply instanceof PeerLost ? party.throw(reply) : party.next(reply);
    }
    await open(held, ports);
    return step.value;
  } finally {
    // Safe because the value is only seen by a generator that has not returned, and that one is thrown away.
    party.return(undefined as never); // runs the party's own finally; a no-op when it has returned
    await ports.pool.wipe();
  }
}

async function perform(effect: Effect, held: Sealed[], ports: Ports): Promise<unknown> {
  if (effect.kind === "compute") return ports.pool.run(effect.job, effect.args);
  if (effect.kind === "disclose") return void held.push(await ports.channel.seal(effect));
  await open(held, ports); // before the next send or receive: the release is complete
  if (effect.kind === "send") return ports.channel.send(effect.to, effect.type, effect.bytes);
  const message = await ports.channel.receive(effect.from).catch(onlyPeerLost);
  return message instanceof PeerLost ? message : expectType(effect, message);
}

async function open(held: Sealed[], { channel, gate }: Ports): Promise<void> {
  if (held.length === 0) return;
  await gate.open(held); // once for all of them
  for (const sealed of held.splice(0)) await channel.release(sealed);
}

/** The bytes of a message, if it has the type that the party asked for. */
export function expectType(
  wanted: { readonly from: PartyId; readonly type: string },
  got: Message,
): Uint8Array {
  if (got.type !== wanted.type) {
    throw new ProtocolError(
      "unexpected-type",
      `expected ${wanted.type} from ${wanted.from}, got ${got.type}`,
    );
  }
  return got.bytes;
}

function onlyPeerLost(reason: unknown): PeerLost {
  if (reason instanceof PeerLost) return reason;
  throw reason;
}
