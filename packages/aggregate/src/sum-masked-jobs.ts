// SPDX-License-Identifier: Apache-2.0
// What runs where the secrets are.
import { groupSecretHandle, type Primitives } from "@koplamp/crypto";
import { bind, type Handle, type Job, type JobEntry, job, type PartyId, type Vault } from "@koplamp/protocol";
import { type CheckKeys, chunkHolds, chunkKeys, layTail } from "./sum-masked-checks.ts";
import { type ChunkOf, maskChunk, seedCommitment, seedStream } from "./sum-masked-streams.ts";
import {
  addChunk,
  type Bits,
  bytesOfLanes,
  lanesOfBytes,
  subtractChunk,
  TAIL_LANES,
} from "./sum-masked-words.ts";

/** The use of the group secret behind the check sums. */
export const MASKED_CHECKS_USE = "sum-masked/checks";

/** One chunk of one contributor's sum. */
export interface OwnChunk extends ChunkOf {
  readonly me: PartyId;
}

/** Words as they are sent, and their SHA-256. */
export interface HashedWords {
  readonly words: Uint8Array;
  readonly hash: Uint8Array;
}

/** Keeps this node's seed. Gives what it commits the seed by. */
export const keepSeed: Job<[transcript: Uint8Array, me: PartyId, seed: Uint8Array], Uint8Array> =
  job("masked.keep-seed");
/** One chunk of this node's numbers with its check words, under the seed and the masks. */
export const hideChunk: Job<[of: OwnChunk, numbers: Uint32Array], HashedWords> = job("masked.hide");
/** The hash alone: what is committed to before anything is sent. */
export const hashChunk: Job<[of: OwnChunk, numbers: Uint32Array], Uint8Array> = job("masked.hash");
/** This node's seed, to be disclosed: once, then it is forgotten. */
export const giveSeed: Job<[], Uint8Array> = job("masked.give-seed");
/** What a party would have committed this seed by. */
export const commitmentOf: Job<[transcript: Uint8Array, party: PartyId, seed: Uint8Array], Uint8Array> =
  job("masked.commitment");
/** The numbers of a summed chunk once all seeds are known, or nothing when any check fails. */
export const openChunk: Job<
  [of: ChunkOf, sum: Uint8Array, seeds: readonly Uint8Array[]],
  Uint32Array | undefined
> = job("masked.open");
/** At the coordinator: the sum of one chunk of every contributor, and the hashes of all of them. */
export const sumChunks: Job<
  [parts: readonly Uint8Array[], bits: Bits],
  { readonly sum: HashedWords; readonly hashes: readonly Uint8Array[] }
> = job("masked.sum");

const SEED: Handle = "masked/seed";

/** The code behind the jobs of a masked sum. */
export function maskedJobs(primitives: Primitives): readonly JobEntry[] {
  return [...contributorJobs(primitives), ...openingJobs(primitives), coordinatorJob(primitives)];
}

function contributorJobs(primitives: Primitives): readonly JobEntry[] {
  const hidden = (vault: Vault, of: OwnChunk, numbers: Uint32Array): Uint8Array => {
    const lanes = new Uint32Array(numbers.length + TAIL_LANES);
    lanes.set(numbers);
    layTail(lanes, of.bits, keysOf(vault, primitives, of));
    const stream = seedStream(primitives, vault.get(SEED), of, of.me, lanes.length);
    addChunk(lanes, stream, of.bits);
    stream.fill(0);
    maskChunk(primitives, lanes, of, of.me, (peer) => vault.get(`exporter/${peer}`));
    return bytesOfLanes(lanes);
  };
  return [
    bind(keepSeed, (vault, transcript, me, seed) => {
      vault.put(SEED, seed.slice());
      return seedCommitment(primitives, seed, transcript, me);
    }),
    bind(hideChunk, (vault, of, numbers) => {
      const words = hidden(vault, of, numbers);
      return { words, hash: primitives.sha256(words) };
    }),
    bind(hashChunk, (vault, of, numbers) => primitives.sha256(hidden(vault, of, numbers))),
    bind(giveSeed, (vault) => {
      const seed = vault.get(SEED).slice();
      vault.drop(SEED);
      return seed;
    }),
  ];
}

/** One answer for every failure: which check it was, and how close it came, would be an oracle. */
function openingJobs(primitives: Primitives): readonly JobEntry[] {
  return [
    bind(commitmentOf, (_vault, transcript, party, seed) =>
      seedCommitment(primitives, seed, transcript, party),
    ),
    bind(openChunk, (vault, of, sum, seeds) => {
      const lanes = lanesOfBytes(sum).slice();
      for (const [at, party] of of.contributors.entries()) {
        const stream = seedStream(primitives, seeds[at] ?? new Uint8Array(32), of, party, lanes.length);
        subtractChunk(lanes, stream, of.bits);
        stream.fill(0);
      }
      const holds = chunkHolds(lanes, of.bits, keysOf(vault, primitives, of), of.contributors.length);
      return holds ? lanes.slice(0, -TAIL_LANES) : undefined;
    }),
  ];
}

function coordinatorJob({ sha256 }: Primitives): JobEntry {
  return bind(sumChunks, (_vault, parts, bits) => {
    const [first = new Uint8Array(), ...rest] = parts;
    const lanes = lanesOfBytes(first).slice();
    for (const part of rest) addChunk(lanes, lanesOfBytes(part), bits);
    const words = bytesOfLanes(lanes);
    return { sum: { words, hash: sha256(words) }, hashes: parts.map(sha256) };
  });
}

function keysOf(vault: Vault, primitives: Primitives, { transcript, chunk, bits }: ChunkOf): CheckKeys {
  const secret = vault.get(groupSecretHandle(MASKED_CHECKS_USE));
  return chunkKeys(primitives, secret, transcript, chunk, bits);
}
