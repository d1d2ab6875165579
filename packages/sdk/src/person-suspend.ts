// SPDX-License-Identifier: Apache-2.0
// What an officer signs with a key of their own: the own node halts, or goes on.
import { randomFillSync } from "node:crypto";
import { type SignedBytes, signSuspension } from "@koplamp/covenant";
import { wipe } from "@koplamp/crypto";
import { nodePrimitives } from "@koplamp/pool";
import { readPersonKey } from "@koplamp/store";
import { base64, type Suspension, type Text, timeText } from "@koplamp/wire";
import type { NodeClient } from "./client.ts";
import { SdkError } from "./errors.ts";

/** What the officer wants, and why. */
export type OfficersWish = Pick<Suspension, "action"> & { readonly reason: Text | null };

/**
 * Halts the own node, or lets it go on, with the key of an officer on its card. It holds at once, and the others hear it.
 * @throws {SdkError} `state` where nothing is to be resumed; {@link StoreError} for the key; {@link EngineError} `refused` when it is no officer's, or changes nothing.
 */
export async function suspendNode(
  client: NodeClient,
  keyFile: string,
  { action, reason }: OfficersWish,
): Promise<{ readonly party: string }> {
  const { party, covenant: covenantHash } = await client.status();
  const last = await client.suspension();
  if (action === "resume" && last?.action !== "suspend")
    throw new SdkError("state", `the node of ${party} is not suspended`, "koplamp suspend halts it");
  const previous = last?.hash ?? null;
  const seed = readPersonKey(keyFile);
  try {
    const signed: SignedBytes = signSuspension(
      { party, covenantHash, action, previous, reason },
      {
        seed,
        salt: base64(randomFillSync(new Uint8Array(32))),
        now: timeText(Date.now()),
        primitives: nodePrimitives(),
      },
    );
    await client.suspend(signed);
    return { party };
  } finally {
    wipe(seed);
  }
}
