// SPDX-License-Identifier: Apache-2.0
import { access, constants } from "node:fs/promises";
import { join } from "node:path";
import type { ReadSource } from "@koplamp/engine";
import { readSource, readSourceIn } from "@koplamp/sources";
import type { NodeConfig } from "./config.ts";

/** Where a node puts what is too long for memory. */
export function scratchFolder({ state }: Pick<NodeConfig, "state">): string {
  return join(state, "scratch");
}

/**
 * Reads a source as the node itself does, a long one beside its store. That folder is the node's own, which makes it when it
 * starts: where there is none, or where it belongs to another user, all of the source is read into memory.
 */
export async function sourceReader(config: Pick<NodeConfig, "state">): Promise<ReadSource> {
  const folder = scratchFolder(config);
  try {
    await access(folder, constants.W_OK | constants.X_OK);
    return readSourceIn(folder);
  } catch {
    return readSource;
  }
}
