// SPDX-License-Identifier: Apache-2.0
// What runs where the secrets of a hub's session are, beside the jobs of every collective key (`sum-jobs.ts`).
import { groupSecretHandle } from "@koplamp/crypto";
import {
  accumulate,
  addMod,
  type Ciphertext,
  checkPolynomial,
  decodeCiphertext,
  encodeCiphertext,
  FLOOD_BYTES,
  flood,
  type HeBackend,
  type PackedPolynomial,
  polynomialBytes,
  type Slots,
  seededRandomness,
} from "@koplamp/he";
import { bind, type Handle, type Job, type JobEntry, job, type PartyId, type Vault } from "@koplamp/protocol";
import { concat, i2osp, lp } from "@koplamp/wire/core";
import { Draws } from "./draws.ts";
import { type Geometry, groupChoices, sumsOfBlock } from "./join-hub-layout.ts";
import type { Hub } from "./join-hub-session.ts";
import {
  type LaidTokens,
  layTokens,
  permutation,
  type Selection,
  type SentTokens,
  selectFirst,
  selectShared,
  type TokenLayout,
} from "./join-hub-tokens.ts";
import { addMasks } from "./masks.ts";
import { fillBelow } from "./streams.ts";
import { type BlockOf, decryptSum, type Sealed } from "./sum-jobs.ts";
import {
  type AggregateBackend,
  accepted,
  addCiphertexts,
  COLLECTIVE,
  collectiveKeyOf,
  hashesOf,
  heOf,
  ownOf,
} from "./threshold-vault.ts";

/** The use of the group secret that orders the cells of a distinct sum. */
export const PLACES_USE = "distinct-sum/places";

/** In which order the lists of a distinct sum stand: by cell, its list. Nodes know it, the coordinator does not. */
export const placesOfCells: Job<[transcript: Uint8Array, cells: number], Int32Array> = job("hub.places");
/** A group owner's own order of the groups: by cell, its pseudonym. */
export const pseudonymsOfCells: Job<[cells: number, seed: Uint8Array], Int32Array> = job("hub.pseudonyms");
/** Lays out a contributor's tokens among dummies. */
export const layOut: Job<[layout: TokenLayout, tokens: Uint8Array, seed: Uint8Array], LaidTokens> =
  job("hub.lay-out");
/** The collective key as this node made it: its b. */
export const showCollectiveKey: Job<[], PackedPolynomial> = job("hub.show-key");
/** At the coordinator: takes the collective key. False when it is no such thing. */
export const takeCollectiveKey: Job<[b: PackedPolynomial], boolean> = job("hub.take-key");
/** At the coordinator: whom it selects, the order of the groups being of the seed. */
export const selectRows: Job<
  [hub: Hub, sent: Readonly<Record<PartyId, SentTokens>>, seed: Uint8Array],
  Selection
> = job("hub.select");
/** At the coordinator: one chunk of a party's selection, encrypted with randomness of the seed alone. */
export const encryptSelection: Job<[of: SelectionOf, slots: Slots, seed: Uint8Array], Uint8Array> =
  job("hub.encrypt-selection");
/** Multiplies a chunk of selections with this node's numbers, column by column. False when it is no ciphertext. */
export const accumulateChunk: Job<[frame: Uint8Array, numbers: readonly (Slots | undefined)[]], boolean> =
  job("hub.accumulate");
/**
 * Masks, floods and seals what a block has accumulated, and what this node adds to each of its groups; nothing but masks
 * where there is neither.
 */
export const sealBlock: Job<
  [of: BlockOf, geometry: Geometry | undefined, added: Float64Array | undefined, seed: Uint8Array],
  Sealed
> = job("hub.seal");
/** The sums of a block's groups, or nothing when any check fails. */
export const openHubBlock: Job<
  [hub: Hub, geometry: Geometry, c0: PackedPolynomial, shares: readonly Uint8Array[]],
  Float64Array | undefined
> = job("hub.open");

/** Whose chunk it is, in which session. */
export interface SelectionOf {
  readonly transcript: Uint8Array;
  readonly party: PartyId;
  readonly chunk: number;
}

