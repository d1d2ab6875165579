// SPDX-License-Identifier: Apache-2.0
// Promises about the ledgers: what was logged, that it is what the contract lists, and when.
import { type Contract, type EntryBodies, hex, timeMs, timeText } from "@koplamp/wire";
import type { BundledEntry } from "./bundle.ts";
import { LedgerError } from "./errors.ts";
import { documentsOf, type Evidence, type Founding } from "./evidence.ts";
import { readVerifierKey, type VerifierKey } from "./note.ts";
import { type LedgerTrust, type Logged, verifyLogged } from "./proof.ts";
import { type Finding, fail, pass, skip } from "./report.ts";
import { SKEW_MS, untimely } from "./timely.ts";

/** An entry with what its proof shows. */
export interface ProvenEntry extends BundledEntry {
  readonly logged: Logged;
}

/** A disclosure by its entry: of an output, or of an allowance. */
export interface LoggedDisclosure {
  readonly entry: ProvenEntry;
  readonly id: string;
  readonly session: string;
  readonly frame: string;
  readonly to: readonly string[];
  readonly contractHash: string;
}

/** Every entry against its ledger's key, its quorum and the plan. */
export function checkLedgers(evidence: Evidence): {
  readonly finding: Finding;
  readonly value?: readonly ProvenEntry[];
} {
  const { bundle, founding } = evidence;
  if (founding === undefined) return { finding: skip("the roster does not say whose keys count") };
  if (bundle.entries.length === 0) return { finding: fail("no entry of any ledger") };
  const checked = bundle.entries.map((one) => proveEntry(evidence, founding, one));
  const broken = checked.find((one) => typeof one === "string");
  if (broken !== undefined) return { finding: fail(broken) };
  const proven = checked.filter((one) => typeof one !== "string");
  const least = Math.min(...proven.map(({ logged }) => logged.cosignatures.length));
  const split = splitView(proven);
  if (split !== undefined) return { finding: fail(split) };
  return { finding: pass(`${proven.length} entries included; cosigned by ${least} or more`), value: proven };
}

/** The entry with what its proof shows, or why it does not hold. */
function proveEntry(evidence: Evidence, founding: Founding, one: BundledEntry): ProvenEntry | string {
  const { bundle, primitives } = evidence;
  const place = `entry ${one.index} of ${one.party}`;
  try {
    const logged = verifyLogged(primitives, one.leaf, one.proof, trustIn(evidence, founding, one.party));
    if (one.entry.ledger !== logged.checkpoint.origin) return `${place} is of another ledger`;
    const { planHash } = one.entry;
    if (planHash !== null && planHash !== bundle.index.planHash) return `${place} is of another question`;
    return { ...one, logged };
  } catch (error) {
    if (error instanceof LedgerError) return `${place}: ${error.message}`;
    throw error;
  }
}

/** Disclosures are the contract's lines, each as often as it may be, and nothing else. */
export function checkDisclosed(
  { bundle, contract }: Evidence,
  proven: readonly ProvenEntry[] | undefined,
): Finding {
  if (contract === undefined || proven === undefined) return skip("no contract, or no ledgers, to compare");
  const disclosures = disclosuresIn(proven);
  for (const one of disclosures) {
    const line = lineOf(contract, one);
    const what = `${one.id} of ${one.entry.party}`;
    if (line === undefined) return fail(`${what} is not in the contract`);
    if (one.contractHash !== bundle.index.contractHash)
      return fail(`${what} was disclosed under another contract`);
    if (!one.to.every((party) => recipientsOf(contract, line).includes(party)))
      return fail(`${what} went to somebody whom the contract does not name`);
  }
  const wrong = contract.disclosures.find((line) => !isComplete(contract, line, disclosures, proven));
  if (wrong !== undefined)
    return fail(`${wrong.id} of ${wrong.from} is not there as often as the contract says`);
  const listed = disclosures.filter(({ entry }) => entry.entry.type === "disclose");
  const rights = disclosures.length - listed.length;
  const named = [...new Set(listed.map(({ id, to }) => `${id} → ${to.join(", ")}`))].join("; ");
  const allowed = rights === 0 ? "" : `; ${rights} rights to evaluate`;
  return pass(`${named === "" ? "nothing" : named}${allowed}${lostText(proven)}; nothing else`);
}

function lostText(proven: readonly ProvenEntry[]): string {
  const { size } = new Set([...supersededIn(proven)].map((name) => name.split(" ")[1]));
  return size === 0 ? "" : `; sessions that were lost and run again: ${size}`;
}

/** begin ≤ disclose ≤ cosignatures ≤ receipt, for every disclosure; within one ledger by place, between clocks by A5. */
export function checkOrder({ bundle }: Evidence, proven: readonly ProvenEntry[] | undefined): Finding {
  if (proven === undefined) return skip("no ledgers to compare");
  const times: Times[] = [];
  for (const one of disclosuresIn(proven)) {
    const { entry, session, frame } = one;
    const begin = proven.find((other) => isBegin(other, entry.party, session));
    const what = `${one.id} of ${entry.party}`;
    if (begin === undefined || begin.index >= entry.index || begin.entry.at > entry.entry.at)
      return fail(`${what} was logged before its session began`);
    const [begun, logged] = [timeMs(begin.entry.at), timeMs(entry.entry.at)];
    const witnessed = Math.max(...entry.logged.cosignatures.map(({ time }) => time * 1000));
    const wrong = untimely(entry.entry, witnessed);
    if (wrong !== undefined) return fail(`${what} ${wrong}`);
    const receipts = documentsOf(bundle, "receipt/v1").filter(({ value }) => value.frame === frame);
    if (receipts.some(({ value }) => witnessed > timeMs(value.at) + SKEW_MS))
      return fail(`${what} was received before it was witnessed`);
    times.push({ begun, logged, witnessed });
  }
  if (times.length === 0) return skip("nothing was disclosed");
  const last = (of: (row: Times) => number): string => timeText(Math.max(...times.map(of))).slice(11, 19);
  const [begun, logged] = [last((row) => row.begun), last((row) => row.logged)];
  return pass(`begun ${begun}, logged ${logged}, witnessed ${last((row) => row.witnessed)}`);
}

