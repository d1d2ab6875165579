// SPDX-License-Identifier: Apache-2.0
import { concat, fromHex, i2osp } from "@koplamp/wire";
import { partyTag } from "../src/route.ts";

/** A session id that is a small number. */
export function sessionOf(number: number): Uint8Array {
  return i2osp(number, 16);
}

/** A frame that a relay takes for one: a header in its place, and filling for the sealed part. */
export function frameOf(
  from: string,
  to: string,
  parts: { seq: number; session?: number; gate?: boolean; body?: number; fill?: number },
): Uint8Array {
  const kind = parts.gate === true ? 40 : 1;
  const fill = new Uint8Array(Math.max(16, parts.body ?? 16)).fill(parts.fill ?? 7);
  return concat(
    Uint8Array.of(1, kind, 0, 0),
    sessionOf(parts.session ?? 1),
    fromHex(partyTag(from)),
    fromHex(partyTag(to)),
    i2osp(0, 8),
    i2osp(parts.seq, 4),
    new Uint8Array(32),
    fill,
  );
}
