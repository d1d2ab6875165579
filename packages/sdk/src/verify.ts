// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { admitFounding } from "@koplamp/covenant";
import { LedgerError, type Report, readTrust, type Trust, verifyBundle } from "@koplamp/ledger";
import { nodePrimitives } from "@koplamp/pool";
import { contractOf } from "@koplamp/query";
import { SdkError } from "./errors.ts";

/**
 * Verifies the bundle in a file against what its reader was told on paper: one line, `covenant sha256:…`. Needs no node
 * and no network. Hostile bytes give a report that says FAIL.
 * @throws {SdkError} `file` when `trust` is no such line.
 */
export async function verifyFile(bundle: string, trust: string): Promise<Report> {
  const options = {
    trust: trustOf(trust),
    primitives: nodePrimitives(),
    recompute: contractOf,
    admit: admitFounding,
  };
  return verifyBundle(new Uint8Array(await readFile(bundle)), options);
}

function trustOf(text: string): Trust {
  try {
    return readTrust(text);
  } catch (reason) {
    if (!(reason instanceof LedgerError)) throw reason;
    throw new SdkError(
      "file",
      reason.message,
      "the line that the agencies read out to each other, and nothing else",
    );
  }
}
