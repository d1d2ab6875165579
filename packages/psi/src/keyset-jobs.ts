// SPDX-License-Identifier: Apache-2.0
import {
  equal,
  hashToScalar,
  POINT_BYTES,
  type Primitives,
  SCALAR_BYTES,
  sumPoints,
  UNIFORM_BYTES,
  wipe,
} from "@koplamp/crypto";
import { bind, type Job, type JobEntry, job, type PartyId, type Vault } from "@koplamp/protocol";
import { concat, hex, lp } from "@koplamp/wire/core";
import type { PsiBackend } from "./backend.ts";
import { PsiError } from "./errors.ts";
import { kdf } from "./keyed.ts";

const NONCE_BYTES = 32;

/** A fresh share of a key: what is committed to, and what is opened later. */
export interface FreshShare {
  readonly commitment: Uint8Array;
  /** pk_j ‖ PoP_j ‖ nonce_j. */
  readonly opening: Uint8Array;
}

/** Draws k_j into the vault under `k` and makes its commitment and opening. */
export const createShare: Job<[context: Uint8Array, me: PartyId, seed: Uint8Array], FreshShare> =
  job("psi.keyset.create");
/** The public share in an opening that fits its commitment and proves possession. @throws {PsiError} otherwise. */
export const checkOpening: Job<
  [context: Uint8Array, holder: PartyId, commitment: Uint8Array, opening: Uint8Array],
  Uint8Array
> = job("psi.keyset.check");
/** Refuses public shares that are not all different, or whose sum is the identity. @throws {PsiError} `key`. */
export const checkPublicKeys: Job<[keys: Readonly<Record<PartyId, Uint8Array>>], void> =
  job("psi.keyset.keys");
/** The vault's `k` under AES-256-GCM, for the node's disk. The key comes from `cacheKey`. */
export const sealShare: Job<[context: Uint8Array, seed: Uint8Array], Uint8Array> = job("psi.keyset.seal");
/** Puts a sealed share back into a vault that holds `cacheKey`, under `k`. @throws {PsiError} `key`. */
export const openShare: Job<[context: Uint8Array, sealed: Uint8Array], void> = job("psi.keyset.open");

/** The code behind the jobs of this file. */
export function keysetJobs(backend: PsiBackend): readonly JobEntry[] {
  return [
    bind(createShare, (vault, context, me, seed) => create(backend, vault, context, me, seed)),
    bind(checkOpening, (_vault, context, holder, commitment, opening) =>
      opened(backend, context, holder, commitment, opening),
    ),
    bind(checkPublicKeys, (_vault, keys) => {
      const all = Object.values(keys);
      if (new Set(all.map(hex)).size !== all.length)
        throw new PsiError("key", "expected different keys, got one twice");
      sumPoints(backend.group, concat(...all)); // throws when the sum is the identity
    }),
    bind(sealShare, (vault, context, seed) => seal(backend.primitives, vault, context, seed)),
    bind(openShare, (vault, context, sealed) =>
      vault.put("k", shareIn(backend.primitives, vault, context, sealed)),
    ),
  ];
}

function create(
  { group, primitives }: PsiBackend,
  vault: Vault,
  context: Uint8Array,
  me: PartyId,
  seed: Uint8Array,
): FreshShare {
  const stream = primitives.aes256Ctr(seed, 2 * UNIFORM_BYTES + NONCE_BYTES);
  const nonce = stream.slice(2 * UNIFORM_BYTES);
  const scalars = group.reduce(stream.subarray(0, 2 * UNIFORM_BYTES));
  try {
    const k = scalars.slice(0, SCALAR_BYTES);
    const u = scalars.subarray(SCALAR_BYTES);
    const [pk, t] = [group.mulBase(k), group.mulBase(u)];
    const c = challenge({ group, primitives }, context, me, pk, t);
    const proof = concat(c, group.scalarSub(u, group.scalarMul(c, k)));
    vault.put("k", k);
    const opening = concat(pk, proof, nonce);
    return { opening, commitment: commitmentTo(primitives, context, me, opening) };
  } finally {
    wipe(stream, scalars);
  }
}

/** The proof of possession of protocols.md, section 4: Schnorr's, bound to context and holder. */
function challenge(
  { group, primitives }: PsiBackend,
  context: Uint8Array,
  holder: PartyId,
  pk: Uint8Array,
  t: Uint8Array,
): Uint8Array {
  return hashToScalar(group, primitives, concat(lp("koplamp/keyset/1/pop"), context, lp(holder), pk, t));
}

function commitmentTo(
  { sha256 }: Primitives,
  context: Uint8Array,
  holder: PartyId,
  opening: Uint8Array,
): Uint8Array {
  return sha256(concat(lp("koplamp/keyset/1/commit"), context, lp(holder), opening));
}

function opened(
  backend: PsiBackend,
  context: Uint8Array,
  holder: PartyId,
  commitment: Uint8Array,
  opening: Uint8Array,
): Uint8Array {
  const { primitives } = backend;
  if (!equal(commitmentTo(primitives, context, holder, opening), commitment)) {
    throw new PsiError("commitment", `${holder} opened another key than it had committed to`);
  }
  return provenKey(backend, context, holder, opening);
}

/** The public share before its proof of possession. @throws {PsiError} `proof`; {@link CryptoError} for no element. */
export function provenKey(
  backend: PsiBackend,
  context: Uint8Array,
  holder: PartyId,
  opening: Uint8Array,
): Uint8Array {
  const { group } = backend;
  const pk = opening.slice(0, POINT_BYTES); // attacker-controlled
  const [c, s] = [opening.subarray(32, 64), opening.subarray(64, 96)];
  group.decodeCheck(pk);
  group.scalarCheck(concat(c, s), true);
  const t = group.addEach(group.mulBase(s), group.mulPoint(pk, c));
  if (equal(challenge(backend, context, holder, pk, t), c)) return pk;
  throw new PsiError("proof", `${holder} does not prove that it knows its share of the key`, holder);
}

function seal(primitives: Primitives, vault: Vault, context: Uint8Array, seed: Uint8Array): Uint8Array {
  const key = kdf(primitives, vault.get("cacheKey"), context, "keyset/seal", [], 32);
  const nonce = primitives.aes256Ctr(seed, 12);
  const sealed = primitives.aesGcmSeal(
    key,
    nonce,
    concat(lp("koplamp/keyset/1/share"), context),
    vault.get("k"),
  );
  wipe(key);
  return concat(nonce, sealed);
}

/** The key in a sealed share, for a vault that holds `cacheKey`; whoever has it wipes it. @throws {PsiError} `key`. */
export function shareIn(
  primitives: Primitives,
  vault: Vault,
  context: Uint8Array,
  sealed: Uint8Array,
): Uint8Array {
  const key = kdf(primitives, vault.get("cacheKey"), context, "keyset/seal", [], 32);
  const label = concat(lp("koplamp/keyset/1/share"), context);
  const k = primitives.aesGcmOpen(key, sealed.subarray(0, 12), label, sealed.subarray(12));
  wipe(key);
  if (k?.length === SCALAR_BYTES) return k;
  throw new PsiError("key", "the sealed share is damaged, or of another key set");
}
