// SPDX-License-Identifier: Apache-2.0
// What runs where the secrets are. A job that checks what a peer sent says no by its value: the generator knows whose it
// was and says so.
import { equal, groupSecretHandle, type Primitives } from "@koplamp/crypto";
import {
  addPolynomials,
  checkPolynomial,
  decodeCiphertext,
  encodeCiphertext,
  FLOOD_BYTES,
  flood,
  type PackedPolynomial,
  type Slots,
} from "@koplamp/he";
import { bind, type Handle, type Job, type JobEntry, job, type PartyId, type Vault } from "@koplamp/protocol";
import { concat, lp, utf8 } from "@koplamp/wire/core";
import { drawNoise, type Noise } from "./calibration.ts";
import { blockHolds, checkKeys, layBlock, readCells } from "./checks.ts";
import { Draws } from "./draws.ts";
import { SumError } from "./errors.ts";
import { addMasks } from "./masks.ts";
import {
  type AggregateBackend,
  accepted,
  addCiphertexts,
  COLLECTIVE,
  collectiveKeyOf,
  firstOf,
  hashesOf,
  heOf,
  OWN_KEY,
  ownOf,
  refusal,
  SECRET,
  SET,
  uniformPart,
} from "./threshold-vault.ts";

/** The use of the group secret behind the check sums. */
export const CHECKS_USE = "sum-threshold/checks";

/** One block of one contributor's sum. */
export interface BlockOf {
  readonly transcript: Uint8Array;
  readonly contributors: readonly PartyId[];
  readonly me: PartyId;
  readonly block: number;
}

/** Whose noise it is, in which session. */
export type NoiseOf = Pick<BlockOf, "transcript" | "me">;

/** A ciphertext as it will be sent, and H(c0) ‖ H(c1). */
export interface Sealed {
  readonly frame: Uint8Array;
  readonly hashes: Uint8Array;
}

/** Says which parameter set the session takes, where it is not the one for sums. Before every other job. */
export const useSet: Job<[id: string], void> = job("sum.set");
/** Makes this node's share of the collective key; the secret stays in the vault. Gives b. */
export const makeKeyShare: Job<[transcript: Uint8Array], PackedPolynomial> = job("sum.key-share");
/** Makes this node's own key for the session, as a recipient. Gives b. */
export const makeRecipientKey: Job<[transcript: Uint8Array, me: PartyId], PackedPolynomial> =
  job("sum.recipient-key");
/** Adds a share to the collective key. False when it is no such thing. */
export const addKeyShare: Job<[b: PackedPolynomial], boolean> = job("sum.add-key-share");
/** Adds this node's noise to its numbers, column by column, from a seed of its own. Gives the noisy numbers. */
export const addNoise: Job<
  [of: NoiseOf, values: Float64Array, noises: readonly (Noise | undefined)[], seed: Uint8Array],
  Float64Array
> = job("sum.noise");
/** Lays, checks, masks and encrypts one block of this node's numbers. */
export const contribute: Job<[of: BlockOf, cells: Float64Array], Sealed> = job("sum.contribute");
/** Adds the others' c1 of a block to the own one, if each fits its hash. False when one does not. */
export const addSeconds: Job<
  [block: number, c1: readonly PackedPolynomial[], hashes: readonly Uint8Array[]],
  boolean
> = job("sum.add-seconds");
/** This node's part in the opening of a block, for one recipient: once, over the c1 that `addSeconds` added. */
export const releaseShare: Job<
  [block: number, transcript: Uint8Array, to: PartyId, key: PackedPolynomial, seed: Uint8Array],
  Uint8Array
> = job("sum.release-share");
/** The numbers of a block, or nothing when any check fails. */
export const openBlock: Job<
  [of: Omit<BlockOf, "me">, c0: PackedPolynomial, shares: readonly Uint8Array[], cells: number],
  Float64Array | undefined
> = job("sum.open");
/** Forgets every secret of the session but the own key of a recipient. */
export const forgetShare: Job<[], void> = job("sum.forget");
/** At the coordinator: takes a ciphertext of a block. Gives its hashes and its c1, or nothing when it is no ciphertext. */
export const takeCiphertext: Job<
  [block: number, frame: Uint8Array],
  { readonly hashes: Uint8Array; readonly c1: PackedPolynomial } | undefined
