// SPDX-License-Identifier: Apache-2.0
// The measurement of look-ups between real processes, at a small size: it measures, and sees a wrong answer.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import type { Edit } from "../sabotage/edit.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const file = "scripts/bench-lookup.mjs";
const onLoad = new URL("../sabotage/child.ts", import.meta.url).href;

/** What it prints; `edits`: in its own text, as it is loaded. */
async function measured(options: readonly string[], edits: readonly Edit[] = []): Promise<string> {
  const edit = `import { editOnLoad } from ${JSON.stringify(onLoad)}; editOnLoad(${JSON.stringify(edits)});`;
  const before = ["--conditions=source", "--import", `data:text/javascript,${encodeURIComponent(edit)}`];
  const args = [...before, file, "--backend", "portable", ...options];
  return (await promisify(execFile)(process.execPath, args, { cwd: root })).stdout;
}

it("times a publication, questions of one name and of a batch, open and each by itself, and many names in one", async () => {
  const text = await measured(["--rows", "70", "--singles", "2", "--batches", "1", "--many", "65"]);
  const lines = text.split("\n");
  for (const title of [
    "70 rows, backend portable, nodes with 1 workers",
    "first (publishes), 1 times: p50",
    "  peak memory: holder",
    "one name in an open look-up, 2 times: p50",
    "32 names in an open look-up, 1 times: p50",
    "one name, 2 times: p50",
    "32 names, 1 times: p50",
    "65 names, 1 times: p50",
    "each further round trip of 32 names in a session: mean",
  ])
    expect(
      lines.filter((line) => line.startsWith(title)),
      title,
    ).toHaveLength(1);
  expect(text).not.toMatch(/NaN|undefined|Infinity/);
  const cpu = lines.filter((line) =>
    /^ {2}CPU of a question(?:, opening and evidence included)?: /.test(line),
  );
  expect(cpu).toHaveLength(6);
  for (const line of cpu) for (const name of ["relay", "holder", "asker"]) expect(line).toMatch(`${name} `);
}, 120_000);

it("ends with an error where an answer is not that of the plain list", async () => {
  const from = 'hit === key[0].startsWith("item")';
  const wrong = { file, from, to: 'hit === key[0].startsWith("none")' };
  const none = ["--rows", "8", "--singles", "0", "--batches", "0", "--many", "0"];
  await expect(measured(none, [wrong])).rejects.toThrow("not the answer of the plain list");
}, 120_000);
