// SPDX-License-Identifier: Apache-2.0
// The account of a question, made from its bundle alone.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toyWorkers } from "../../../test/toy/workers.ts";
import { runLab } from "../src/lab.ts";
import { readLab } from "../src/read-lab.ts";
import { reportFile } from "../src/verify.ts";

const folder = mkdtempSync(join(tmpdir(), "koplamp-report-"));
const BUNDLE = join(folder, "q.koplamp.tar");
let trust = "";
let hash = "";
const workers = toyWorkers();
afterAll(async () => {
  await workers.close();
  rmSync(folder, { recursive: true, force: true });
});

const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const FEDERATION = `koplamp: federation/v1
id: harbours
covenant: default
parties:
${["aa", "bb"].map((id) => `  - { id: ${id}, name: ${id}, datasets: { ships: { file: ${id}.csv, columns: { imo: { kind: imo } } } } }`).join("\n")}
`;
const QUERY = `koplamp: query/v1
id: two-harbours
class: F
purpose: harbours
legalBasis: [covenant art. 3]
indication: '<script>alert("x")</script> & "two" flags'
necessity: The harbours hold no common list
subsidiarity: A count was asked first
intendedEffect: { text: Inspection, measure: Inspections in 30 days }
ask: { kind: match, key: [imo], from: { aa: ships, bb: ships }, atLeast: 2, tell: holders }
recipients: [aa]
expires: 2099-12-31
`;

beforeAll(async () => {
  write("aa.csv", "imo\n7303803\n9074729\n");
  write("bb.csv", "imo\n7303803\n");
  const lab = await readLab({
    federation: write("federation.yaml", FEDERATION),
    query: write("query.yaml", QUERY),
  });
  const { bundle, answer } = await runLab({ ...lab, workers });
  if (bundle === undefined) throw new Error(`expected a bundle, got ${answer.status}`);
  writeFileSync(BUNDLE, bundle);
  [, hash = ""] = /"covenantHash":"(sha256:[0-9a-f]{64})"/.exec(Buffer.from(bundle).toString("latin1")) ?? [];
  trust = `covenant ${hash}\n`;
}, 60_000);

describe("a report", () => {
  test("is the same bytes whenever it is made, in either language", async () => {
    for (const lang of ["nl", "en"] as const) {
      const page = await reportFile(BUNDLE, trust, lang);
      expect(await reportFile(BUNDLE, trust, lang)).toBe(page);
      expect(page).toContain(`<html lang="${lang}">`);
    }
  });

  test("says who asked, on what ground, what went to whom, who agreed and how to check it", async () => {
    const page = await reportFile(BUNDLE, trust, "en");
    for (const part of [
      "two-harbours",
      "Asked by aa",
      "covenant art. 3",
      "The harbours hold no common list",
      "A count was asked first",
      "pair.bb.aa",
      "What the coordinator saw",
      "who takes part, padded sizes and timing",
      "lawful",
      "ethical",
      "Discrete logarithms|Diffie-Hellman",
      `echo &quot;covenant ${hash}&quot; &gt; trust`,
    ]) {
      expect(page).toMatch(new RegExp(part.replace(/[.*+?^$(){}[\]\\]/g, "\\$&")));
    }
    expect(page).not.toContain("7303803"); // a bundle holds no key of any list
  });

  test("is one page without scripts, and nothing of the question can become one", async () => {
    const page = await reportFile(BUNDLE, trust, "nl");
    expect(page).not.toMatch(/<script|https?:\/\/|<img|<link|onload=/i);
    expect(page).toContain("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &quot;two&quot; flags");
    const opened = [...page.matchAll(/<(\/?)([a-z0-9]+)[^>]*>/g)].filter(([, , name]) => name !== "meta");
    const open: string[] = [];
    for (const [, close, name = ""] of opened) {
      if (close === "/") expect(open.pop()).toBe(name);
      else open.push(name);
    }
    expect(open).toEqual([]);
  });

  test("says so when the covenant is another than its reader trusts", async () => {
    const page = await reportFile(BUNDLE, `covenant sha256:${"0".repeat(64)}\n`, "en");
    expect(page).toContain("the promise &quot;covenant&quot; is broken");
    expect(page).toContain('class="FAIL"');
  });
});
