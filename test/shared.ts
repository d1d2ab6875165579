// SPDX-License-Identifier: Apache-2.0
// Test material from outside the project. Suites that need it say so and are skipped where it is absent.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../../shared/", import.meta.url);

/** Whether the shared test material stands beside the checkout. */
export const hasShared: boolean = existsSync(root);

/** The path of a shared file or folder. */
export function sharedPath(path: string): string {
  return fileURLToPath(new URL(path, root));
}

/** A shared JSON file. */
export function sharedJson(path: string): unknown {
  return JSON.parse(readFileSync(sharedPath(path), "utf8"));
}