/** The measures that tests switch off one by one; nothing else passes others than these. */
export interface HubMeasures {
  readonly addMasks: typeof addMasks;
  readonly zeroSumMasks: typeof zeroSumMasks;
  readonly flood: typeof flood;
  /** Whether a fresh encryption goes over what was accumulated. */
  readonly encryptsAnew: boolean;
}

/** All of them, as they are in use. */
export const HUB_MEASURES: HubMeasures = { addMasks, zeroSumMasks, flood, encryptsAnew: true };

const accumulatedOf = (block: number): Handle => `hub/accumulated/${block}`;

/** The code behind the jobs of a hub. */
export function hubJobs(
  backend: AggregateBackend,
  measures: HubMeasures = HUB_MEASURES,
): readonly JobEntry[] {
  return [
    ...tokenJobs(backend),
    ...selectionJobs(backend),
    ...ownerJobs(backend, measures),
    openJob(backend),
  ];
}

function tokenJobs({ primitives }: AggregateBackend): readonly JobEntry[] {
  const shuffled = (seed: Uint8Array, cells: number): Int32Array => {
    const draws = new Draws(primitives, seed, lp("koplamp/hub-order/1"));
    const order = permutation(cells, draws);
    draws.wipe();
    return order;
  };
  return [
    bind(placesOfCells, (vault, transcript, cells) => {
      const secret = vault.get(groupSecretHandle(PLACES_USE));
      const key = primitives.hkdfExpand(secret, concat(lp("koplamp/hub-places/1"), transcript), 32);
      const order = shuffled(key, cells);
      key.fill(0);
      return order;
    }),
    bind(pseudonymsOfCells, (_vault, cells, seed) => shuffled(seed, cells)),
    bind(layOut, (_vault, layout, tokens, seed) => {
      const padding = primitives.hkdfExpand(seed, lp("koplamp/hub-padding/1"), 32);
      const draws = new Draws(primitives, seed, lp("koplamp/hub-groups/1"));
      const laid = layTokens(layout, tokens, (length) => primitives.aes256Ctr(padding, length), draws);
      padding.fill(0);
      draws.wipe();
      return laid;
    }),
  ];
}

function selectionJobs(backend: AggregateBackend): readonly JobEntry[] {
  const { primitives } = backend;
  return [
    bind(showCollectiveKey, (vault) => vault.get(COLLECTIVE).slice()),
    bind(takeCollectiveKey, (vault, b) =>
      accepted(() => {
        vault.put(COLLECTIVE, checkPolynomial(heOf(vault, backend).set.key, b).slice());
      }),
    ),
    bind(selectRows, (_vault, hub, sent, seed) => {
      if (hub.rule === "first") return selectFirst(hub, sent);
      const draws = new Draws(primitives, seed, lp("koplamp/hub-blocks/1"));
      return selectShared(hub, groupChoices(hub), sent, draws);
    }),
    bind(encryptSelection, (vault, { transcript, party, chunk }, slots, seed) => {
      const he = heOf(vault, backend);
      const info = concat(lp("koplamp/sel/1"), transcript, lp(party), i2osp(chunk, 4));
      const own = primitives.hkdfExpand(seed, info, 32);
      const randomness = seededRandomness(primitives, he.set.data, own);
      const key = collectiveKeyOf(vault, he, primitives, transcript);
      return encodeCiphertext(he.set, he.encryptWith(key, slots, randomness), "ntt");
    }),
  ];
}

function ownerJobs(backend: AggregateBackend, measures: HubMeasures): readonly JobEntry[] {
  const { primitives } = backend;
  return [
    bind(accumulateChunk, (vault, frame, numbers) =>
      accepted(() => {
        const he = heOf(vault, backend);
        const selection = decodeCiphertext(he.set, frame, "ntt");
        numbers.forEach((slots, block) => {
          if (slots === undefined) return;
          const before = vault.has(accumulatedOf(block)) ? accumulated(vault, he, block) : undefined;
          const factor = he.factor(slots);
          const { c0, c1 } = accumulate(he.set, before, selection, factor);
          factor.fill(0);
          vault.put(accumulatedOf(block), concat(c0, c1));
        });
      }),
    ),
    bind(sealBlock, (vault, of, geometry, added, seed) => {
      const he = heOf(vault, backend);
      const ciphertext = sealed(vault, { he, primitives }, measures, { of, geometry, added }, seed);
      vault.put(ownOf(of.block), ciphertext.c1);
      return { frame: encodeCiphertext(he.set, ciphertext), hashes: hashesOf(primitives, ciphertext) };
    }),
  ];
}

