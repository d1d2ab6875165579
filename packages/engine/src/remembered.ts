// SPDX-License-Identifier: Apache-2.0
import type { Primitives } from "@koplamp/crypto";
import { concat, hex } from "@koplamp/wire";

/** Signatures that are remembered; the oldest makes room. */
const MOST = 4096;

/**
 * Ed25519 that finds no signature good twice: one checkpoint comes with every entry under it. What is remembered is key,
 * message and signature together, and only what held.
 */
export function rememberingVerify({
  sha256,
  ed25519Verify,
}: Pick<Primitives, "sha256" | "ed25519Verify">): Primitives["ed25519Verify"] {
  const held = new Set<string>();
  return (publicKey, message, signature) => {
    if (publicKey.length !== 32 || signature.length !== 64)
      return ed25519Verify(publicKey, message, signature);
    const name = hex(sha256(concat(publicKey, signature, message)));
    if (held.has(name)) return true;
    if (!ed25519Verify(publicKey, message, signature)) return false;
    const [oldest] = held;
    if (held.size >= MOST && oldest !== undefined) held.delete(oldest);
    held.add(name);
    return true;
  };
}
