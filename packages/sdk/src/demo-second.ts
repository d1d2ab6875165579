// SPDX-License-Identifier: Apache-2.0
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const SCRIPT = join(import.meta.dirname, "../../../scripts/verify.sh");
const DEADLINE_MS = 60_000;

/** The last line of the second verifier, or why it could not be run here. */
export async function secondVerdict(bundle: string, trust: string): Promise<string> {
  if (!existsSync(SCRIPT)) return "not run: scripts/verify.sh is not here";
  return await new Promise((resolve) => {
    execFile("sh", [SCRIPT, bundle, trust], { timeout: DEADLINE_MS }, (_, stdout) => {
      const last = stdout.trimEnd().split("\n").at(-1) ?? "";
      resolve(/^(?:VERIFIED|FAILED)/.test(last) ? last : "not run: it needs sh, openssl and GNU tar");
    });
  });
}
