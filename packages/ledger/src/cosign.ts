// SPDX-License-Identifier: Apache-2.0
// Cosignatures with Ed25519 (C2SP tlog-cosignature, type 0x04).
import type { Primitives } from "@koplamp/crypto";
import { concat, i2osp, utf8 } from "@koplamp/wire";

const TIME_BYTES = 8;
const SIGNATURE_BYTES = 64;

/** A witness's word that it saw this text at `time` (seconds since 1970): 8 bytes of time and an Ed25519 signature. */
export function cosign(primitives: Primitives, seed: Uint8Array, text: string, time: number): Uint8Array {
  return concat(i2osp(time, TIME_BYTES), primitives.ed25519Sign(seed, cosignatureMessage(text, time)));
}

/** The time of a cosignature in seconds since 1970, or undefined when it is none by this key on this text. */
export function cosignatureTime(
  primitives: Primitives,
  publicKey: Uint8Array,
  text: string,
  signature: Uint8Array,
): number | undefined {
  // attacker-controlled
  if (signature.length !== TIME_BYTES + SIGNATURE_BYTES) return undefined;
  const time = signature.subarray(0, TIME_BYTES).reduce((sum, byte) => sum * 256 + byte, 0);
  if (!Number.isSafeInteger(time)) return undefined;
  const message = cosignatureMessage(text, time);
  return primitives.ed25519Verify(publicKey, message, signature.subarray(TIME_BYTES)) ? time : undefined;
}

function cosignatureMessage(text: string, time: number): Uint8Array {
  return utf8(`cosignature/v1\ntime ${time}\n${text}`);
}
