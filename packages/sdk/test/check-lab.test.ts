// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { QueryError } from "@koplamp/query";
import { SourceError } from "@koplamp/sources";
import { afterAll, describe, expect, test } from "vitest";
import { checkLab } from "../src/check-lab.ts";
import { SdkError } from "../src/errors.ts";

const folder = mkdtempSync(join(tmpdir(), "check-"));
afterAll(() => rmSync(folder, { recursive: true }));

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function federationOf(columns = "imo: { kind: imo }"): string {
  return `koplamp: federation/v1
id: ships
covenant: default
parties:
  - { id: eu, name: EU, datasets: { entities: { file: eu.csv, columns: { ${columns} } } } }
  - { id: ofac, name: OFAC, datasets: { entities: { file: ofac.csv, columns: { imo: { kind: imo } } } } }
`;
}

function questionOf(ask: string, recipients = "[eu, ofac]"): string {
  return `koplamp: query/v1\nid: both\nask: { kind: match, atLeast: 2, tell: holders, ${ask} }\nrecipients: ${recipients}\n`;
}

written("eu.csv", "imo,name\n9187629,a\nIMO 9187629,b\n9187628,c\n,d\n");
written("ofac.csv", "imo,name\n9187629,a\n");
const federation = written("federation.yaml", federationOf());
const query = written("query.yaml", questionOf("key: [imo], from: { eu: entities, ofac: entities }"));

describe("lab check", () => {
  test("counts what is in the data, and shows no value", async () => {
    const found = await checkLab({ federation });
    expect(found.datasets[0]).toEqual({
      party: "eu",
      dataset: "entities",
      rows: 4,
      quality: {
        imo: {
          accepted: 2,
          empty: 1,
          rejected: { "check-digit": 1 },
          separatorsRemoved: 1,
          folded: 0,
          duplicates: 1,
          collisions: 1,
          placeholders: 0,
        },
      },
    });
    expect(JSON.stringify(found)).not.toContain("9187629");
    expect(found.explanation).toBeUndefined();
  });

  test("with a question: what everybody would learn, and what a real node would miss", async () => {
    const { explanation, warnings } = await checkLab({ federation, query });
    expect(explanation).toMatchObject({ query: "both", class: "F", protocol: "match-pair/1" });
    expect(explanation?.inputs.map(({ rowsPadded }) => rowsPadded)).toEqual([256, 256]);
    expect(warnings[0]).toMatch(/^lab: not given and filled in: .*class \(F.*purpose.*legalBasis/);
  });

  test.each([
    [
      "a file that is not there",
      () => checkLab({ federation: join(folder, "none.yaml") }),
      "there is no file",
    ],
    [
      "a party that is not there",
      () =>
        checkLab({
          federation,
          query: written("p.yaml", questionOf("key: [imo], from: { eu: entities, un: entities }")),
        }),
      'the federation has no party "un"',
    ],
    [
      "a recipient that is not there",
      () =>
        checkLab({
          federation,
          query: written(
            "r.yaml",
            questionOf("key: [imo], from: { eu: entities, ofac: entities }", "[interpol]"),
          ),
        }),
      'the federation has no party "interpol"',
    ],
    [
      "a dataset that is not there",
      () =>
        checkLab({
          federation,
          query: written("d.yaml", questionOf("key: [imo], from: { eu: entity, ofac: entities }")),
        }),
      'eu has no dataset "entity"',
    ],
    [
      "a column that is not declared",
      () =>
        checkLab({
          federation,
          query: written("c.yaml", questionOf("key: [ino], from: { eu: entities, ofac: entities }")),
        }),
      'eu offers no column "ino" in entities; did you mean "imo"?',
    ],
    [
      "a column that is not in the file",
      () => checkLab({ federation: written("f.yaml", federationOf("number: { kind: imo }")) }),
      'has no column "number"',
    ],
    [
      "kinds that differ",
      () =>
        checkLab({
          federation: written("k.yaml", federationOf("imo: { kind: opaque }")),
          query,
        }),
      'column "imo" is imo at ofac and opaque at eu',
    ],
    [
      "an unknown field",
      () => checkLab({ federation: written("u.yaml", federationOf().replace("covenant", "covenent")) }),
      'unknown field "covenent"',
    ],
    [
      "a covenant file that is not there",
      () =>
        checkLab({
          federation: written("v.yaml", federationOf().replace("default", "other.yaml")),
          query,
        }),
      "there is no covenant file",
    ],
  ])("%s is one sentence with a hint", async (_what, run, sentence) => {
    const error = await run().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof SdkError || error instanceof QueryError || error instanceof SourceError))
      throw error;
    expect(error.message).toContain(sentence);
    expect(error.message).not.toContain("\n");
    expect(error.hint).not.toBe("");
  });
});
