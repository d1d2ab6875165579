// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { admitFounding, checkApprovals } from "@koplamp/covenant";
import {
  LedgerError,
  type Report,
  readBundle,
  readTrust,
  type Trust,
  type VerifyOptions,
  verifyBundle,
} from "@koplamp/ledger";
import { nodePrimitives } from "@koplamp/pool";
import { contractOf, evaluationLimit, type Language } from "@koplamp/query";
import { isTime, type Time } from "@koplamp/wire";
import { SdkError } from "./errors.ts";
import { reportPage } from "./report-page.ts";

/**
 * Verifies the bundle in a file against what its reader was told on paper: one line, `covenant sha256:…`. Needs no node
 * and no network. Hostile bytes give a report that says FAIL. `at`: the moment at which terms are looked at.
 * @throws {SdkError} `file` when `trust` is no such line, or `at` is no instant.
 */
export async function verifyFile(bundle: string, trust: string, at?: Time): Promise<Report> {
  if (at !== undefined && !isTime(at))
    throw new SdkError("file", "expected a moment as YYYY-MM-DDThh:mm:ssZ", "e.g. --at 2027-03-01T00:00:00Z");
  return verifyBundle(new Uint8Array(await readFile(bundle)), optionsOf(trust, at));
}

/**
 * The account of a question as one HTML page, made from the bundle in a file alone: the same bytes whoever makes it.
 * @throws {SdkError} as {@link verifyFile}; {@link LedgerError} when the file is no bundle at all.
 */
export async function reportFile(bundle: string, trust: string, lang: Language): Promise<string> {
  const bytes = new Uint8Array(await readFile(bundle));
  const options = optionsOf(trust);
  return reportPage(readBundle(options.primitives, bytes), verifyBundle(bytes, options), lang);
}

function optionsOf(trust: string, at?: Time): VerifyOptions {
  return {
    trust: trustOf(trust),
    primitives: nodePrimitives(),
    recompute: contractOf,
    admit: admitFounding,
    approve: checkApprovals,
    quota: evaluationLimit,
    ...(at === undefined ? {} : { at }),
  };
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