interface Times {
  readonly begun: number;
  readonly logged: number;
  readonly witnessed: number;
}

/** Every entry by which something was disclosed. */
export function disclosuresIn(proven: readonly ProvenEntry[]): readonly LoggedDisclosure[] {
  return proven.flatMap((entry) => {
    const { type, body } = entry.entry;
    // The casts are safe because the reader of entries has checked the body against its type.
    if (type === "disclose") {
      const { disclosure, session, frame, to, contractHash } = body as unknown as EntryBodies["disclose"];
      return [{ entry, id: disclosure, session, frame, to, contractHash }];
    }
    if (type !== "allow") return [];
    const allow = body as unknown as EntryBodies["allow"];
    const { disclosure = "", session = allow.case ?? "", frame = "", asker, contractHash = "" } = allow;
    return [{ entry, id: disclosure, session, frame, to: [asker], contractHash }];
  });
}

type Line = Contract["disclosures"][number];

function lineOf(contract: Contract, { id, entry, to }: LoggedDisclosure): Line | undefined {
  return contract.disclosures.find(
    (line) => line.id === id && line.from === entry.party && to.includes(line.via ?? line.to),
  );
}

/** Whom a line names: where it goes, and who learns its output. */
function recipientsOf({ outputs }: Contract, { to, via, output }: Line): readonly string[] {
  return [to, via ?? to, ...outputs.filter(({ id }) => id === output).map((row) => row.to)];
}

/** As often as the contract says; a right to evaluate at most so often, since nothing is evaluated twice. */
function isComplete(
  contract: Contract,
  line: Line,
  disclosures: readonly LoggedDisclosure[],
  proven: readonly ProvenEntry[],
): boolean {
  const superseded = supersededIn(proven);
  const lasting = disclosures.filter((one) => !superseded.has(sessionOf(one)));
  const count = lasting.filter((one) => lineOf(contract, one) === line).length;
  const most = line.perShard * line.shards;
  const isRight = contract.outputs.some(({ id, fact }) => id === line.output && fact === "test-evaluated");
  return isRight ? count <= most : count === most;
}

/** Which shard of how many a session is of, and which repeat of it. */
const SHARD = /^(\d+\/\d+)(?:\/([12]))?$/;

/** The shard that a `begin` names, without the number of the repeat; undefined for keys and evaluations. */
export function shardOf({ body }: Pick<BundledEntry["entry"], "body">): string | undefined {
  return SHARD.exec(String(body["shard"]))?.[1];
}

/** A session at a party, as `supersededIn` names it. */
export function sessionOf({ entry, session }: Pick<LoggedDisclosure, "entry" | "session">): string {
  return `${entry.party} ${session}`;
}

/**
 * Sessions that were lost, by party: the same party began a later repeat of the same shard, of which there are two at
 * most. What was disclosed in one of these went to those whom the contract names, and nobody acknowledged it.
 */
export function supersededIn(proven: readonly ProvenEntry[]): ReadonlySet<string> {
  const begun = proven.filter(({ entry }) => entry.type === "begin" && shardOf(entry) !== undefined);
  const lost = begun.filter((one) =>
    begun.some(
      (other) =>
        other.party === one.party &&
        shardOf(other.entry) === shardOf(one.entry) &&
        repeatOf(other.entry) > repeatOf(one.entry),
    ),
  );
  return new Set(lost.map((entry) => sessionOf({ entry, session: String(entry.entry.body["session"]) })));
}

function repeatOf({ body }: BundledEntry["entry"]): number {
  return Number(SHARD.exec(String(body["shard"]))?.[2] ?? 0);
}

function isBegin({ entry, party }: ProvenEntry, of: string, session: string): boolean {
  return party === of && entry.type === "begin" && entry.body["session"] === session;
}

/** Two roots of one ledger at one size, if there are any. */
function splitView(proven: readonly ProvenEntry[]): string | undefined {
  const roots = new Map<string, string>();
  for (const { party, logged } of proven) {
    const name = `${party} ${logged.checkpoint.size}`;
    const root = hex(logged.checkpoint.root);
    if ((roots.get(name) ?? root) !== root) return `the ledger of ${party} shows two histories`;
    roots.set(name, root);
  }
  return undefined;
}

function trustIn(
  { primitives }: Evidence,
  { cards, covenant, roster }: Founding,
  party: string,
): LedgerTrust {
  const read = (text: string): VerifierKey => readVerifierKey(primitives.sha256, text);
  const card = cards.get(party);
  if (card === undefined) throw new LedgerError("signature", "no party on the roster");
  const ledger = read(card.ledger);
  const others = [...cards.values()].filter((other) => other.party !== party).map(({ witness }) => witness);
  const outside = covenant.witnesses.external.map(({ vkey }) => vkey);
  return {
    origin: ledger.name,
    ledger,
    witnesses: [...others, ...outside].map(read),
    quorum: roster.witnessQuorum,
  };
}
