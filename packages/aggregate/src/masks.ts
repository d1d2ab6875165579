// SPDX-License-Identifier: Apache-2.0
import type { Primitives } from "@koplamp/crypto";
import { addMod, type Slots, subtractMod } from "@koplamp/he";
import type { PartyId } from "@koplamp/protocol";
import { concat, i2osp, lp } from "@koplamp/wire/core";
import { fillBelow } from "./streams.ts";

/** Whose masks go over a block. */
export interface MaskScope {
  readonly transcript: Uint8Array;
  readonly me: PartyId;
  readonly contributors: readonly PartyId[];
  readonly block: number;
}

/**
 * Adds the pairwise masks to every slot but the last: + PRG(k_ij) towards higher ids, - towards lower ones, mod t.
 * They cancel in the sum over all contributors with all weights equal, and in no other combination: a copy, a multiple
 * or a part of what a party sent stays uniform, whoever can decrypt it. They go on last, over the check slots too: an
 * unmasked check sum would be a dictionary test on a sparse cube.
 *
 * k_ij = HKDF-Expand(exporter of the pair, lp("koplamp/mask/1") ‖ transcript ‖ I2OSP(block, 4)), one AES-256-CTR
 * stream each.
 */
export function addMasks(
  { hkdfExpand, aes256Ctr }: Primitives,
  slots: Slots,
  t: number,
  { transcript, me, contributors, block }: MaskScope,
  exporter: (peer: PartyId) => Uint8Array,
): void {
  const info = concat(lp("koplamp/mask/1"), transcript, i2osp(block, 4));
  const mask = new Float64Array(slots.length - 1);
  for (const peer of contributors.filter((other) => other !== me)) {
    const key = hkdfExpand(exporter(peer), info, 32);
    const combine = me < peer ? addMod : subtractMod;
    fillBelow(mask, t, (length) => aes256Ctr(key, length));
    mask.forEach((value, at) => {
      slots[at] = combine(slots[at] ?? 0, value, t);
    });
    key.fill(0);
  }
  mask.fill(0);
}
