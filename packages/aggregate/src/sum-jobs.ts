// SPDX-License-Identifier: Apache-2.0
// What runs where the secrets are. A job that checks what a peer sent says no by its value: the generator knows whose it
// was and says so.
import { equal, groupSecretHandle, type Primitives } from "@koplamp/crypto";
import {
  addPolynomials,
  type Ciphertext,
  checkPolynomial,
  decodeCiphertext,
  encodeCiphertext,
  FLOOD_BYTES,
  flood,
  type HeBackend,
  HeError,
  type PackedPolynomial,
  type PublicKey,
  type Ring,
} from "@koplamp/he";
import { bind, type Handle, type Job, type JobEntry, job, type PartyId, type Vault } from "@koplamp/protocol";
import { concat, lp } from "@koplamp/wire";
import { drawNoise, type Noise } from "./calibration.ts";
import { blockHolds, checkKeys, layBlock, readCells } from "./checks.ts";
import { uniformPolynomial } from "./crs.ts";
import { Draws } from "./draws.ts";
import { SumError } from "./errors.ts";
import { addMasks } from "./masks.ts";

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

/** What the jobs compute with. */
export interface AggregateBackend {
  readonly he: HeBackend;
  readonly primitives: Primitives;
}

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

const SECRET: Handle = "sum/secret";
const OWN_KEY: Handle = "sum/own-key";
const COLLECTIVE: Handle = "sum/collective";
const first = (block: number): Handle => `sum/c0/${block}`;
const own = (block: number): Handle => `sum/c1/${block}`;
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

function keyJobs({ he, primitives }: AggregateBackend): readonly JobEntry[] {
  const { key } = he.set;
  return [
    bind(makeKeyShare, (vault, transcript) => {
      const { secret, share } = he.keyShare(uniformPart(vault, primitives, key, transcript));
      vault.put(SECRET, secret);
      return share;
    }),
    bind(makeRecipientKey, (vault, transcript, me) => {
      const { secret, share } = he.keyShare(uniformPart(vault, primitives, key, transcript, me));
      vault.put(OWN_KEY, secret);
      return share;
    }),
    bind(addKeyShare, (vault, b) =>
      accepted(() => {
        checkPolynomial(key, b);
        vault.put(COLLECTIVE, vault.has(COLLECTIVE) ? addPolynomials(key, vault.get(COLLECTIVE), b) : b);
      }),
    ),
  ];
}

function contributorJobs(
  { he, primitives }: AggregateBackend,
  { addMasks, layBlock, checksSeconds }: Measures,
): readonly JobEntry[] {
  const { data, t, slots } = he.set;
  return [
    bind(contribute, (vault, of, cells) => {
      const keys = keysOf(vault, primitives, of, t);
      const block = layBlock(cells, slots, t, keys);
      addMasks(primitives, block, t, of, (peer) => vault.get(`exporter/${peer}`));
      const ciphertext = he.encrypt(collectiveKey(vault, he, primitives, of.transcript), block);
      block.fill(0);
      keys.fill(0);
      vault.put(own(of.block), ciphertext.c1);
      return { frame: encodeCiphertext(he.set, ciphertext), hashes: hashesOf(primitives, ciphertext) };
    }),
    bind(addSeconds, (vault, block, seconds, hashes) =>
      accepted(() => {
        if (vault.has(total(block)) || seconds.length !== hashes.length) throw refusal();
        const sum = seconds.reduce(
          (left, c1, at) => {
            const fits = equal(primitives.sha256(c1), hashes[at] ?? new Uint8Array());
            if (checksSeconds && !fits) throw refusal();
            return addPolynomials(data, left, checkPolynomial(data, c1));
          },
          vault.get(own(block)),
        );
        vault.put(total(block), checkPolynomial(data, sum));
      }),
    ),
    bind(forgetShare, (vault) => {
      vault.drop(SECRET);
    }),
  ];
}

