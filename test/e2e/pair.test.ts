// SPDX-License-Identifier: Apache-2.0
// Two under a key for one question, as real processes over mutual TLS: the answers of the examples.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readLab } from "@koplamp/sdk";
import { expect, test } from "vitest";
import { PROGRAMS } from "../../nodes/test/processes.ts";
import { askEverywhere, resultsText, startTrial, unionOf } from "./trial.ts";

const FOLDER = join(import.meta.dirname, "../../examples/ships");
const SLOW = 120_000;

test("a match and a count of two are the same between real nodes", { timeout: SLOW }, async () => {
  const federation = join(FOLDER, "federation.yaml");
  const query = join(FOLDER, "query.yaml");
  await using trial = await startTrial(await readLab({ federation, query }), {
    programs: PROGRAMS,
    registerSize: 4096,
  });
  for (const name of ["query", "how-many"]) {
    const file = join(FOLDER, `${name}.yaml`);
    const lab = await readLab({ federation, query: file });
    const outcomes = await askEverywhere(trial.running, lab.question, file);
    const expected: unknown = JSON.parse(
      readFileSync(join(FOLDER, `${name === "query" ? "" : "how-many."}expected.json`), "utf8"),
    );
    expect(JSON.parse(resultsText(unionOf(lab, outcomes)))).toEqual(expected);
    const lines = Object.values(outcomes).flatMap(({ disclosures }) => disclosures.map(({ id }) => id));
    expect(lines).toEqual(
      name === "query" ? ["pair.border.customs", "pair.customs.border"] : ["count-blind.border.customs"],
    );
  }
});
