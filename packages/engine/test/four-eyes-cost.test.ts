// SPDX-License-Identifier: Apache-2.0
// What four eyes cost a node: ten approvals by people of five agencies, from the first to the last node that has all.
import { expect, it } from "vitest";
import { Federation, matchOf } from "./federation.ts";

const PARTIES = ["anna", "bert", "cleo", "dora", "emil"];
const MOST_MS = 150;

it(`ten approvals cost a node less than ${MOST_MS} ms of processor time`, async () => {
  const marks: { begun?: NodeJS.CpuUsage; ended?: NodeJS.CpuUsage; approvals?: number } = {};
  const federation = new Federation(Object.fromEntries(PARTIES.map((party) => [party, ["x", party]])), {
    graceMs: 5000,
    ports: (ports, { party }) => ({
      ...ports,
      progress: (step) => {
        ports.progress(step);
        if (step.phase.startsWith("awaits")) marks.begun ??= process.cpuUsage();
        if (step.phase !== "key" || marks.ended !== undefined || party !== step.party) return;
        marks.ended = process.cpuUsage(marks.begun); // the first node goes on: it has heard from all that they have all
        marks.approvals = ports.ledger.entriesOf(ports.ledger.plans()[0] ?? "").length - 1;
      },
    }),
  });
  try {
    expect(await federation.ask("anna", matchOf(PARTIES, ["anna"]))).toMatchObject({ status: "released" });
    const { user = Number.NaN, system = Number.NaN } = marks.ended ?? {};
    expect(marks.approvals).toBe(10);
    expect((user + system) / 1000 / PARTIES.length).toBeLessThan(MOST_MS);
    if (process.env["KOPLAMP_MEASURE"] !== undefined)
      process.stdout.write(`${((user + system) / 1000 / PARTIES.length).toFixed(1)} ms a node\n`);
  } finally {
    await federation.close();
  }
}, 30_000);
