// SPDX-License-Identifier: Apache-2.0

import { nobleGroup } from "@koplamp/crypto";
import { nodePrimitives } from "@koplamp/pool";
import { bind, type Party, type PartyId } from "@koplamp/protocol";
import {
  loadItems,
  matchThresholdParty,
  openCache,
  psiJobs,
  type ThresholdMatched,
  type ThresholdSession,
  thresholdCoordinator,
} from "@koplamp/psi";
import { bucket, concat, lp, packInputs, utf8 } from "@koplamp/wire";
import type { BenchCase, BenchRun } from "./bench-record.ts";
import { type BenchParty, BenchWorld, benchRng, COORDINATOR } from "./bench-session.ts";
import { SdkError } from "./errors.ts";

/** The jobs of a threshold match, by what they are for. */
const PHASES: Readonly<Record<string, string>> = {
  "psi.threshold.cut": "cells",
  "psi.threshold.cells": "cells",
  "psi.threshold.accept": "accept",
  "psi.threshold.find": "coordinator",
  "psi.input-root": "root",
};

/** Vault handles of psi's cache: what an evaluation leaves for the jobs of a query. */
const SECRETS = "s";
const DISTINCT = "distinct";

/**
 * `match-threshold/1` of three or more among parties that hold `size` items each, half of them in common, all evaluated
 * before: that is another case, so s_x are made here instead of opened from a cache. Everybody is a recipient.
 * @throws {SdkError} when an answer differs from that of the plain lists: the run is void.
 */
export async function benchThreshold({ parties, size, runs }: BenchCase): Promise<{
  readonly backend: string;
  readonly parts: Readonly<Record<string, readonly BenchRun[]>>;
}> {
  const primitives = nodePrimitives();
  const common = Math.floor(size / 2);
  const secretOf = (party: number, item: number): Uint8Array =>
    primitives.sha256(utf8(item < common ? `${item}` : `${item}/${party}`));
  const secrets = Array.from({ length: parties }, (_, party) =>
    concat(...Array.from({ length: size }, (_item, item) => secretOf(party, item))),
  );
  const inputs = packInputs(Array.from({ length: size }, (_, item) => utf8(`${item}`)));
  const count = new Uint8Array(4);
  new DataView(count.buffer).setUint32(0, size);
  let loading = 0;
  const table = new Map([
    ...psiJobs({ group: nobleGroup(), primitives }),
    bind(openCache, (_vault, _scope, _chunks) => size),
    bind(loadItems, (vault, _inputs) => {
      vault.put(SECRETS, Uint8Array.from(secrets[loading % parties] ?? []));
      vault.put(DISTINCT, count.slice());
      loading += 1;
    }),
  ]);
  const world = new BenchWorld(table, (job) => PHASES[job] ?? "rest");
  const measured: BenchRun[] = [];
  for (let run = 0; run < runs; run += 1) {
    const session = sessionOf(parties, size, primitives.sha256);
    const { value, run: cost } = await world.measure(parties, () =>
      world.session<ThresholdMatched | undefined>(nodesOf(session, inputs)),
    );
    for (const party of session.parties) {
      const told = value.get(party)?.told ?? [];
      if (told.length === common && told.every(({ item, count: held }) => item < common && held === parties))
        continue;
      throw new SdkError("state", `the answer at ${party} is wrong`, "the run is void: report it as a bug");
    }
    measured.push(cost);
  }
  return { backend: "tables", parts: { threshold: measured } };
}

function sessionOf(
  parties: number,
  size: number,
  sha256: (bytes: Uint8Array) => Uint8Array,
): ThresholdSession {
  const names = Array.from({ length: parties }, (_, at) => `party-${`${at + 1}`.padStart(2, "0")}`);
  const transcript = benchRng(32);
  return {
    parties: names,
    recipients: names,
    transcript,
    sid: sha256(concat(lp("koplamp/sid/1"), transcript)),
    rowsPadded: Object.fromEntries(names.map((name) => [name, bucket(size)])),
    atLeast: Math.min(3, parties),
    tell: "count",
    flagged: false,
  };
}

function nodesOf(
  session: ThresholdSession,
  inputs: Parameters<typeof matchThresholdParty>[0]["items"]["inputs"],
): Readonly<Record<PartyId, BenchParty<ThresholdMatched | undefined>>> {
  const planHash = benchRng(32);
  const nodes = session.parties.map((me) => {
    const items = { inputs, scope: new Uint8Array(32), chunks: [] };
    const start = async (): Promise<Party<ThresholdMatched>> =>
      matchThresholdParty({ ...session, me, items, planHash, flags: new Uint8Array() }, benchRng);
    return [me, { secrets: { salt: benchRng(32) }, start }] as const;
  });
  const coordinator: BenchParty<undefined> = {
    secrets: {},
    start: async () => thresholdCoordinator(session),
  };
  return { ...Object.fromEntries(nodes), [COORDINATOR]: coordinator };
}
