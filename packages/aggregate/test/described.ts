// SPDX-License-Identifier: Apache-2.0
// Compares what left in a run with what the description says.
import type { Description, EgressRow, Sent, Simulated } from "@koplamp/protocol";
import { expect } from "vitest";

/** Everything that left is described, and everything described left: types, messages, bytes, outputs, releases. */
export function expectDescribed({ transcript }: Simulated, description: Description): void {
  expect(egressOf(transcript)).toEqual(sortedRows(description.egress));
  const lines = description.disclosures.map(({ id, from, to, via, release }) => [
    id,
    from,
    via ?? to,
    releasesOf(description, from).indexOf(release),
  ]);
  const left = transcript
    .filter(({ output }) => output !== undefined)
    .map(({ output, from, to, release }) => [output, from, to, release]);
  expect(left.sort(byText)).toEqual(lines.sort(byText));
}

/** The numbers of a party's releases in a session, in order: its own first one may come after another's. */
function releasesOf({ disclosures }: Description, party: string): readonly number[] {
  const own = disclosures.filter(({ from }) => from === party).map(({ release }) => release);
  return [...new Set(own)].sort((a, b) => a - b);
}

/** What left, added up by sender, recipient, way and type. */
function egressOf(transcript: readonly Sent[]): readonly EgressRow[] {
  const rows = new Map<string, EgressRow>();
  for (const { from, to, type, bytes, output } of transcript) {
    const channel = output === undefined ? "send" : "disclose";
    const name = [from, to, channel, type].join(" ");
    const before = rows.get(name) ?? { messages: 0, bytes: 0 };
    rows.set(name, {
      from,
      to,
      channel,
      what: type,
      messages: before.messages + 1,
      bytes: before.bytes + bytes.length,
    });
  }
  return sortedRows([...rows.values()]);
}

function sortedRows(rows: readonly EgressRow[]): readonly EgressRow[] {
  return [...rows].sort((a, b) =>
    byText([a.from, a.to, a.channel, a.what], [b.from, b.to, b.channel, b.what]),
  );
}

function byText(a: readonly unknown[], b: readonly unknown[]): number {
  return a.join(" ") < b.join(" ") ? -1 : 1;
}
