// SPDX-License-Identifier: Apache-2.0
import {
  CryptoError,
  equal,
  hashToGroup,
  inputSecrets,
  inputsOf,
  type PackedInputs,
  POINT_BYTES,
  type Primitives,
  refuseDuplicates,
  scalarsFromSeed,
  UNIFORM_BYTES,
  wipe,
} from "@koplamp/crypto";
import { bind, type Job, type JobEntry, job, type PartyId, type Vault } from "@koplamp/protocol";
import { concat, lp } from "@koplamp/wire/core";
import { ascending, distinctRows, rowAt, split } from "./ascending.ts";
import type { PsiBackend } from "./backend.ts";
import { PsiError } from "./errors.ts";
import { type Prover, unblindedSecrets, verifiedReply } from "./evaluate-jobs.ts";
import { cutRows, inputAt, kdf, keyedInputs } from "./keyed.ts";
import { blocksOf, TOKEN_BYTES } from "./messages.ts";
import { NONCE_BYTES, type PairKey } from "./pair-messages.ts";
import { joined, padded } from "./token-jobs.ts";

/**
 * What a token is made of: the item and its evaluation (`H2` of protocols.md, section 1.1), or in a blind count the
 * evaluation alone, because there nobody knows which item an evaluation belongs to.
 */
export type TokenForm = "item" | "element";

/** What a sender commits to, and the message by which it will open that. */
export interface Committed extends PairKey {
  /** Nonce and tokens. */
  readonly opening: Uint8Array;
}

/**
 * A fresh key, put under the vault's `k`, and the commitment to the tokens of all inputs under it: each once, sorted,
 * and padded with random ones to `rows`.
 */
export const commitTokens: Job<
  [form: TokenForm, inputs: PackedInputs, rows: number, seed: Uint8Array],
  Committed
> = job("psi.pair.commit");

/** Refuses a request with an invalid, identical or identity element in a block, naming who sent it. */
export const checkPairRequest: Job<[from: PartyId, request: Uint8Array], void> = job("psi.pair.check");

/**
 * Checks every proof of a reply, and only then makes the tokens of all inputs, for `joinOpened` and `countOpened`.
 * Blinds are wiped. @throws {PsiError} `proof` or `element`, naming the prover.
 */
export const unblindReply: Job<
  [prover: Prover, inputs: PackedInputs, request: Uint8Array, reply: Uint8Array],
  void
> = job("psi.pair.unblind");

/**
 * The request of a blind count: r·H1(in(x)) for every input and for random dummies up to `elements`, sorted. The one
 * scalar r stays in the vault. It and the dummies come from the vault's `salt` and the transcript alone.
 */
export const blindSorted: Job<[inputs: PackedInputs, elements: number, transcript: Uint8Array], Uint8Array> =
  job("psi.pair.blind-sorted");

/** Every element of a request times the vault's `k`, sorted: whose answer is whose cannot be seen. */
export const evaluateSorted: Job<[from: PartyId, request: Uint8Array], Uint8Array> =
  job("psi.pair.evaluate-sorted");

/** Takes r off a sorted reply and makes its tokens, for `countOpened`. r is wiped. @throws {PsiError} `element`. */
export const unblindSorted: Job<[from: PartyId, reply: Uint8Array], void> = job("psi.pair.unblind-sorted");

/** What was promised by whom, and what came. */
export interface Opening {
  readonly from: PartyId;
  readonly commitment: Uint8Array;
  readonly opening: Uint8Array;
}

/** The positions of own inputs whose tokens stand in an opening. @throws {PsiError} `commitment`, naming the sender. */
export const joinOpened: Job<[opened: Opening], Uint32Array> = job("psi.pair.join");

/** How many different own tokens stand in an opening; which, never leaves the vault. @throws as `joinOpened`. */
export const countOpened: Job<[opened: Opening], number> = job("psi.pair.count");

/** The receiver's tokens. */
export const TOKENS = "pair/tokens";
/** The one scalar of a blind count. */
const SCALAR = "pair/r";

