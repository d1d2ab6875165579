// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import type { Post } from "@koplamp/wire";

/**
 * Gives `body` to every party of `to` and waits for the messages of `from` under the same topic.
 * Rejects as soon as one of them cannot come (`PeerLost`, or what the topic was failed with).
 */
export async function exchange(
  post: Post,
  topic: string,
  body: Uint8Array,
  to: readonly PartyId[],
  from: readonly PartyId[] = to,
): Promise<ReadonlyMap<PartyId, Uint8Array>> {
  const theirs = Promise.all(from.map(async (party) => [party, await post.receive(party, topic)] as const));
  await Promise.all([theirs, ...to.map((party) => post.send(party, topic, body))]);
  return new Map(await theirs);
}
