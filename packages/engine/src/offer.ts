// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import { type CatalogueEntry, offeredColumns, QueryError, readCatalogueEntry } from "@koplamp/query";
import { bucket, canonicalBytes, concat, type Hash, hex, type Input, type Table, utf8 } from "@koplamp/wire";
import { snapshotOf, specOf } from "./deconflict.ts";
import { asEngineError, EngineError, forOthers, unreachable } from "./errors.ts";
import {
  decodeMessage,
  encodeMessage,
  type Offered,
  type OfferRequest,
  offerForm,
  offerRequestForm,
} from "./messages.ts";
import type { NodePorts } from "./node-ports.ts";
import type { Refusal } from "./outcome.ts";
import { type Around, distinctCount } from "./remembered-table.ts";
import { within } from "./within.ts";

/** How long a party may take to read the source that it is asked about. */
const OFFER_MS = 600_000;

/** What this node offered for a question, and what it takes to find the same data again. */
export interface KeptOffer {
  readonly entry: CatalogueEntry;
  /** SHA-256 of the source as it was read. */
  readonly digest: Uint8Array;
  /** The salt of `entry.snapshot`. */
  readonly salt: Uint8Array;
  /** How many distinct keys the data have, of several alternatives under the one with most; absent without a key. */
  readonly keys?: number;
}

/** The offers of a node that may still become questions, by the hash that commits to their data. In memory only. */
export class Offers {
  readonly #kept = new Map<Hash, KeptOffer>();

  put(offer: KeptOffer): void {
    this.#kept.set(offer.entry.snapshot, offer);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST_OFFERS && oldest !== undefined) this.#kept.delete(oldest);
  }

  /** The offer that an input of a plan rests on, if the plan states exactly what was offered. */
  find(input: Input): KeptOffer | undefined {
    const kept = this.#kept.get(input.snapshot);
    return kept !== undefined && states(input, kept.entry) ? kept : undefined;
  }
}

const MOST_OFFERS = 1024;

function states(input: Input, entry: CatalogueEntry): boolean {
  const columns = input.columns.map((name) => entry.columns.find((column) => column.name === name));
  const bounds = columns.flatMap((column) =>
    column === undefined || column.min === null || column.max === null
      ? []
      : [{ column: column.name, min: column.min, max: column.max }],
  );
  return (
    input.dataset === entry.dataset &&
    input.rowsPadded === entry.rowsPadded &&
    input.maxRowsPerCell === entry.maxRowsPerCell &&
    columns.every((column, at) => column?.kind === input.kinds[at]) &&
    hex(canonicalBytes(bounds)) === hex(canonicalBytes(input.bounds))
  );
}

/**
 * What this node offers of a dataset for one question: declared columns, a padded size, bounds, and a salted
 * commitment to the data as they are now. Reads the data; no value and no true number is in it.
 * @throws {QueryError} `unknown-dataset`; {@link SourceError} when the data cannot be read.
 */
export async function offerOf(
  node: NodePorts,
  offers: Offers,
  request: OfferRequest,
): Promise<CatalogueEntry> {
  const { me, sources, scratch, rng, primitives, clock, membership } = node;
  const { dataset } = request;
  const spec = specOf(node, dataset);
  if (spec === undefined) throw unknownDataset(me, dataset, Object.keys(sources.specs));
  node.progress({ party: me, phase: "read" });
  const { table, digest } = await snapshotOf(node, dataset);
  const { count, keys } = await countsOf(table, request, { scratch, pause: () => clock.sleep(0) });
  const salt = rng(32);
  const commitment = primitives.hmacSha256(salt, concat(utf8("snapshot\u0000"), digest));
  const rowsPadded = bucket(count);
  const entry: CatalogueEntry = {
    party: me,
    dataset,
    columns: offeredColumns(
      spec,
      request.groups,
      membership.covenant.id.startsWith("lab/") ? table : undefined,
    ),
    rowsPadded,
    maxRowsPerCell: spec.maxRowsPerCell ?? rowsPadded,
    maxRowsPerSubject: spec.maxRowsPerSubject ?? null,
    snapshot: `sha256:${hex(commitment)}`,
  };
  offers.put({ entry, digest, salt, ...(keys === undefined ? {} : { keys }) });
  return entry;
}

