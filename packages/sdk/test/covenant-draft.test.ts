// SPDX-License-Identifier: Apache-2.0
// A draft lists the register of interests of every party, and allows deconfliction where it is asked for.
import type { Covenant } from "@koplamp/wire";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { type DraftRequest, draftCovenant } from "../src/covenant-draft.ts";

async function drafted(request: Partial<DraftRequest>): Promise<Covenant> {
  const text = await draftCovenant({ id: "f", parties: ["kmar", "fiod"], now: Date.now(), ...request });
  return parse(text) as Covenant;
}

test("the registers are in every draft, and one that says no more lets nobody compare them", async () => {
  const { dataClasses, personLevel, protocols } = await drafted({});
  expect(dataClasses).toMatchObject(
    ["kmar", "fiod"].map((party) => ({
      ...{ id: `${party}.koplamp-interests`, party, dataset: "koplamp-interests" },
      ...{ columns: ["interest"], registerSize: 256, allow: [] },
    })),
  );
  expect(personLevel.allowed).toBe(false);
  expect(protocols.map(({ id }) => id)).not.toContain("lookup/1");
});

test("deconfliction is a purpose of its own, with class E, a run an hour, and a ground to fill in", async () => {
  const asked = await drafted({ purposes: ["counts", "desks"], deconfliction: "desks" });
  const { purposes, dataClasses, quotas, personLevel, protocols } = asked;
  expect(purposes.map(({ id, classes }) => `${id} ${classes.join("")}`)).toEqual(["counts AB", "desks E"]);
  for (const { allow } of dataClasses)
    expect(allow).toEqual([{ purpose: "desks", classes: ["E"], recipients: ["kmar", "fiod"] }]);
  expect(quotas.map(({ purpose, lookupsPerDay }) => `${purpose} ${lookupsPerDay}`)).toEqual([
    "counts 0",
    "desks 6144",
  ]);
  expect(personLevel).toEqual({ allowed: true, ground: { nl: "…", en: "…" }, external: [] });
  expect(protocols.map(({ id }) => id)).toContain("lookup/1");
  expect((await drafted({ deconfliction: "desks" })).purposes.map(({ id }) => id)).toEqual(["desks"]);
});
