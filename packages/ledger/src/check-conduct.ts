// SPDX-License-Identifier: Apache-2.0
// Promises about what the machines did: what left them by their own account, and what came.
import type { Contract, Egress, EgressLine, Receipt } from "@koplamp/wire";
import type { BundledDocument, ReadBundle } from "./bundle.ts";
import {
  disclosuresIn,
  type LoggedDisclosure,
  type ProvenEntry,
  sessionOf,
  supersededIn,
} from "./check-ledgers.ts";
import { documentsOf, type Evidence, type Founding, leavesOut, signedBy } from "./evidence.ts";
import { type Finding, fail, pass, skip } from "./report.ts";

type Row = Omit<EgressLine, "from">;

/** Rows that are upper bounds: what was prepared before is not prepared again. */
const PREPARATION = /^(?:keyset|evaluate|index)\./;

/** The account of every node that sends anything: signed by it, and no row above the contract's. */
export function checkEgress({ bundle, founding, contract }: Evidence): Finding {
  if (contract === undefined || founding === undefined) return skip("no contract to compare");
  const accounts = documentsOf(bundle, "egress/v1");
  const nodes = [...new Set(contract.egress.map(({ from }) => from))].filter(
    (from) => from !== "coordinator",
  );
  const counted = new Set([...nodes, ...accounts.map(({ value }) => value.from)]);
  const foreign = accounts
    .map((account) => notOwn(account, bundle, founding))
    .find((found) => found !== undefined);
  if (foreign !== undefined) return fail(foreign);
  const all = accounts.map(({ value }) => value);
  const above = [...counted]
    .map((from) => rowAbove(contract, from, all))
    .find((found) => found !== undefined);
  if (above !== undefined) return fail(above);
  const missing = nodes.filter((from) => !all.some((account) => account.from === from));
  if (missing.length > 0 && leavesOut(bundle, "egress/v1")) return skip(`left out: ${missing.join(", ")}`);
  if (missing.length > 0) return fail(`no account of ${missing.join(", ")}`);
  const equal = nodes.filter((from) => isEqual(contract, from, all)).length;
  return pass(`bytes out equal the contract at ${equal} of ${nodes.length} nodes, and are nowhere above it`);
}

/** Why an account is not one of its node for this question, if it is not. */
function notOwn(
  account: BundledDocument & { readonly value: Egress },
  { index }: ReadBundle,
  { cards }: Founding,
): string | undefined {
  const { from, planHash, contractHash } = account.value;
  const card = cards.get(from);
  if (card === undefined || !signedBy(account, [card.identity]))
    return `an account of ${from} is not its own`;
  const same = planHash === index.planHash && contractHash === index.contractHash;
  return same ? undefined : `an account of ${from} is of another question`;
}

/** A receipt for every output that was disclosed, by whom it went to; or the sender's word that none came. */
export function checkReceipts(
  { bundle, founding }: Evidence,
  proven: readonly ProvenEntry[] | undefined,
): Finding {
  if (founding === undefined || proven === undefined) return skip("no ledgers to compare");
  const disclosures = disclosuresIn(proven);
  const receipts = documentsOf(bundle, "receipt/v1");
  const { planHash } = bundle.index;
  const forged = receipts.map((receipt) => forgedReceipt(receipt, founding, disclosures, planHash));
  const [first] = forged.filter((found) => found !== undefined);
  if (first !== undefined) return fail(first);
  const lost = supersededIn(proven);
  const due = disclosures.filter(
    (one) => one.entry.entry.type === "disclose" && !lost.has(sessionOf(one)), // nobody waits for what is run again
  );
  const open = due.filter((one) => !receipts.some(({ value }) => isReceiptOf(value, one, planHash)));
  const count = `${due.length - open.length} of ${due.length}`;
  if (open.length === 0) return pass(count);
  if (leavesOut(bundle, "receipt/v1")) return skip(`${count}; others are left out`);
  const silent = open.find((one) => !proven.some((entry) => isUndelivered(entry, one)));
  if (silent !== undefined)
    return fail(`${count}; nobody acknowledged ${silent.id} of ${silent.entry.party}`);
  return skip(`${count}; the senders have recorded that no others came`);
}

/** Why a receipt counts for nothing, if it does not. */
function forgedReceipt(
  receipt: BundledDocument & { readonly value: Receipt },
  { roster, cards }: Founding,
  disclosures: readonly LoggedDisclosure[],
  planHash: string,
): string | undefined {
  const { to, from, disclosure } = receipt.value;
  const identity = to === "coordinator" ? roster.coordinator.identity : cards.get(to)?.identity;
  if (identity === undefined || !signedBy(receipt, [identity])) return `a receipt of ${to} is not its own`;
  const isFor = disclosures.some((one) => isReceiptOf(receipt.value, one, planHash));
  return isFor ? undefined : `a receipt of ${to} for ${disclosure} of ${from} is for nothing that was logged`;
}

/** Why a node's account is above the contract, if it is. */
function rowAbove(contract: Contract, from: string, accounts: readonly Egress[]): string | undefined {
  const own = accounts.filter((account) => account.from === from);
  for (const row of sums(own)) {
    const listed = contract.egress.find((line) => line.from === from && sameRow(line, row));
    if (listed === undefined) return `${row.what} of ${from} to ${row.to} is not in the contract`;
    if (row.messages > listed.messages || row.bytes > listed.bytes)
      return `more ${row.what} left ${from} for ${row.to} than the contract lists`;
  }
  const claims = own.some(({ equalsContract }) => equalsContract);
  return claims && !isEqual(contract, from, accounts)
    ? `${from} claims an equal account, and it is below`
    : undefined;
}

/** Whether everything left that the contract lists, but for what may have been prepared before. */
function isEqual(contract: Contract, from: string, accounts: readonly Egress[]): boolean {
  const left = sums(accounts.filter((account) => account.from === from));
  const listed = contract.egress.filter(
    (line) => line.from === from && line.messages > 0 && !PREPARATION.test(line.what),
  );
  return listed.every((line) =>
    left.some((row) => sameRow(line, row) && row.messages === line.messages && row.bytes === line.bytes),
  );
}

/** The rows of all accounts of one node, added up. */
function sums(accounts: readonly Egress[]): readonly Row[] {
  const rows: Row[] = [];
  for (const row of accounts.flatMap((account) => account.rows)) {
    const at = rows.findIndex((other) => sameRow(other, row));
    const before = rows[at];
    if (before === undefined) rows.push(row);
    else rows[at] = { ...row, messages: before.messages + row.messages, bytes: before.bytes + row.bytes };
  }
  return rows;
}

function sameRow(a: Row, b: Row): boolean {
  return a.to === b.to && a.channel === b.channel && a.what === b.what;
}

function isReceiptOf(
  receipt: Receipt,
  { entry, id, session, frame, to }: LoggedDisclosure,
  planHash: string,
): boolean {
  const { party } = entry;
  const same = receipt.from === party && receipt.disclosure === id && receipt.session === session;
  const bytes = entry.entry.body["bytes"] ?? receipt.bytes; // an allowance does not state its length
  return (
    same &&
    receipt.planHash === planHash &&
    receipt.frame === frame &&
    to.includes(receipt.to) &&
    receipt.bytes === bytes
  );
}

function isUndelivered({ entry, party }: ProvenEntry, one: LoggedDisclosure): boolean {
  const { session, disclosure } = entry.body;
  return (
    entry.type === "undelivered" &&
    party === one.entry.party &&
    session === one.session &&
    disclosure === one.id
  );
}
