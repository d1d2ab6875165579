// SPDX-License-Identifier: Apache-2.0
// Where a person's sign-ins are kept: one file a node, in the person's own configuration folder.
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The part of the environment that says where a person's configuration is. */
export type HomeEnv = Readonly<Record<string, string | undefined>>;

/** The file of the sign-in at the node whose folder this is. Its name tells no path. */
export function signInPlace(dir: string, env: HomeEnv): string {
  const home = env["HOME"] ?? homedir();
  const config = env["XDG_CONFIG_HOME"] ?? "";
  const name = createHash("sha256").update(resolve(dir)).digest("hex").slice(0, 32);
  return join(config === "" ? join(home, ".config") : config, "koplamp", "sign-in", name);
}
