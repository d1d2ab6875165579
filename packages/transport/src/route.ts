// SPDX-License-Identifier: Apache-2.0
import { hash } from "node:crypto";
import type { PartyId } from "@koplamp/protocol";
import { hex, lp } from "@koplamp/wire";
import { TransportError } from "./errors.ts";

/** The largest sealed frame: header, 8,192 elements with their proof, signature and tag. */
const FRAME_BYTES = 262_384;

const HEADER_BYTES = 96;
const TAG_BYTES = 16;
const VERSION = 1;
/** From this kind on a frame is sealed under the gate's keys, which count `seq` for themselves. */
const FIRST_GATE_KIND = 40;

/** What the relay reads of a frame's header: enough to carry it, and to name it once. */
export interface Route {
  /** 16 bytes as hexadecimal text. */
  readonly session: string;
  /** SHA-256(lp(party id))[0..16) as hexadecimal text, like `to`. */
  readonly from: string;
  readonly to: string;
  readonly role: "protocol" | "gate";
  readonly seq: number;
}

/** The name of a party in a frame's header, as hexadecimal text. */
export function partyTag(party: PartyId): string {
  return hash("sha256", lp(party), "hex").slice(0, 32);
}

/**
 * The route of a frame. // attacker-controlled
 * @throws {TransportError} `invalid-frame` or `too-large`.
 */
export function routeOf(frame: Uint8Array): Route {
  if (frame.length > FRAME_BYTES) {
    throw new TransportError(
      "too-large",
      `expected a frame of at most ${FRAME_BYTES} B, got ${frame.length} B`,
    );
  }
  if (frame.length < HEADER_BYTES + TAG_BYTES) {
    throw new TransportError("invalid-frame", `expected a header and a tag, got ${frame.length} B`);
  }
  const view = new DataView(frame.buffer, frame.byteOffset, HEADER_BYTES);
  if (view.getUint8(0) !== VERSION) {
    throw new TransportError("invalid-frame", `expected version ${VERSION}, got ${view.getUint8(0)}`);
  }
  return {
    session: hex(frame.subarray(4, 20)),
    from: hex(frame.subarray(20, 36)),
    to: hex(frame.subarray(36, 52)),
    role: view.getUint8(1) >= FIRST_GATE_KIND ? "gate" : "protocol",
    seq: view.getUint32(60),
  };
}
