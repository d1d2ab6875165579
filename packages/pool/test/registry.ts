// SPDX-License-Identifier: Apache-2.0
// The jobs of the tests: what a worker does well, and every way in which one can go wrong.
import { threadId } from "node:worker_threads";
import { CryptoError } from "@koplamp/crypto";
import { bind, type Job, type JobTable, job, ProtocolError } from "@koplamp/protocol";

export const keep: Job<[handle: string, secret: Uint8Array], void> = job("test.keep");
export const read: Job<[handle: string], Uint8Array> = job("test.read");
export const echo: Job<[value: unknown], unknown> = job("test.echo");
export const large: Job<[length: number], Uint8Array> = job("test.large");
export const bufferBytes: Job<[bytes: Uint8Array], number> = job("test.buffer-bytes");
export const thread: Job<[], number> = job("test.thread");
export const refuse: Job<[kind: string], void> = job("test.refuse");
export const unclonable: Job<[], unknown> = job("test.unclonable");
export const die: Job<[], void> = job("test.die");
export const grow: Job<[bytes: number], void> = job("test.grow");
export const spin: Job<[ms: number], void> = job("test.spin");
export const encrypted: Job<[], void> = job("sum.test");
export const heFails: Job<[], void> = job("he.test");

class HeError extends Error {
  override readonly name = "HeError";
  readonly code = "internal";
}

class PsiError extends Error {
  override readonly name = "PsiError";
  readonly code = "not-evaluated";
  readonly party: string;

  constructor(message: string, party: string) {
    super(message);
    this.party = party;
  }
}

const errors: Readonly<Record<string, () => unknown>> = {
  crypto: () => new CryptoError("invalid-proof", "a proof does not hold"),
  protocol: () => new ProtocolError("vault", "nothing is kept there"),
  psi: () => new PsiError("an item was not evaluated before", "bert"),
  nobody: () => new PsiError("an item was not evaluated before", "9187629"),
  type: () => new TypeError("payload 9187629"),
  node: () => Object.assign(new Error("payload 9187629"), { code: "ERR_ASSERTION" }),
  text: () => "payload 9187629",
};

const held: Uint8Array[] = [];

export async function table(): Promise<JobTable> {
  return new Map([
    bind(keep, (vault, handle, secret) => vault.put(handle, secret)),
    bind(read, (vault, handle) => vault.get(handle)),
    bind(echo, (_vault, value) => value),
    bind(large, (_vault, length) => new Uint8Array(length).fill(7)),
    bind(bufferBytes, (_vault, bytes) => bytes.buffer.byteLength),
    bind(thread, () => threadId),
    bind(refuse, (_vault, kind) => {
      throw errors[kind]?.();
    }),
    bind(unclonable, () => ({ payload: () => "9187629" })),
    bind(die, () => process.exit(3)),
    bind(grow, (_vault, bytes) => void held.push(new Uint8Array(bytes))),
    bind(spin, (_vault, ms) => {
      const end = performance.now() + ms;
      while (performance.now() < end);
    }),
    bind(encrypted, () => {}),
    bind(heFails, () => {
      throw new HeError("encryption failed");
    }),
  ]);
}
