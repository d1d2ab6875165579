// SPDX-License-Identifier: Apache-2.0
import { type Group, POINT_BYTES, wipe } from "@koplamp/crypto";
import { bind, type Job, type JobEntry, job, type PartyId, type Vault } from "@koplamp/protocol";
import { concat, i2osp, lp } from "@koplamp/wire";
import { rowAt } from "./ascending.ts";
import type { PsiBackend } from "./backend.ts";
import { sealRows } from "./cache.ts";
import { PsiError } from "./errors.ts";
import { leafOrder } from "./input-root.ts";
import {
  finalize,
  hashToGroup,
  proveBatch,
  type Statement,
  scalarsFromSeed,
  verifyBatch,
} from "./interim.ts";
import { inputAt, kdf } from "./keyed.ts";
import { blocksOf, PROOF_BYTES } from "./messages.ts";
import { inputCount, type PackedInputs } from "./session.ts";

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

/** Secrets of an asker between the steps of a session. */
const HASHED = "evaluate/h1";
const BLINDS = "evaluate/blinds";
const SUM = "evaluate/sum";

/** The code behind the jobs of this file, but `meter`. */
export function evaluateJobs(backend: PsiBackend): readonly JobEntry[] {
  return [
    bind(blindRequest, (vault, inputs, elements, transcript) =>
      blind(backend, vault, inputs, elements, transcript),
    ),
    bind(verifyReply, (vault, prover, request, reply) => verify(backend, vault, prover, request, reply)),
    bind(unblindAndSeal, (vault, inputs, otherKeys, scope, seed) =>
      unblind(backend, vault, inputs, otherKeys, { scope, seed }),
    ),
    bind(checkRequest, (_vault, request) => {
      for (const { inRequest, elements } of blocksOf(request.length / POINT_BYTES)) {
        checkBlock(backend.group, request.subarray(inRequest, inRequest + elements * POINT_BYTES));
      }
    }),
    bind(evaluateBlock, (vault, prover, block, points, seed) => {
      const evaluated = backend.group.mulSame(vault.get("k"), points);
      const statement = statementOf(prover, block, points, evaluated);
      return concat(
        evaluated,
        proveBatch(backend.group, backend.primitives, vault.get("k"), statement, seed),
      );
    }),
  ];
}

function blind(
  { group, primitives }: PsiBackend,
  vault: Vault,
  inputs: PackedInputs,
  elements: number,
  transcript: Uint8Array,
): Uint8Array {
  const salt = vault.get("salt");
  const seed = kdf(primitives, salt, transcript, "blind", [], 32);
  const dummySeed = kdf(primitives, seed, transcript, "dummies", [], 32);
  try {
    const count = inputCount(inputs);
    const dummies = split(primitives.aes256Ctr(dummySeed, (elements - count) * 32));
    const items = Array.from(leafOrder(primitives, salt, inputs), (at) => inputAt(inputs, at));
    const hashed = hashToGroup(group, primitives, [...items, ...dummies]);
    const blinds = scalarsFromSeed(group, primitives, seed, elements);
    vault.put(HASHED, hashed);
    vault.put(BLINDS, blinds);
    return group.addEach(hashed, group.mulBase(blinds));
  } finally {
    wipe(seed, dummySeed);
  }
}

function verify(
  backend: PsiBackend,
  vault: Vault,
  prover: Prover,
  request: Uint8Array,
  reply: Uint8Array,
): void {
  const sum = blocksOf(request.length / POINT_BYTES).map(({ number, elements, inRequest, inReply }) => {
    const points = request.subarray(inRequest, inRequest + elements * POINT_BYTES);
    const end = inReply + elements * POINT_BYTES;
    const evaluated = reply.subarray(inReply, end);
    checkBlock(backend.group, evaluated); // attacker-controlled
    const statement = statementOf(prover, number, points, evaluated);
    verifyBatch(backend.group, backend.primitives, statement, reply.subarray(end, end + PROOF_BYTES));
    return evaluated;
  });
  const verified = concat(...sum); // only now: every proof of this holder holds
  vault.put(SUM, vault.has(SUM) ? backend.group.addEach(vault.get(SUM), verified) : verified);
}

function unblind(
  { group, primitives }: PsiBackend,
  vault: Vault,
  inputs: PackedInputs,
  otherKeys: Uint8Array,
  { scope, seed }: { readonly scope: Uint8Array; readonly seed: Uint8Array },
): readonly Uint8Array[] {
  const bytes = inputCount(inputs) * POINT_BYTES;
  const order = leafOrder(primitives, vault.get("salt"), inputs);
  const blinds = vault.get(BLINDS).subarray(0, bytes);
  const own = group.mulSame(vault.get("k"), vault.get(HASHED).subarray(0, bytes));
  const all = group.addEach(own, vault.get(SUM).subarray(0, bytes));
  const unblinded = group.subEach(all, group.mulPoint(sumOf(group, otherKeys), blinds));
  const secrets = new Uint8Array(bytes);
  try {
    order.forEach((at, row) => {
      const output = finalize(primitives, inputAt(inputs, at), rowAt(unblinded, POINT_BYTES, row));
      secrets.set(output.subarray(0, 32), at * 32); // s_x of protocols.md, section 1.1
      wipe(output);
    });
    return sealRows(primitives, { cacheKey: vault.get("cacheKey"), scope, seed }, inputs, secrets);
  } finally {
    wipe(own, all, unblinded, secrets);
    for (const handle of [HASHED, BLINDS, SUM]) vault.drop(handle);
  }
}

/** The batch that a proof is about (protocols.md, section 2). */
function statementOf(
  { prover, key, transcript }: Prover,
  block: number,
  C: Uint8Array,
  D: Uint8Array,
): Statement {
  return { ctx: concat(transcript, lp(prover), i2osp(block, 4)), pk: key, C, D };
}

function split(bytes: Uint8Array): readonly Uint8Array[] {
  return Array.from({ length: bytes.length / 32 }, (_, at) => rowAt(bytes, 32, at));
}

/** Σ points. @throws {CryptoError} when it, or a sum on the way, is the identity. */
export function sumOf(group: Group, points: Uint8Array): Uint8Array {
  let sum = rowAt(points, POINT_BYTES, 0);
  for (let at = 1; at < points.length / POINT_BYTES; at += 1)
    sum = group.addEach(sum, rowAt(points, POINT_BYTES, at));
  return sum;
}

/** Valid elements, none twice: a repeated one would show who tags or tests (protocols.md, section 1.3). */
function checkBlock(group: Group, points: Uint8Array): void {
  group.decodeCheck(points);
  const seen = new Set<string>();
  for (let at = 0; at < points.length; at += POINT_BYTES) {
    seen.add(String.fromCharCode(...points.subarray(at, at + POINT_BYTES)));
  }
  if (seen.size * POINT_BYTES !== points.length) {
    throw new PsiError("duplicate", "expected different elements in a block, got one twice");
  }
}