/** What one block is sealed with. */
interface SealedWith {
  readonly of: BlockOf;
  readonly geometry: Geometry | undefined;
  readonly added: Float64Array | undefined;
}

/**
 * What was accumulated + Enc(what is added | zero-sum masks | count | pairwise masks), and c0 under a flood: the fresh encryption hides
 * the selection from whoever knows the numbers, and the flood the numbers from whoever knows the key.
 */
function sealed(
  vault: Vault,
  { he, primitives }: AggregateBackend,
  { addMasks, zeroSumMasks, flood, encryptsAnew }: HubMeasures,
  { of, geometry, added }: SealedWith,
  seed: Uint8Array,
): Ciphertext {
  const { data, t, slots, products } = he.set;
  const [maskKey, floodKey] = ["masks", "flood"].map((use) =>
    primitives.hkdfExpand(seed, concat(lp("koplamp/hub-seal/1"), lp(use)), 32),
  );
  const plain = new Float64Array(slots);
  if (geometry !== undefined) {
    zeroSumMasks(plain, geometry, t, (length) => primitives.aes256Ctr(maskKey ?? seed, length));
    added?.forEach((number, group) => {
      const at = group * geometry.width;
      plain[at] = addMod(plain[at] ?? 0, number < 0 ? number + t : number, t);
    });
  }
  plain[slots - 2] = 1;
  addMasks(primitives, plain, t, of, (peer) => vault.get(`exporter/${peer}`));
  const fresh = he.encrypt(collectiveKeyOf(vault, he, primitives, of.transcript), plain);
  if (!vault.has(accumulatedOf(of.block))) return fresh;
  const own = he.fromNtt(accumulated(vault, he, of.block));
  vault.drop(accumulatedOf(of.block));
  const both = encryptsAnew ? addCiphertexts(he, own, fresh) : he.addPlain(own, plain);
  const stream = primitives.aes256Ctr(floodKey ?? seed, data.n * FLOOD_BYTES);
  const c0 = flood(data, both.c0, products?.floodBits ?? 0, stream);
  for (const secret of [plain, stream, maskKey, floodKey]) secret?.fill(0);
  return { c0, c1: both.c1 };
}

/** Uniform numbers in every slot of a group's block that add up to zero in it: only the block's sum survives. */
export function zeroSumMasks(
  slots: Slots,
  { groups, width }: Geometry,
  t: number,
  stream: (length: number) => Uint8Array,
): void {
  const masks = new Float64Array(groups * width);
  fillBelow(masks, t, stream);
  for (let group = 0; group < groups; group += 1) {
    const own = masks.subarray(group * width, (group + 1) * width);
    const rest = own.subarray(1).reduce((sum, mask) => (sum + mask) % t, 0);
    own[0] = rest === 0 ? 0 : t - rest;
    slots.set(own, group * width);
  }
  masks.fill(0);
}

function accumulated(vault: Vault, { set: { data } }: HeBackend, block: number): Ciphertext {
  const both = vault.get(accumulatedOf(block));
  const length = polynomialBytes(data);
  return { c0: both.slice(0, length), c1: both.slice(length) };
}

/** One answer for every failure: which check it was, and how close it came, would be an oracle. */
function openJob(backend: AggregateBackend): JobEntry {
  return bind(openHubBlock, (vault, hub, geometry, c0, shares) => {
    let sums: Float64Array | undefined;
    accepted(() => {
      sums = sumsOfBlock(hub, geometry, decryptSum(vault, backend, c0, shares));
    });
    return sums;
  });
}
