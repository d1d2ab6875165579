// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { admitFounding } from "@koplamp/covenant";
import { type Report, readTrust, verifyBundle } from "@koplamp/ledger";
import { nodePrimitives } from "@koplamp/pool";
import { contractOf } from "@koplamp/query";

/**
 * Verifies the bundle in a file against what its reader was told on paper: one line, `covenant sha256:…`. Needs no node
 * and no network. Hostile bytes give a report that says FAIL.
 * @throws {LedgerError} `malformed` when `trust` is no such line.
 */
export async function verifyFile(bundle: string, trust: string): Promise<Report> {
  const options = {
    trust: readTrust(trust),
    primitives: nodePrimitives(),
    recompute: contractOf,
    admit: admitFounding,
  };
  return verifyBundle(new Uint8Array(await readFile(bundle)), options);
}
