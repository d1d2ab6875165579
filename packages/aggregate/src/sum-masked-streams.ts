// SPDX-License-Identifier: Apache-2.0
// What hides a chunk: pairwise masks that cancel in the whole sum, and the stream of a seed that its party gives or not.
import type { Primitives } from "@koplamp/crypto";
import type { PartyId } from "@koplamp/protocol";
import { concat, i2osp, lp } from "@koplamp/wire/core";
import { addChunk, type Bits, lanesOfBytes, subtractChunk } from "./sum-masked-words.ts";

/** One chunk of one session. */
export interface ChunkOf {
  readonly transcript: Uint8Array;
  readonly contributors: readonly PartyId[];
  readonly chunk: number;
  readonly bits: Bits;
}

type Streams = Pick<Primitives, "hkdfExpand" | "aes256Ctr">;

/**
 * Adds the pairwise masks to every word: + PRG(k_ij) towards higher ids, - towards lower ones. They cancel in the sum over
 * all contributors with all weights equal, and in no other combination. They go on last, over the check words too.
 *
 * k_ij = HKDF-Expand(exporter of the pair, lp("koplamp/masked/1") ‖ transcript ‖ I2OSP(chunk, 4)), AES-256-CTR.
 */
export function maskChunk(
  streams: Streams,
  lanes: Uint32Array,
  { transcript, contributors, chunk, bits }: ChunkOf,
  me: PartyId,
  exporter: (peer: PartyId) => Uint8Array,
): void {
  const info = concat(lp("koplamp/masked/1"), transcript, i2osp(chunk, 4));
  for (const peer of contributors.filter((other) => other !== me)) {
    const mask = streamOf(streams, exporter(peer), info, lanes.length);
    if (me < peer) addChunk(lanes, mask, bits);
    else subtractChunk(lanes, mask, bits);
    mask.fill(0);
  }
}

/**
 * What a party's seed hides of a chunk: AES-256-CTR under HKDF-Expand(seed, lp("koplamp/seed/1") ‖ transcript ‖ lp(party)
 * ‖ I2OSP(chunk, 4)). Whoever lacks one seed sees every word of the sum uniform.
 */
export function seedStream(
  streams: Streams,
  seed: Uint8Array,
  { transcript, chunk }: Pick<ChunkOf, "transcript" | "chunk">,
  party: PartyId,
  lanes: number,
): Uint32Array {
  const info = concat(lp("koplamp/seed/1"), transcript, lp(party), i2osp(chunk, 4));
  return streamOf(streams, seed, info, lanes);
}

/** What a party commits its seed by. */
export function seedCommitment(
  { sha256 }: Pick<Primitives, "sha256">,
  seed: Uint8Array,
  transcript: Uint8Array,
  party: PartyId,
): Uint8Array {
  return sha256(concat(lp("koplamp/seed/1/commit"), transcript, lp(party), seed));
}

function streamOf(
  { hkdfExpand, aes256Ctr }: Streams,
  secret: Uint8Array,
  info: Uint8Array,
  lanes: number,
): Uint32Array {
  const key = hkdfExpand(secret, info, 32);
  const stream = lanesOfBytes(aes256Ctr(key, 4 * lanes));
  key.fill(0);
  return stream;
}
