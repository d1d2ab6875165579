// SPDX-License-Identifier: Apache-2.0
import { randomFillSync } from "node:crypto";
import { signWithdrawal } from "@koplamp/covenant";
import { wipe } from "@koplamp/crypto";
import { nodePrimitives } from "@koplamp/pool";
import { readCovenantSeed } from "@koplamp/store";
import { base64, type Hash, type Text, timeText } from "@koplamp/wire";
import type { NodeClient } from "./client.ts";

/**
 * Takes the agency out of the covenant of its node, at once and for good: signed with its covenant key, applied by its
 * own node first, and told to every other.
 * @throws {StoreError} for the key; {@link EngineError} `refused` when it is not the agency's; {@link ClientError}.
 */
export async function withdrawFrom(
  client: NodeClient,
  keyFile: string,
  reason: Text,
): Promise<{ readonly party: string; readonly covenantHash: Hash }> {
  const { party, covenant: covenantHash } = await client.status();
  const seed = readCovenantSeed(keyFile);
  try {
    const salt = base64(randomFillSync(new Uint8Array(32)));
    const now = timeText(Date.now());
    const signed = signWithdrawal(
      { party, covenantHash, reason },
      { seed, salt, now, primitives: nodePrimitives() },
    );
    await client.withdraw(signed);
    return { party, covenantHash };
  } finally {
    wipe(seed);
  }
}