> = job("sum.take");
/** At the coordinator: the sum of the c0 of a block, and its hash. */
export const sumOfFirsts: Job<[block: number], { readonly c0: PackedPolynomial; readonly hash: Uint8Array }> =
  job("sum.firsts");

/** The measures that tests switch off one by one; nothing else passes others than these. */
export interface Measures {
  readonly addMasks: typeof addMasks;
  readonly layBlock: typeof layBlock;
  readonly blockHolds: typeof blockHolds;
  readonly flood: typeof flood;
  /** Whether what was released once may be released again. */
  readonly releasesOnce: boolean;
  /** Whether each c1 must fit the hash that was committed to. */
  readonly checksSeconds: boolean;
}

/** All of them, as they are in use. */
export const MEASURES: Measures = {
  addMasks,
  layBlock,
  blockHolds,
  flood,
  releasesOnce: true,
  checksSeconds: true,
};

const total = (block: number): Handle => `sum/total/${block}`;
const released = (block: number, to: PartyId): Handle => `sum/released/${block}/${to}`;

/** The code behind the jobs of a sum. */
export function sumJobs(backend: AggregateBackend, measures: Measures = MEASURES): readonly JobEntry[] {
  return [
    noiseJob(backend),
    ...keyJobs(backend),
    ...contributorJobs(backend, measures),
    ...releaseJobs(backend, measures),
    ...coordinatorJobs(backend),
    openJob(backend, measures),
  ];
}

function noiseJob({ primitives }: AggregateBackend): JobEntry {
  return bind(addNoise, (_vault, { transcript, me }, values, noises, seed) => {
    const draws = new Draws(primitives, seed, concat(transcript, lp(me)));
    const cells = values.length / noises.length;
    const noisy = values.map((value, at) => {
      const noise = noises[Math.floor(at / cells)];
      return noise === undefined ? value : value + Number(drawNoise(noise, draws));
    });
    draws.wipe();
    return noisy;
  });
}

function keyJobs(backend: AggregateBackend): readonly JobEntry[] {
  const { primitives } = backend;
  return [
    bind(useSet, (vault, id) => {
      vault.put(SET, utf8(id));
    }),
    bind(makeKeyShare, (vault, transcript) => {
      const he = heOf(vault, backend);
      const { secret, share } = he.keyShare(uniformPart(vault, primitives, he.set.key, transcript));
      vault.put(SECRET, secret);
      return share;
    }),
    bind(makeRecipientKey, (vault, transcript, me) => {
      const he = heOf(vault, backend);
      const { secret, share } = he.keyShare(uniformPart(vault, primitives, he.set.key, transcript, me));
      vault.put(OWN_KEY, secret);
      return share;
    }),
    bind(addKeyShare, (vault, b) =>
      accepted(() => {
        const { key } = heOf(vault, backend).set;
        checkPolynomial(key, b);
        vault.put(COLLECTIVE, vault.has(COLLECTIVE) ? addPolynomials(key, vault.get(COLLECTIVE), b) : b);
      }),
    ),
  ];
}

function contributorJobs(
  backend: AggregateBackend,
  { addMasks, layBlock, checksSeconds }: Measures,
): readonly JobEntry[] {
  const { primitives } = backend;
  return [
    bind(contribute, (vault, of, cells) => {
      const he = heOf(vault, backend);
      const { t, slots } = he.set;
      const keys = keysOf(vault, primitives, of, t);
      const block = layBlock(cells, slots, t, keys);
      addMasks(primitives, block, t, of, (peer) => vault.get(`exporter/${peer}`));
      const ciphertext = he.encrypt(collectiveKeyOf(vault, he, primitives, of.transcript), block);
      block.fill(0);
      keys.fill(0);
      vault.put(ownOf(of.block), ciphertext.c1);
      return { frame: encodeCiphertext(he.set, ciphertext), hashes: hashesOf(primitives, ciphertext) };
    }),
    bind(addSeconds, (vault, block, seconds, hashes) =>
      accepted(() => {
        const { data } = heOf(vault, backend).set;
        if (vault.has(total(block)) || seconds.length !== hashes.length) throw refusal();
        const sum = seconds.reduce(
          (left, c1, at) => {
            const fits = equal(primitives.sha256(c1), hashes[at] ?? new Uint8Array());
            if (checksSeconds && !fits) throw refusal();
            return addPolynomials(data, left, checkPolynomial(data, c1));
          },
          vault.get(ownOf(block)),
        );
        vault.put(total(block), checkPolynomial(data, sum));
      }),
    ),
    bind(forgetShare, (vault) => {
      vault.drop(SECRET);
    }),
  ];
}

