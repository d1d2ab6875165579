// SPDX-License-Identifier: Apache-2.0
import {
  dleqContext,
  type Evaluated,
  type Group,
  type PackedInputs,
  POINT_BYTES,
  PROOF_BYTES,
  proveBatch,
  refuseDuplicates,
  type Statement,
  sumPoints,
  verifyBatch,
  wipe,
} from "@koplamp/crypto";
import { bind, type Job, type JobEntry, job, type PartyId, type Vault } from "@koplamp/protocol";
import { concat } from "@koplamp/wire/core";
import { rowAt } from "./ascending.ts";
import type { PsiBackend } from "./backend.ts";
import { blindItems, unblindItems } from "./blinded-items.ts";
import { sealRows } from "./cache.ts";
import { leafOrder } from "./input-root.ts";
import { inputAt, kdf } from "./keyed.ts";
import { blocksOf } from "./messages.ts";

/** Whose proof: the holder, its public share of the key, and the session that the proof belongs to. */
export interface Prover {
  readonly prover: PartyId;
  readonly key: Uint8Array;
  readonly transcript: Uint8Array;
}

/** A debit of `elements` evaluations that `asker` has from this node. */
export interface MeterRequest {
  readonly asker: PartyId;
  readonly elements: number;
  /** The number of the block in this session. */
  readonly block: number;
}

/**
 * The host's own: debits the quota durably before it returns, and throws when it is spent. No code is bound to it
 * here; a driver that does not bind it cannot answer.
 */
export const meter: Job<[request: MeterRequest], void> = job("psi.evaluate.meter");

/**
 * The request of a session: H1(in(x)) + r_x·B for every input, in the order of the leaves of its root, then dummies up
 * to `elements`. Blinds and dummies come from the vault's `salt` and the transcript alone, so that its owner can make
 * the request again for an auditor. H1 and blinds stay in the vault.
 */
export const blindRequest: Job<[inputs: PackedInputs, elements: number, transcript: Uint8Array], Uint8Array> =
  job("psi.evaluate.blind");

/** Checks every proof of a reply and only then adds it to the sum in the vault. @throws if one proof fails. */
export const verifyReply: Job<[prover: Prover, request: Uint8Array, reply: Uint8Array], void> =
  job("psi.evaluate.verify");

/** s_x of every input from the verified sum, as sealed chunks for the cache. Blinds are wiped. */
export const unblindAndSeal: Job<
  [inputs: PackedInputs, otherKeys: Uint8Array, scope: Uint8Array, seed: Uint8Array],
  readonly Uint8Array[]
> = job("psi.evaluate.unblind");

/** Refuses a request with an invalid, identical or identity element in a block. */
export const checkRequest: Job<[request: Uint8Array], void> = job("psi.evaluate.check");

/** One block multiplied by the vault's `k`, and its proof of 64 bytes. */
export const evaluateBlock: Job<
  [prover: Prover, block: number, points: Uint8Array, seed: Uint8Array],
  Uint8Array
> = job("psi.evaluate.block");

/** Vault: the sum of the replies so far. */
const SUM = "evaluate/sum";

/** The code behind the jobs of this file, but `meter`. */
export function evaluateJobs(backend: PsiBackend): readonly JobEntry[] {
  return [
    bind(blindRequest, (vault, inputs, elements, transcript) =>
      request(backend, vault, inputs, elements, transcript),
    ),
    bind(verifyReply, (vault, prover, asked, reply) => verify(backend, vault, prover, asked, reply)),
    bind(unblindAndSeal, (vault, inputs, otherKeys, scope, seed) =>
      seal(backend, vault, inputs, otherKeys, { scope, seed }),
    ),
    bind(checkRequest, (_vault, asked) => {
      for (const { inRequest, elements } of blocksOf(asked.length / POINT_BYTES)) {
        checkBlock(backend.group, asked.subarray(inRequest, inRequest + elements * POINT_BYTES));
      }
    }),
    bind(evaluateBlock, (vault, prover, block, points, seed) => {
      const { group, primitives } = backend;
      const evaluated = group.mulSame(vault.get("k"), points);
      const statement = statementOf(prover, block, points, evaluated);
      return concat(evaluated, proveBatch(group, primitives, vault.get("k"), statement, seed));
    }),
  ];
}

