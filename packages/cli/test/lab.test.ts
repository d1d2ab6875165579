// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { koplamp, transcript, withFolder } from "./transcript.ts";

let cwd = "";
let expected: Readonly<Record<string, { readonly results: Readonly<Record<string, unknown>> }>> = {};

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "koplamp-cli-"));
  const made = await koplamp(
    [
      "lab",
      "generate",
      "--parties",
      "3",
      "--rows",
      "40",
      "--overlap",
      "0.3",
      "--seed",
      "5",
      "--out",
      "country",
    ],
    { cwd },
  );
  expect(made.exit).toBe(0);
  expected = JSON.parse(await readFile(join(cwd, "country/expected.json"), "utf8"));
});

afterAll(() => rm(cwd, { recursive: true, force: true }));

const FILES = ["--federation", "country/federation.yaml", "--query"];

test("lab run: a match, for a person; progress is painted on a terminal and taken off again", async () => {
  const argv = ["lab", "run", ...FILES, "country/match.yaml"];
  const { stdout, stderr, exit } = await koplamp(argv, { cwd, terminal: true });
  expect(stdout.replace(/\d+\.\d s$/m, "T s")).toMatchSnapshot();
  expect(stderr).toMatch(/^warning {2}lab: approvals are given by lab keys; nobody has agreed to anything\n/);
  expect(stderr).toMatch(/^politie +\S/m);
  expect(stderr.endsWith("\u001b[J")).toBe(true);
  expect(exit).toBe(0);
}, 60_000);

test("lab run --backend: the same answer by each, and no other than the one that was named", async () => {
  const argv = ["lab", "run", ...FILES, "country/match.yaml", "--json", "--quiet", "--backend"];
  const matches: unknown[] = [];
  for (const backend of ["kernel", "wasm"]) {
    const { stdout, exit } = await koplamp([...argv, backend], { cwd });
    expect(exit).toBe(0);
    matches.push(Object.values(JSON.parse(stdout).results)[0]);
  }
  const first = matches[0] as { readonly matches: readonly unknown[] };
  expect(first.matches.length).toBeGreaterThan(0);
  expect(matches[1]).toEqual(matches[0]);
  const { stderr, exit } = await koplamp(["lab", "run", ...FILES, "country/match.yaml", "--backend", "c"], {
    cwd,
  });
  expect(stderr).toContain('--backend takes auto, native, kernel, wasm, got "c"');
  expect(exit).toBe(2);
}, 60_000);

test("lab run: numbers, the contract before them, and evidence that verifies until it is changed", async () => {
  const argv = ["lab", "run", ...FILES, "country/overlap.yaml", "--quiet", "--show-contract", "--lang", "nl"];
  const { stdout, exit } = await koplamp([...argv, "--bundle", "q.tar"], { cwd });
  expect(exit).toBe(0);
  expect(stdout).toMatch(/wie +leert +hooguit/);
  expect(stdout.slice(stdout.indexOf("released")).replace(/sha256:\w+/, "sha256:H")).toMatchSnapshot();

  const covenant = /covenant (sha256:[0-9a-f]{64})/.exec(stdout)?.[0] ?? "";
  await writeFile(join(cwd, "trust.txt"), `${covenant}\n`);
  const verify = ["verify", "q.tar", "--trust", "trust.txt"];
  expect(await transcript(verify, { cwd })).toMatchSnapshot();
  const bytes = await readFile(join(cwd, "q.tar"));
  const at = bytes.indexOf('"perShard"');
  bytes.write('"perShart"', at);
  await writeFile(join(cwd, "q.tar"), bytes);
  const { stdout: said, exit: failed } = await koplamp(verify, { cwd });
  expect(said).toMatch(/^FAIL {2}\w+/m);
  expect(said).toMatch(/^FAILED /m);
  expect(failed).toBe(5);
  expect(JSON.parse((await koplamp([...verify, "--json"], { cwd })).stdout)).toMatchObject({
    verdict: "FAILED",
  });
}, 60_000);

test("lab run: a sum, its small cells withheld with their rule", async () => {
  expect(
    await transcript(["lab", "run", ...FILES, "country/sum.yaml", "--quiet"], { cwd }),
  ).toMatchSnapshot();
}, 60_000);

