// SPDX-License-Identifier: Apache-2.0
// What somebody signs with a key of their own to put an interest in the register of their agency, or to take one back.
import { randomFillSync } from "node:crypto";
import { type InterestSaid, type SignedBytes, signInterest } from "@koplamp/covenant";
import { wipe } from "@koplamp/crypto";
import type { KeptInterest } from "@koplamp/engine";
import { nodePrimitives } from "@koplamp/pool";
import { readPersonKey } from "@koplamp/store";
import {
  base64,
  canonicalText,
  documentHash,
  fromBase64,
  type OwnInterest,
  type Time,
  timeText,
} from "@koplamp/wire";
import type { NodeClient } from "./client.ts";

/**
 * Adds an interest at the own node, signed with the key in this file; without one a trial's node signs. Gives its name.
 * @throws {StoreError} for the key; {@link EngineError} `refused`.
 */
export async function addInterestAt(
  client: NodeClient,
  own: OwnInterest,
  keyFile: string | undefined,
): Promise<string> {
  if (keyFile === undefined) return await client.addInterest(own);
  return await client.addInterest(own, await signed(client, keyFile, { action: "add", own, previous: null }));
}

/**
 * Adds all that is listed, as {@link addInterestAt} adds one; what is in the register already and still runs stays as it
 * is. Gives the names of those that were added, as far as it came.
 */
export async function* addInterestsAt(
  client: NodeClient,
  listed: readonly OwnInterest[],
  keyFile: string | undefined,
): AsyncGenerator<string, void> {
  const now = timeText(Date.now());
  const live = (await client.interests()).filter((kept) => runs(kept, now));
  for (const own of listed) if (!live.some(sameAs(own))) yield await addInterestAt(client, own, keyFile);
}

/** Whether an interest still runs. */
export function runs({ withdrawn, expires }: KeptInterest, now: Time): boolean {
  return withdrawn === null && now < expires;
}

/** Whether another is the same interest of the same case and desk, with the same end; whoever added it. */
export function sameAs(one: OwnInterest): (other: OwnInterest) => boolean {
  const textOf = ({ interest, reference, desk, expires }: OwnInterest): string =>
    canonicalText({ interest, reference, desk, expires });
  const text = textOf(one);
  return (other) => textOf(other) === text;
}

/** Takes an interest back at the own node, as {@link addInterestAt} adds one. */
export async function withdrawInterestAt(
  client: NodeClient,
  { id, acts }: KeptInterest,
  by: string,
  keyFile: string | undefined,
): Promise<void> {
  if (keyFile === undefined) return await client.withdrawInterest(id, by);
  const added = acts.find(({ act }) => act === "add")?.signed?.bytes ?? "";
  const previous = documentHash(nodePrimitives().sha256, fromBase64(added));
  const word = await signed(client, keyFile, { action: "withdraw", own: null, previous });
  await client.withdrawInterest(id, by, word);
}

async function signed(
  client: NodeClient,
  keyFile: string,
  said: Omit<InterestSaid, "party" | "covenantHash">,
): Promise<SignedBytes> {
  const { party, covenant: covenantHash } = await client.status();
  const seed = readPersonKey(keyFile);
  try {
    const salt = base64(randomFillSync(new Uint8Array(32)));
    const signer = { seed, salt, now: timeText(Date.now()), primitives: nodePrimitives() };
    return signInterest({ party, covenantHash, ...said }, signer);
  } finally {
    wipe(seed);
  }
}