function releaseJobs(
  { he, primitives }: AggregateBackend,
  { flood, releasesOnce }: Measures,
): readonly JobEntry[] {
  const { data, key, floodBits } = he.set;
  return [
    bind(releaseShare, (vault, block, transcript, to, b, seed) => {
      // Shares of one sum under two floods, or of two sums under one secret, add up to the secret (lattigo, SECURITY.md).
      if (releasesOnce && vault.has(released(block, to))) {
        throw new SumError("released", `a share for ${to} was released already: there is no second one`);
      }
      vault.put(released(block, to), Uint8Array.of(1));
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
function openJob({ he, primitives }: AggregateBackend, { blockHolds }: Measures): JobEntry {
  const { data, t } = he.set;
  return bind(openBlock, (vault, of, c0, shares, cells) => {
    let opened: Float64Array | undefined;
    accepted(() => {
      const parts = shares.map((frame) => decodeCiphertext(he.set, frame));
      const combined = parts.reduce((left, right) => addCiphertexts(he, left, right));
      const whole = { c0: addPolynomials(data, checkPolynomial(data, c0), combined.c0), c1: combined.c1 };
      const block = he.decrypt(vault.get(OWN_KEY), whole);
      const keys = keysOf(vault, primitives, of, t);
      if (blockHolds(block, t, keys, of.contributors.length)) opened = readCells(block, cells, t);
    });
    return opened;
  });
}

function coordinatorJobs({ he, primitives }: AggregateBackend): readonly JobEntry[] {
  const { data } = he.set;
  return [
    bind(takeCiphertext, (vault, block, frame) => {
      let taken: { hashes: Uint8Array; c1: PackedPolynomial } | undefined;
      accepted(() => {
        const ciphertext = decodeCiphertext(he.set, frame);
        const { c0, c1 } = ciphertext;
        const place = first(block);
        vault.put(place, vault.has(place) ? addPolynomials(data, vault.get(place), c0) : c0);
        taken = { hashes: hashesOf(primitives, ciphertext), c1 };
      });
      return taken;
    }),
    bind(sumOfFirsts, (vault, block) => {
      const c0 = vault.get(first(block)).slice();
      return { c0, hash: primitives.sha256(c0) };
    }),
  ];
}

function collectiveKey(
  vault: Vault,
  he: HeBackend,
  primitives: Primitives,
  transcript: Uint8Array,
): PublicKey {
  return { b: vault.get(COLLECTIVE), a: uniformPart(vault, primitives, he.set.key, transcript) };
}

/** The uniform part of a key, made once a session. */
function uniformPart(
  vault: Vault,
  primitives: Primitives,
  ring: Ring,
  transcript: Uint8Array,
  party?: PartyId,
): PackedPolynomial {
  const handle = party === undefined ? "sum/a" : `sum/a/${party}`;
  if (!vault.has(handle)) vault.put(handle, uniformPolynomial(primitives, ring, transcript, party));
  return vault.get(handle);
}

function keysOf(
  vault: Vault,
  primitives: Primitives,
  { transcript, block }: Omit<BlockOf, "me">,
  t: number,
): Float64Array {
  return checkKeys(primitives, vault.get(groupSecretHandle(CHECKS_USE)), transcript, block, t);
}

function hashesOf({ sha256 }: Primitives, { c0, c1 }: Ciphertext): Uint8Array {
  return concat(sha256(c0), sha256(c1));
}

function addCiphertexts({ set: { data } }: HeBackend, left: Ciphertext, right: Ciphertext): Ciphertext {
  return { c0: addPolynomials(data, left.c0, right.c0), c1: addPolynomials(data, left.c1, right.c1) };
}

function refusal(): HeError {
  return new HeError("refused", "expected lattice material of the agreed form, got something else");
}

/** Runs a check on what a peer sent: whether it passed. Faults of our own still throw. */
function accepted(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (reason) {
    if (reason instanceof HeError) return false;
    throw reason;
  }
}