function request(
  backend: PsiBackend,
  vault: Vault,
  inputs: PackedInputs,
  elements: number,
  transcript: Uint8Array,
): Uint8Array {
  const seed = kdf(backend.primitives, vault.get("salt"), transcript, "blind", [], 32);
  return blindItems(
    backend,
    vault,
    { items: orderedInputs(backend, vault, inputs), elements },
    seed,
    transcript,
  );
}

/** The inputs in the order of the leaves of their root: that of the request. */
function orderedInputs(
  { primitives }: PsiBackend,
  vault: Vault,
  inputs: PackedInputs,
): readonly Uint8Array[] {
  return Array.from(leafOrder(primitives, vault.get("salt"), inputs), (at) => inputAt(inputs, at));
}

function verify(
  { group, primitives }: PsiBackend,
  vault: Vault,
  prover: Prover,
  asked: Uint8Array,
  reply: Uint8Array,
): void {
  const verified = verifiedReply({ group, primitives }, prover, asked, reply); // only now: every proof of this holder holds
  vault.put(SUM, vault.has(SUM) ? group.addEach(vault.get(SUM), verified) : verified);
}

/** The elements of a reply without its proofs, each of which has been checked. @throws if one proof fails. */
export function verifiedReply(
  { group, primitives }: PsiBackend,
  prover: Prover,
  asked: Uint8Array,
  reply: Uint8Array,
): Uint8Array {
  const blocks = blocksOf(asked.length / POINT_BYTES).map(({ number, elements, inRequest, inReply }) => {
    const end = inReply + elements * POINT_BYTES;
    const evaluated = reply.subarray(inReply, end);
    checkBlock(group, evaluated); // attacker-controlled
    const points = asked.subarray(inRequest, inRequest + elements * POINT_BYTES);
    const proof = reply.subarray(end, end + PROOF_BYTES);
    verifyBatch(group, primitives, statementOf(prover, number, points, evaluated), proof);
    return evaluated;
  });
  return concat(...blocks);
}

function seal(
  backend: PsiBackend,
  vault: Vault,
  inputs: PackedInputs,
  otherKeys: Uint8Array,
  { scope, seed }: { readonly scope: Uint8Array; readonly seed: Uint8Array },
): readonly Uint8Array[] {
  const { group, primitives } = backend;
  const secrets = unblindedSecrets(backend, vault, inputs, {
    evaluated: vault.get(SUM),
    publicKey: sumPoints(group, otherKeys),
    share: vault.get("k"),
  });
  try {
    return sealRows(primitives, { cacheKey: vault.get("cacheKey"), scope, seed }, inputs, secrets);
  } finally {
    wipe(secrets);
    vault.drop(SUM);
  }
}

/**
 * s_x of each input, 32 bytes each, in the order of the inputs: from verified evaluations of the request that
 * `blindRequest` made. Its blinds are wiped.
 */
export function unblindedSecrets(
  backend: PsiBackend,
  vault: Vault,
  inputs: PackedInputs,
  evaluated: Pick<Evaluated, "evaluated" | "publicKey" | "share">,
): Uint8Array {
  const inOrder = unblindItems(backend, vault, orderedInputs(backend, vault, inputs), evaluated);
  const secrets = new Uint8Array(inOrder.length);
  leafOrder(backend.primitives, vault.get("salt"), inputs).forEach((at, row) => {
    secrets.set(rowAt(inOrder, 32, row), at * 32);
  });
  wipe(inOrder);
  return secrets;
}

/** The batch that a proof is about (protocols.md, section 2). */
export function statementOf(
  { prover, key, transcript }: Prover,
  block: number,
  C: Uint8Array,
  D: Uint8Array,
): Statement {
  return { ctx: dleqContext(transcript, prover, block), pk: key, C, D };
}

/** Valid elements, none twice: a repeated one could mark or test an item (protocols.md, section 1.3). */
function checkBlock(group: Group, points: Uint8Array): void {
  group.decodeCheck(points);
  refuseDuplicates(points);
}
