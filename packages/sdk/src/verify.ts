// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { admitFounding, checkApprovals } from "@koplamp/covenant";
import {
  LedgerError,
  type Report,
  readTrust,
  type Trust,
  type VerifyOptions,
  verifyBundle,
} from "@koplamp/ledger";
import { nodePrimitives } from "@koplamp/pool";
import { contractOf, evaluationLimit } from "@koplamp/query";
import { isTime, type Time } from "@koplamp/wire";
import { SdkError } from "./errors.ts";

/**
 * Verifies the bundle in a file against what its reader was told on paper: one line, `covenant sha256:…`. Needs no node
 * and no network. Hostile bytes give a report that says FAIL. `at`: the moment at which terms are looked at.
 * @throws {SdkError} `file` when `trust` is no such line, or `at` is no instant.
 */
export async function verifyFile(bundle: string, trust: string, at?: Time): Promise<Report> {
  if (at !== undefined && !isTime(at))
    throw new SdkError("file", "expected a moment as YYYY-MM-DDThh:mm:ssZ", "e.g. --at 2027-03-01T00:00:00Z");
  const options: VerifyOptions = {
    trust: trustOf(trust),
    primitives: nodePrimitives(),
    recompute: contractOf,
    admit: admitFounding,
    approve: checkApprovals,
    quota: evaluationLimit,
    ...(at === undefined ? {} : { at }),
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
