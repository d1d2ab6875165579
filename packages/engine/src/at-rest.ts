// SPDX-License-Identifier: Apache-2.0
import { wipe } from "@koplamp/crypto";
import { concat, utf8 } from "@koplamp/wire";
import type { NodePorts } from "./node-ports.ts";

const NONCE_BYTES = 12;

type Sealer = Pick<NodePorts, "primitives" | "keys" | "rng" | "store">;

/** Keeps bytes under a name, sealed under the node's storage key and bound to that name. */
export function putAtRest(node: Sealer, name: string, bytes: Uint8Array): void {
  const nonce = node.rng(NONCE_BYTES);
  const sealed = withKey(node, name, (key) => node.primitives.aesGcmSeal(key, nonce, utf8(name), bytes));
  node.store.putSealed(name, concat(nonce, sealed));
}

/** What was kept under a name; undefined when nothing is, "broken" when it is not what was written. */
export function readAtRest(node: Sealer, name: string): Uint8Array | "broken" | undefined {
  const kept = node.store.sealed(name);
  if (kept === undefined) return undefined;
  const [nonce, sealed] = [kept.subarray(0, NONCE_BYTES), kept.subarray(NONCE_BYTES)];
  return withKey(node, name, (key) => node.primitives.aesGcmOpen(key, nonce, utf8(name), sealed)) ?? "broken";
}

function withKey<T>({ primitives, keys }: Sealer, name: string, act: (key: Uint8Array) => T): T {
  const extracted = primitives.hkdfExtract(utf8(name), keys.storage);
  const key = primitives.hkdfExpand(extracted, utf8("koplamp.at-rest/v1"), 32);
  try {
    return act(key);
  } finally {
    wipe(extracted, key);
  }
}