/** The code behind the jobs of this file. */
export function pairJobs(backend: PsiBackend): readonly JobEntry[] {
  const { group, primitives } = backend;
  return [
    bind(commitTokens, (vault, form, inputs, rows, seed) =>
      committed(backend, vault, { form, seed }, inputs, (plain, dummies) =>
        padded(primitives, plain, rows, dummies),
      ),
    ),
    bind(checkPairRequest, (_vault, from, request) => {
      for (const { inRequest, elements } of blocksOf(request.length / POINT_BYTES)) {
        const block = request.subarray(inRequest, inRequest + elements * POINT_BYTES); // attacker-controlled
        blaming(from, () => group.decodeCheck(block));
        blaming(from, () => refuseDuplicates(block));
      }
    }),
    bind(unblindReply, (vault, prover, inputs, request, reply) => {
      const evaluated = blaming(prover.prover, () => verifiedReply(backend, prover, request, reply));
      const secrets = unblindedSecrets(backend, vault, inputs, { evaluated, publicKey: prover.key });
      vault.put(TOKENS, cutRows(secrets, TOKEN_BYTES));
      wipe(secrets);
    }),
    bind(blindSorted, (vault, inputs, elements, transcript) =>
      sortedRequest(backend, vault, inputs, elements, transcript),
    ),
    bind(evaluateSorted, (vault, from, request) => {
      blaming(from, () => group.decodeCheck(request)); // attacker-controlled
      return sortedRows(group.mulSame(vault.get("k"), request), POINT_BYTES);
    }),
    bind(unblindSorted, (vault, from, reply) => unblindedTokens(backend, vault, from, reply)),
    bind(joinOpened, (vault, opened) => joined(vault.get(TOKENS), openedTokens(primitives, opened))),
    bind(countOpened, (vault, opened) => countOf(vault, openedTokens(primitives, opened))),
  ];
}

/** A commitment under a fresh key; `arrange` lays out the tokens and fills up with what follows from its seed. */
export function committed(
  backend: PsiBackend,
  vault: Vault,
  { form, seed }: { readonly form: TokenForm; readonly seed: Uint8Array },
  inputs: PackedInputs,
  arrange: (plain: Uint8Array, seed: Uint8Array) => Uint8Array,
): Committed {
  const { group, primitives } = backend;
  const stream = primitives.aes256Ctr(seed, UNIFORM_BYTES + NONCE_BYTES + 32);
  const [nonce, dummies] = [stream.subarray(UNIFORM_BYTES), stream.subarray(UNIFORM_BYTES + NONCE_BYTES)];
  try {
    const k = group.reduce(stream.subarray(0, UNIFORM_BYTES));
    vault.put("k", k);
    const plain = ownTokens(backend, k, form, inputsOf(inputs));
    const tokens = arrange(plain, dummies);
    wipe(plain);
    const opening = concat(nonce.subarray(0, NONCE_BYTES), tokens);
    return { key: group.mulBase(k), commitment: commitmentTo(primitives, opening), opening };
  } finally {
    wipe(stream);
  }
}

/** The sender's tokens of 16 bytes, in the order of its items; with `element` the items play no part. */
function ownTokens(
  { group, primitives }: PsiBackend,
  k: Uint8Array,
  form: TokenForm,
  items: readonly Uint8Array[],
): Uint8Array {
  const hashed = hashToGroup(group, primitives, items);
  const evaluated = group.mulSame(k, hashed);
  try {
    if (form === "element") return elementTokens(primitives, evaluated);
    const secrets = inputSecrets(primitives, items, evaluated);
    const tokens = cutRows(secrets, TOKEN_BYTES);
    wipe(secrets);
    return tokens;
  } finally {
    wipe(hashed, evaluated);
  }
}

/** The tokens of evaluations whose items nobody knows. */
export function elementTokens({ sha512 }: Primitives, elements: Uint8Array): Uint8Array {
  const tokens = new Uint8Array((elements.length / POINT_BYTES) * TOKEN_BYTES);
  split(elements).forEach((element, at) => {
    tokens.set(sha512(concat(lp("koplamp/cnt/1"), element)).subarray(0, TOKEN_BYTES), at * TOKEN_BYTES);
  });
  return tokens;
}

