// SPDX-License-Identifier: Apache-2.0
import { inputsOf, type PackedInputs, verifyBatch, wipe } from "@koplamp/crypto";
import { bind, type Job, type JobEntry, job, type Vault } from "@koplamp/protocol";
import { concat, hex } from "@koplamp/wire/core";
import { compareAt, rowAt } from "./ascending.ts";
import type { PsiBackend } from "./backend.ts";
import { blindItems, unblindItems } from "./blinded-items.ts";
import { type Prover, statementOf } from "./evaluate-jobs.ts";
import { kdf } from "./keyed.ts";
import { itemNames, publishedRows } from "./lookup-index-jobs.ts";
import { type IndexRoute, indexTokens } from "./lookup-kept.ts";
import { IndexPages } from "./lookup-pages.ts";
import { TOKEN_BYTES } from "./messages.ts";
import { blaming } from "./pair-jobs.ts";
import { padded } from "./token-jobs.ts";

/** A batch of questions: which one of its session, its inputs and how many elements they are padded to. */
export interface Batch {
  readonly number: number;
  readonly inputs: PackedInputs;
  readonly elements: number;
}

/** Checks that an asker's index can be opened. Gives the number of its tokens. */
export const openIndex: Job<[route: IndexRoute, sealed: Uint8Array], number> = job("psi.lookup.open");
/**
 * The request of one batch: H1(in(x)) + r_x·B for each question, then dummies. Blinds and dummies come from the vault's
 * `salt`, the transcript and the batch's number alone, so that its owner can make the request again for an auditor.
 */
export const blindBatch: Job<[batch: Batch, transcript: Uint8Array], Uint8Array> = job("psi.lookup.blind");
/**
 * Checks the proof of a reply, and only then makes the tokens of the questions and looks them up: a byte each, 1 for a
 * hit. Blinds are wiped. @throws {PsiError} `proof` or `element`, naming the holder.
 */
export const answerBatch: Job<
  [
    route: IndexRoute,
    prover: Prover,
    batch: Batch,
    request: Uint8Array,
    reply: Uint8Array,
    sealed: Uint8Array,
  ],
  Uint8Array
> = job("psi.lookup.answer");
/** The tokens of all hits so far, padded with random ones to `elements`, sorted. */
export const makeReport: Job<[elements: number, seed: Uint8Array], Uint8Array> = job("psi.lookup.report");
/** The positions of own inputs that a report names. */
export const reportedItems: Job<
  [route: IndexRoute, kept: Uint8Array, inputs: PackedInputs, report: Uint8Array],
  Uint32Array
> = job("psi.lookup.reported");

const HITS = "lookup/hits";

/** The code behind the jobs of this file. */
export function lookupJobs(backend: PsiBackend): readonly JobEntry[] {
  const { primitives } = backend;
  return [
    bind(openIndex, (vault, route, sealed) => {
      const pages = new IndexPages(primitives, vault, route, sealed);
      pages.close();
      return pages.tokens;
    }),
    bind(blindBatch, (vault, batch, transcript) => request(backend, vault, batch, transcript)),
    bind(answerBatch, (vault, route, prover, batch, request, reply, sealed) => {
      const evaluated = blaming(prover.prover, () => verified(backend, prover, batch, request, reply));
      const pages = new IndexPages(primitives, vault, route, sealed);
      try {
        return lookedUp(
          vault,
          pages,
          ownTokens(backend, vault, route, batch, { evaluated, key: prover.key }),
        );
      } finally {
        pages.close();
      }
    }),
    bind(makeReport, (vault, elements, seed) =>
      padded(primitives, vault.has(HITS) ? vault.get(HITS) : new Uint8Array(), elements, seed),
    ),
    bind(reportedItems, (vault, route, kept, inputs, report) =>
      reported(backend, vault, route, { kept, inputs, report }),
    ),
  ];
}

function request(
  backend: PsiBackend,
  vault: Vault,
  { number, inputs, elements }: Batch,
  transcript: Uint8Array,
): Uint8Array {
  const { primitives } = backend;
  const seed = kdf(primitives, vault.get("salt"), transcript, "lookup/blind", [number], 32);
  return blindItems(backend, vault, { items: inputsOf(inputs), elements }, seed, transcript);
}

/** The elements of a reply, once its proof holds. */
function verified(
  { group, primitives }: PsiBackend,
  prover: Prover,
  { number, elements }: Batch,
  request: Uint8Array,
  reply: Uint8Array,
): Uint8Array {
  const evaluated = reply.subarray(0, elements * 32);
  group.decodeCheck(evaluated); // attacker-controlled
  const statement = statementOf(prover, number, request, evaluated);
  verifyBatch(group, primitives, statement, reply.subarray(elements * 32));
  return evaluated;
}

/** The index tokens of a batch's questions from a verified reply. */
function ownTokens(
  backend: PsiBackend,
  vault: Vault,
  route: IndexRoute,
  { inputs }: Batch,
  { evaluated, key }: { readonly evaluated: Uint8Array; readonly key: Uint8Array },
): Uint8Array {
  const secrets = unblindItems(backend, vault, inputsOf(inputs), { evaluated, publicKey: key });
  try {
    return indexTokens(backend.primitives, route, secrets);
  } finally {
    wipe(secrets);
  }
}

/** Looks tokens up in the index, and keeps those that stand in it for the report. */
function lookedUp(vault: Vault, index: IndexPages, tokens: Uint8Array): Uint8Array {
  const hits = Uint8Array.from({ length: tokens.length / TOKEN_BYTES }, (_, at) =>
    index.has(tokens, at * TOKEN_BYTES) ? 1 : 0,
  );
  const found = Array.from(hits, (hit, at) => (hit === 1 ? rowAt(tokens, TOKEN_BYTES, at) : EMPTY));
  vault.put(HITS, concat(...(vault.has(HITS) ? [vault.get(HITS).slice()] : []), ...found));
  wipe(tokens);
  return hits;
}

const EMPTY = new Uint8Array();

/** Whether a token stands in an ascending list. */
function standsIn(list: Uint8Array, tokens: Uint8Array, from: number): boolean {
  let [low, high] = [0, list.length / TOKEN_BYTES];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = compareAt(list, middle * TOKEN_BYTES, tokens, from, TOKEN_BYTES);
    if (order === 0) return true;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return false;
}

function reported(
  backend: PsiBackend,
  vault: Vault,
  route: IndexRoute,
  {
    kept,
    inputs,
    report,
  }: { readonly kept: Uint8Array; readonly inputs: PackedInputs; readonly report: Uint8Array },
): Uint32Array {
  const { names, tokens } = publishedRows(backend, vault, route, kept);
  const named = new Set<string>();
  for (let at = 0; at < tokens.length / TOKEN_BYTES; at += 1) {
    if (standsIn(report, tokens, at * TOKEN_BYTES)) named.add(hex(names(at)));
  }
  const own = itemNames(backend, vault, inputs);
  const items = Array.from({ length: inputs.ends.length }, (_, at) => at);
  return Uint32Array.from(items.filter((at) => named.has(hex(rowAt(own, 16, at)))));
}