/** What a question compares: the keys of all its alternatives together, so that no single one shows; without a key, rows. */
async function countsOf(
  table: Table,
  { key, anyKey }: OfferRequest,
  around: Around,
): Promise<{ readonly count: number; readonly keys?: number }> {
  const keys = anyKey ?? (key.length === 0 ? [] : [key]);
  const keyed = keys.length > 0 && keys.flat().every((name) => Object.hasOwn(table.columns, name));
  if (!keyed) return { count: table.rows };
  const counts: number[] = [];
  for (const columns of keys) counts.push(await distinctCount(table, columns, around));
  return { count: counts.reduce((sum, one) => sum + one, 0), keys: Math.max(...counts) };
}

function unknownDataset(party: PartyId, dataset: string, known: readonly string[]): QueryError {
  const hint = known.length === 0 ? `${party} offers nothing` : `offered: ${known.join(", ")}`;
  return new QueryError("unknown-dataset", `${party} offers no dataset "${dataset}"`, { party, hint });
}

/** The answer of a node that offers nothing, with the rule that says so. */
export function offerNone({ message, hint }: Pick<Refusal, "message" | "hint">): Uint8Array {
  return encodeMessage({ kind: "none", code: "refused", message, hint } satisfies Offered);
}

/** Answers another party's request for an offer. A fault is answered too: nobody waits for nothing. */
export async function answerOffer(
  node: NodePorts,
  offers: Offers,
  from: PartyId,
  body: Uint8Array,
): Promise<Uint8Array> {
  try {
    const entry = await offerOf(node, offers, decodeMessage(offerRequestForm, from, body));
    return encodeMessage({ kind: "entry", entry: canonicalBytes(entry) } satisfies Offered);
  } catch (reason) {
    const error = reason instanceof QueryError ? reason : forOthers(asEngineError(reason, node.me), node.me);
    const { code, message, hint } = error;
    node.log({ event: "offer.refused", party: node.me, peer: from, code });
    return encodeMessage({ kind: "none", code, message, hint } satisfies Offered);
  }
}

/**
 * Asks a party what it offers for a question.
 * @throws {QueryError} `unknown-dataset`, or {@link EngineError} with that party's own sentence, or `unreachable` when it
 * says nothing for ten minutes: the reading of a large source takes some.
 */
export async function requestOffer(
  node: NodePorts,
  party: PartyId,
  request: OfferRequest,
): Promise<CatalogueEntry> {
  const id = hex(node.rng(16));
  const asked = async (): Promise<Uint8Array> => {
    await node.post.send(party, `offer/${id}`, encodeMessage(request));
    return await node.post.receive(party, `offered/${id}`); // only now: whoever was given up is heard of again by its answer
  };
  const reply = await within(node.clock, OFFER_MS, asked());
  if (reply === undefined) {
    const silent = unreachable(
      party,
      `${party} said nothing of ${request.dataset} in ${OFFER_MS / 60_000} minutes`,
    );
    node.post.fail(`offered/${id}`, silent);
    throw silent;
  }
  const offered = decodeMessage(offerForm, party, reply);
  if (offered.kind === "entry") return readCatalogueEntry(party, offered.entry);
  const { code, message, hint } = offered;
  if (code === "unknown-dataset") throw new QueryError(code, message, { party, hint });
  const known = (["source", "refused"] as const).find((one) => one === code);
  throw new EngineError(known ?? "stopped", party, message, hint);
}

/**
 * What this node brings to a run of a standing question: the same dataset, declared as it was when people approved, with
 * the data as they are now. Where no bound of rows in a cell is declared, the one that was approved stays.
 * @throws {EngineError} `source` when it is declared otherwise; {@link SourceError} when it cannot be read.
 */
export async function freshOffer(node: NodePorts, input: Input): Promise<KeptOffer> {
  const { dataset } = input;
  const offers = new Offers();
  const { snapshot, rowsPadded } = await offerOf(node, offers, { dataset, key: [], groups: [] });
  const declared = node.sources.specs[dataset]?.maxRowsPerCell !== undefined;
  const maxRowsPerCell = declared ? input.maxRowsPerCell : rowsPadded;
  const offer = offers.find({ ...input, snapshot, rowsPadded, maxRowsPerCell });
  if (offer !== undefined) return offer;
  throw new EngineError(
    "source",
    node.me,
    `dataset ${dataset} of ${node.me} is declared otherwise than when the question was approved`,
    "ask anew: people approve what is declared now",
  );
}