function releaseJobs(backend: AggregateBackend, { flood, releasesOnce }: Measures): readonly JobEntry[] {
  const { primitives } = backend;
  return [
    bind(releaseShare, (vault, block, transcript, to, b, seed) => {
      // Shares of one sum under two floods, or of two sums under one secret, add up to the secret (lattigo, SECURITY.md).
      if (releasesOnce && vault.has(released(block, to))) {
        throw new SumError("released", `a share for ${to} was released already: there is no second one`);
      }
      vault.put(released(block, to), Uint8Array.of(1));
      const he = heOf(vault, backend);
      const { data, key, floodBits } = he.set;
      const a = uniformPart(vault, primitives, key, transcript, to);
      const zero = he.encryptZero({ b: checkPolynomial(key, b), a });
      const part = he.timesSecret(vault.get(total(block)), vault.get(SECRET));
      const stream = primitives.aes256Ctr(seed, data.n * FLOOD_BYTES);
      const flooded = flood(data, part, floodBits, stream);
      part.fill(0);
      stream.fill(0);
      return encodeCiphertext(he.set, { c0: addPolynomials(data, flooded, zero.c0), c1: zero.c1 });
    }),
  ];
}

/** One answer for every failure: which check it was, and how close it came, would be an oracle. */
function openJob(backend: AggregateBackend, { blockHolds }: Measures): JobEntry {
  const { primitives } = backend;
  return bind(openBlock, (vault, of, c0, shares, cells) => {
    let opened: Float64Array | undefined;
    accepted(() => {
      const { t } = heOf(vault, backend).set;
      const block = decryptSum(vault, backend, c0, shares);
      const keys = keysOf(vault, primitives, of, t);
      if (blockHolds(block, t, keys, of.contributors.length)) opened = readCells(block, cells, t);
    });
    return opened;
  });
}

/** The slots that a sum opens to under the shares of all contributors. @throws {HeError} where one is none. */
export function decryptSum(
  vault: Vault,
  backend: AggregateBackend,
  c0: PackedPolynomial,
  shares: readonly Uint8Array[],
): Slots {
  const he = heOf(vault, backend);
  const { data } = he.set;
  const parts = shares.map((frame) => decodeCiphertext(he.set, frame));
  const combined = parts.reduce((left, right) => addCiphertexts(he, left, right));
  const whole = { c0: addPolynomials(data, checkPolynomial(data, c0), combined.c0), c1: combined.c1 };
  return he.decrypt(vault.get(OWN_KEY), whole);
}

function coordinatorJobs(backend: AggregateBackend): readonly JobEntry[] {
  const { primitives } = backend;
  return [
    bind(takeCiphertext, (vault, block, frame) => {
      let taken: { hashes: Uint8Array; c1: PackedPolynomial } | undefined;
      accepted(() => {
        const { set } = heOf(vault, backend);
        const ciphertext = decodeCiphertext(set, frame);
        const { c0, c1 } = ciphertext;
        const place = firstOf(block);
        vault.put(place, vault.has(place) ? addPolynomials(set.data, vault.get(place), c0) : c0);
        taken = { hashes: hashesOf(primitives, ciphertext), c1 };
      });
      return taken;
    }),
    bind(sumOfFirsts, (vault, block) => {
      const c0 = vault.get(firstOf(block)).slice();
      return { c0, hash: primitives.sha256(c0) };
    }),
  ];
}

function keysOf(
  vault: Vault,
  primitives: Primitives,
  { transcript, block }: Omit<BlockOf, "me">,
  t: number,
): Float64Array {
  return checkKeys(primitives, vault.get(groupSecretHandle(CHECKS_USE)), transcript, block, t);
}
