// SPDX-License-Identifier: Apache-2.0
// What the desks of two agencies look at, compared: the items of the own register, and what both note when they meet.
import type { PartyId } from "@koplamp/protocol";
import {
  canonicalBytes,
  type DatasetSpec,
  hex,
  INTERESTS,
  type InputContext,
  inputEncoder,
  interestItems,
  listOf,
  type PresenceGrid,
  packInputs,
  type Table,
  timeText,
  utf8,
} from "@koplamp/wire";
import { interestsOf, isLive, type KeptInterest, withMeetings } from "./interest-book.ts";
import type { Items } from "./items.ts";
import type { NodePorts } from "./node-ports.ts";
import type { Snapshot } from "./ports.ts";

/** The register as a list of this node's: anybody may hear that there is one, and its padded size is always the same. */
export const REGISTER: DatasetSpec = {
  file: "",
  nulls: [],
  columns: { [INTERESTS.column]: { kind: "opaque" } },
};

/** What anybody is told is in it. */
export const NO_ROWS: Table = { rows: 0, columns: { [INTERESTS.column]: [] } };

/** How a dataset of this node is declared, if there is one of that name. */
export function specOf({ sources }: NodePorts, dataset: string): DatasetSpec | undefined {
  if (dataset === INTERESTS.dataset) return REGISTER;
  return Object.hasOwn(sources.specs, dataset) ? sources.specs[dataset] : undefined;
}

/**
 * A dataset as it is now. Of the register no rows: what is in it is taken when a run begins, and never what was offered,
 * so that a withdrawal holds at once.
 */
export async function snapshotOf({ sources, primitives }: NodePorts, dataset: string): Promise<Snapshot> {
  if (dataset !== INTERESTS.dataset) return await sources.snapshot(dataset);
  return { table: NO_ROWS, quality: {}, digest: primitives.sha256(utf8("koplamp.interests/v1")) };
}

/** The items of everything in the own register that runs now, each once. An item is a hash: no text of it goes further. */
export function ownItems(node: NodePorts, grid: PresenceGrid, context: InputContext): Items {
  const keys = [...idsByItem(node, grid).keys()].sort().map((item) => [item]);
  return { list: listOf(packInputs(keys.map(inputEncoder(context)))) };
}

/**
 * What in the own register meets these items of a party and still runs here, with the meeting noted: what was withdrawn or
 * has expired since meets nobody.
 */
export function meetingsOf(
  node: NodePorts,
  party: PartyId,
  grid: PresenceGrid,
  met: readonly (readonly string[])[],
): readonly KeptInterest[] {
  const byItem = idsByItem(node, grid); // as it is now
  const live = met.flatMap(([item = ""]) => (byItem.has(item) ? [item] : []));
  const noted = withMeetings(node, party, new Set(live.flatMap((item) => byItem.get(item) ?? [])));
  if (noted.length > 0) node.log({ event: "interest.met", party: node.me, peer: party, count: noted.length });
  return noted;
}

function idsByItem(node: NodePorts, grid: PresenceGrid): ReadonlyMap<string, readonly string[]> {
  const now = timeText(node.clock.now());
  const ids = new Map<string, readonly string[]>();
  for (const kept of interestsOf(node).filter((one) => isLive(one, now))) {
    for (const item of interestItems(kept.interest, grid)) {
      const name = hex(node.primitives.sha256(canonicalBytes(item)));
      ids.set(name, [...(ids.get(name) ?? []), kept.id]);
    }
  }
  return ids;
}