test("lab run --json is the answer document and nothing else", async () => {
  const { stdout, exit } = await koplamp(["lab", "run", ...FILES, "country/match.yaml", "--json"], { cwd });
  expect(exit).toBe(0);
  expect(stdout.endsWith("}\n")).toBe(true);
  const answer = JSON.parse(stdout);
  expect(answer).toMatchObject({ query: "shared-accounts", status: "released" });
  for (const [party, result] of Object.entries(expected["match.yaml"]?.results ?? {})) {
    expect(sorted(answer.results[party])).toEqual(sorted(result));
  }
}, 60_000);

function sorted(result: unknown): unknown {
  const { kind, matches } = result as { kind: string; matches: { key: string[]; holders: string[] }[] };
  const plain = matches.map(({ key, holders }) => `${key.join(" ")} ${[...holders].sort().join(",")}`);
  return { kind, matches: plain.sort() };
}

test("lab check: counts per column, and the contract of a question", async () => {
  expect(
    await transcript(["lab", "check", "--federation", "country/federation.yaml"], { cwd }),
  ).toMatchSnapshot();
  expect(await transcript(["lab", "check", ...FILES, "country/sum.yaml"], { cwd })).toMatchSnapshot();
}, 60_000);

test("query explain --federation: the same contract, no node needed", async () => {
  const argv = ["query", "explain", "country/match.yaml", "--federation", "country/federation.yaml"];
  expect(await transcript(argv, { cwd })).toMatchSnapshot();
}, 60_000);

test("without a node to ask, a question exits with 4 and says how to start one", async () => {
  expect(
    await transcript(["query", "run", "country/match.yaml", "--node", "kmar"], { cwd }),
  ).toMatchSnapshot();
});

test("a refusal names rule, party and the smallest change, and exits with 3", async () => {
  const federation = await readFile(join(cwd, "country/federation.yaml"), "utf8");
  await writeFile(
    join(cwd, "country/strict.yaml"),
    federation.replace(/covenant: default.*/, "covenant: strict-covenant.yaml"),
  );
  await writeFile(
    join(cwd, "country/strict-covenant.yaml"),
    "personLevel: { allowed: false, ground: null, external: [] }\n",
  );
  const argv = [
    "lab",
    "run",
    "--federation",
    "country/strict.yaml",
    "--query",
    "country/match.yaml",
    "--quiet",
  ];
  const text = await transcript(argv, { cwd });
  expect(text).toMatch(/--- exit 3$/);
  expect(text).toMatchSnapshot();
}, 60_000);

test("a question that nobody may see any cell of exits with 7", async () => {
  const sum = await readFile(join(cwd, "country/sum.yaml"), "utf8");
  await writeFile(join(cwd, "country/nothing.yaml"), sum.replace("minCount: 10", "minCount: 100000"));
  const { stdout, exit } = await koplamp(["lab", "run", ...FILES, "country/nothing.yaml"], { cwd });
  expect(stdout).toMatch(/released to politie: 0 cells, 9 withheld/);
  expect(exit).toBe(7);
}, 60_000);

test.each([
  ["an unknown field", (text: string) => text.replace("atLeast:", "atleast:")],
  ["a column that nobody declares", (text: string) => text.replace("key: [account]", "key: [acount]")],
  ["a party that is not there", (text: string) => text.replaceAll("politie", "politei")],
  ["a day that is over", (text: string) => text.replace("2099-12-31", "2019-12-31")],
])(
  "a bad question: %s",
  async (name, change) => {
    const file = `country/bad-${name.replaceAll(" ", "-")}.yaml`;
    await writeFile(join(cwd, file), change(await readFile(join(cwd, "country/match.yaml"), "utf8")));
    const text = await transcript(["lab", "run", ...FILES, file, "--quiet"], { cwd });
    expect(text).toMatch(/--- exit [23]$/);
    expect(text).toMatchSnapshot();
  },
  60_000,
);

test("lab new writes a lab that is in order, and overwrites nothing", async () => {
  await withFolder(async (dir) => {
    expect(await transcript(["lab", "new", "mine"], { cwd: dir })).toMatchSnapshot();
    expect(await transcript(["lab", "new", "mine"], { cwd: dir })).toMatchSnapshot();
    const argv = [
      "lab",
      "run",
      "--federation",
      "mine/federation.yaml",
      "--query",
      "mine/query.yaml",
      "--json",
    ];
    expect((await koplamp(argv, { cwd: dir })).exit).toBe(0);
  });
}, 60_000);
