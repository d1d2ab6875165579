// SPDX-License-Identifier: Apache-2.0

import { type Group, loadSodium, type Primitives } from "@koplamp/crypto";
import { nodePrimitives } from "@koplamp/pool";
import { bind, type PartyId } from "@koplamp/protocol";
import {
  type BulkSession,
  bulkPair,
  bulkPairDealer,
  bulkPairParty,
  type Matched,
  meter,
  psiJobs,
  tellMatches,
} from "@koplamp/psi";
import { bucket, concat, inputEncoder, lp, NORM_VERSION, type PackedInputs, utf8 } from "@koplamp/wire";
import type { BenchCase, BenchRun } from "./bench-record.ts";
import { type BenchParty, BenchWorld, benchRng, COORDINATOR } from "./bench-session.ts";
import { SdkError } from "./errors.ts";

/** The jobs of a bulk match, by what they are for. */
const PHASES: Readonly<Record<string, string>> = {
  "psi.bulk.list": "list",
  "psi.bulk.deal": "dealer",
  "psi.bulk.encode": "encode",
  "psi.bulk.tokens": "tokens",
  "psi.bulk.join": "join",
  "psi.silent.offer": "correlation",
  "psi.silent.mask": "correlation",
  "psi.silent.grow": "correlation",
  "psi.silent.take": "correlation",
};
/** The parts of the suite, and who deals in each. */
const DEALERS: Readonly<Record<string, PartyId | undefined>> = { bulk: COORDINATOR, undealt: undefined };
const PARTIES: readonly [PartyId, PartyId] = ["party-01", "party-02"];
/** What stands before the values of each item, about as long as in the example agreements. */
const encode = inputEncoder({
  covenantId: "agreement-2026",
  purposeId: "transit-risk-analysis",
  epoch: "2026-W48",
  keySpec: "person-name+date",
  normVersion: NORM_VERSION,
});
const DATE = "1970-01-01";
/** Digits of the number of an item, which is its other value. */
const DIGITS = 9;

/**
 * `bulk-pair/1` between two parties that hold `size` items each, half of them in common. The second one is the recipient. In
 * the part `bulk` the coordinator deals, in `undealt` nobody: the two make the correlation themselves.
 * @throws {SdkError} when the answer differs from that of the plain lists: the run is void.
 */
export async function benchBulk({ size, runs, only = Object.keys(DEALERS) }: BenchCase): Promise<{
  readonly backend: string;
  readonly parts: Readonly<Record<string, readonly BenchRun[]>>;
}> {
  const primitives = nodePrimitives();
  const group = await loadSodium();
  const parts: Record<string, readonly BenchRun[]> = {};
  for (const part of only) parts[part] = await measured({ group, primitives }, DEALERS[part], size, runs);
  return { backend: "tables", parts };
}

async function measured(
  backend: { readonly group: Group; readonly primitives: Primitives },
  dealer: PartyId | undefined,
  size: number,
  runs: number,
): Promise<readonly BenchRun[]> {
  const table = new Map([...psiJobs(backend), bind(meter, (_vault, _request) => {})]);
  const world = new BenchWorld(table, (job) => PHASES[job] ?? "rest");
  const common = Math.floor(size / 2);
  const lists = [itemsFrom(0, size), itemsFrom(size - common, size)] as const;
  const costs: BenchRun[] = [];
  for (let run = 0; run < runs; run += 1) {
    const session = { ...sessionOf(size, backend.primitives.sha256), dealer };
    const { value, run: cost } = await world.measure(PARTIES.length, () =>
      world.session<Matched | undefined>(nodesOf(session, lists)),
    );
    const matched = value.get(PARTIES[1]);
    const told = matched === undefined ? [] : tellMatches(matched, "nothing", 2);
    if (told.length !== common || told.some(({ item }, at) => item !== at)) {
      throw new SdkError(
        "state",
        "the answer of the bulk match is wrong",
        "the run is void: report it as a bug",
      );
    }
    costs.push(cost);
  }
  return costs;
}

/** Bytes an item that go between the two parties: what a dealer sends is apart. */
export function bulkBytesBetween(part: string, size: number): number {
  const rowsPadded = Object.fromEntries(PARTIES.map((name) => [name, bucket(size)]));
  const described = { parties: PARTIES, recipients: [PARTIES[1]], rowsPadded, dealer: DEALERS[part] };
  const rows = bulkPair.describe(described).egress.filter(({ from }) => from !== COORDINATOR);
  return rows.reduce((sum, { bytes }) => sum + bytes, 0) / size;
}

/** Items of one length. Each is a copy of the first with other digits: to encode a million takes gigabytes for a moment. */
function itemsFrom(first: number, size: number): PackedInputs {
  const item = encode(["0".repeat(DIGITS), DATE]);
  const digits = item.length - DATE.length - 2 - DIGITS;
  const bytes = new Uint8Array(size * item.length);
  const ends = Uint32Array.from({ length: size }, (_, at) => (at + 1) * item.length);
  for (let at = 0; at < size; at += 1) {
    bytes.set(item, at * item.length);
    bytes.set(utf8(String(first + at).padStart(DIGITS, "0")), at * item.length + digits);
  }
  return { bytes, ends };
}

function sessionOf(
  size: number,
  sha256: (bytes: Uint8Array) => Uint8Array,
): Omit<BulkSession, "me" | "dealer"> {
  const transcript = benchRng(32);
  return {
    parties: PARTIES,
    recipients: [PARTIES[1]],
    transcript,
    sid: sha256(concat(lp("koplamp/sid/1"), transcript)),
    rowsPadded: Object.fromEntries(PARTIES.map((name) => [name, bucket(size)])),
  };
}

function nodesOf(
  session: Omit<BulkSession, "me">,
  lists: readonly [PackedInputs, PackedInputs],
): Readonly<Record<PartyId, BenchParty<Matched | undefined>>> {
  const nodes = PARTIES.map((me, at): readonly [PartyId, BenchParty<Matched>] => {
    const inputs = lists[at === 0 ? 0 : 1];
    const start = async () => bulkPairParty({ ...session, me, inputs }, benchRng);
    return [me, { secrets: { salt: benchRng(32) }, start }];
  });
  const { dealer: me } = session;
  if (me === undefined) return Object.fromEntries(nodes);
  const dealer: BenchParty<undefined> = {
    secrets: {},
    start: async () => bulkPairDealer({ ...session, me }, benchRng),
  };
  return { ...Object.fromEntries(nodes), [me]: dealer };
}