/** How many different own tokens stand in a list. */
function countOf(vault: Vault, list: Uint8Array): number {
  const tokens = vault.get(TOKENS);
  const distinct = distinctRows(tokens, TOKEN_BYTES, ascending(tokens, TOKEN_BYTES));
  try {
    return joined(distinct, list).length;
  } finally {
    wipe(distinct);
  }
}

/** The nonce in front keeps a list without dummies from being guessed before it is opened. */
function commitmentTo({ sha256 }: Primitives, opening: Uint8Array): Uint8Array {
  return sha256(concat(lp("koplamp/pair/1"), opening));
}

/** The tokens of an opening. @throws {PsiError} `commitment`, naming the sender. */
export function openedTokens(primitives: Primitives, { from, commitment, opening }: Opening): Uint8Array {
  if (equal(commitmentTo(primitives, opening), commitment)) return opening.subarray(NONCE_BYTES);
  throw new PsiError("commitment", `${from} disclosed other tokens than it had committed to`, from);
}

function sortedRequest(
  { group, primitives }: PsiBackend,
  vault: Vault,
  inputs: PackedInputs,
  elements: number,
  transcript: Uint8Array,
): Uint8Array {
  const seed = kdf(primitives, vault.get("salt"), transcript, "blind", [], 32);
  const dummySeed = kdf(primitives, seed, transcript, "dummies", [], 32);
  try {
    const distinct = distinctInputs(primitives, vault, inputs);
    const dummies = primitives.aes256Ctr(dummySeed, (elements - distinct.length) * 32);
    const hashed = hashToGroup(group, primitives, [...distinct, ...split(dummies)]);
    vault.put(SCALAR, scalarsFromSeed(group, primitives, seed, 1));
    const request = sortedRows(group.mulSame(vault.get(SCALAR), hashed), POINT_BYTES);
    wipe(dummies, hashed);
    return request;
  } finally {
    wipe(seed, dummySeed);
  }
}

/** Under one scalar an input that stands twice would be seen twice. */
function distinctInputs(primitives: Primitives, vault: Vault, inputs: PackedInputs): readonly Uint8Array[] {
  const keyed = keyedInputs(primitives, vault.get("salt"), inputs, 32);
  const order = ascending(keyed, 32);
  const first = order.filter(
    (at, place) => place === 0 || !equal(rowAt(keyed, 32, at), rowAt(keyed, 32, order[place - 1] ?? 0)),
  );
  return Array.from(first, (at) => inputAt(inputs, at));
}

function unblindedTokens(
  { group, primitives }: PsiBackend,
  vault: Vault,
  from: PartyId,
  reply: Uint8Array,
): void {
  blaming(from, () => group.decodeCheck(reply)); // attacker-controlled
  const inverse = group.scalarInvert(vault.get(SCALAR));
  try {
    const unblinded = group.mulSame(inverse, reply);
    vault.put(TOKENS, elementTokens(primitives, unblinded));
    wipe(unblinded);
  } finally {
    wipe(inverse);
    vault.drop(SCALAR);
  }
}

/** Rows in ascending order, each once. */
export function sortedRows(rows: Uint8Array, width: number): Uint8Array {
  return distinctRows(rows, width, ascending(rows, width));
}

/** Runs a check of what `from` sent. @throws {PsiError} `proof` or `element`, naming that party. */
export function blaming<Value>(from: PartyId, check: () => Value): Value {
  try {
    return check();
  } catch (reason) {
    if (!(reason instanceof CryptoError)) throw reason;
    if (reason.code === "invalid-proof") {
      throw new PsiError("proof", `${from} does not prove that it used one key for all items`, from);
    }
    if (reason.code !== "invalid-element") throw reason;
    throw new PsiError("element", `expected valid and different elements from ${from}, got others`, from);
  }
}
