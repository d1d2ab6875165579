// SPDX-License-Identifier: Apache-2.0
// The agreement from draft to signatures, as people type it. Keys are fixed, so hashes are the same every time.
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { koplamp, transcript, withFolder } from "./transcript.ts";

const PARTIES = ["douane", "fiod", "kmar"];
const HASH = `sha256:${"ab".repeat(32)}`;

/** The public keys of the seeds 1…1, 2…2, 3…3 and 9…9, as `covenant sign` computes them. */
const KEYS = {
  douane: "ed25519:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=",
  fiod: "ed25519:gTl3Dqh9F19Wo1Rmw0x+zMuNipG07jeiXfYPW4/Js5Q=",
  kmar: "ed25519:7UkoxijRwsbq6QM4kFmVYSlZJzpcY/k2NsFGFKyHN9E=",
} as const;

const seedFile = (byte: number): string =>
  `koplamp.person/v1\nseed ${Buffer.alloc(32, byte).toString("base64")}\n`;

/** A covenant in YAML that can be signed, with what a test changes in its text. */
function yaml(change: (text: string) => string = (text) => text): string {
  const parties = PARTIES.map(
    (id) => `  - id: ${id}
    name: ${id.toUpperCase()}
    part: member
    task: supervision
    regimes: [avg]
    bases: [{ id: ${id}-basis, law: Customs act, article: art. 1 }]
    covenantKeys: ["${KEYS[id as keyof typeof KEYS]}"]
`,
  ).join("");
  const dataClasses = PARTIES.map(
    (party) => `  - id: ${party}.ships
    party: ${party}
    dataset: ships
    columns: [imo, flag]
    registerSize: 1000
    sensitivity: ordinary
    allow: [{ purpose: sanctions-2026, classes: [B], recipients: [kmar] }]
`,
  ).join("");
  return change(`koplamp: covenant/v1
id: ships-nl
version: 1
previous: null
title: { nl: Schepen op lijsten, en: Ships on lists }
validFrom: 2026-01-01T00:00:00Z
validUntil: 2028-01-01T00:00:00Z
parties:
${parties}purposes:
  - id: sanctions-2026
    text: { nl: Sancties handhaven, en: Enforce sanctions }
    classes: [B]
    until: 2027-01-01T00:00:00Z
    bases: [{ party: kmar, basis: kmar-basis }]
dataClasses:
${dataClasses}personLevel: { allowed: false, ground: null, external: [] }
floors: { minCount: 10, minContributors: 2, minSet: 20, dominanceN: 0, dominancePercent: 100, maxDomainPermille: 10 }
quotas:
  - { asker: "*", holder: "*", purpose: sanctions-2026, epoch: P7D, evaluations: 4096, lookupsPerDay: 0 }
budgets: []
approval: { validFor: P30D, external: [] }
witnesses: { quorum: 2, external: [] }
protocols: [{ id: overlap-hub/1, paramSets: [ristretto255-sha512], coordinatorLearns: [count, pattern] }]
retention: { results: P90D, salts: P1Y, ledger: P5Y, extensions: 1 }
supervision: { body: Supervisor, keys: [] }
dpia: { reference: DPIA-1, hash: "${HASH}" }
ethics: { framework: IAMA, reference: IAMA-1, hash: "${HASH}" }
`);
}

async function founded(
  use: (dir: string) => Promise<void>,
  change?: (text: string) => string,
): Promise<void> {
  await withFolder(async (dir) => {
    await writeFile(join(dir, "c.yaml"), yaml(change));
    for (const [at, party] of [...PARTIES, "stranger"].entries()) {
      await writeFile(join(dir, `${party}.key`), seedFile(at === 3 ? 9 : at + 1), { mode: 0o600 });
    }
    await use(dir);
  });
}

async function signedBy(dir: string, parties: readonly string[], file = "c.yaml"): Promise<void> {
  for (const party of parties) {
    const { exit, stderr } = await koplamp(["covenant", "sign", file, "--key", `${party}.key`], { cwd: dir });
    expect([party, exit, stderr]).toEqual([party, 0, ""]);
  }
}

const AT = ["--at", "2026-11-26T00:00:00Z"];

describe("a covenant on the command line", () => {
  test("is drafted for editors, and says what is left to fill in", async () => {
    await withFolder(async (dir) => {
      const args = [
        "covenant",
        "new",
        "--id",
        "ships-nl",
        "--parties",
        "kmar,douane",
        "--purposes",
        "sanctions-2026",
      ];
      expect(await transcript(args, { cwd: dir })).toMatchSnapshot();
      const text = await readFile(join(dir, "covenant.yaml"), "utf8");
      expect(text.replace(/20\d\d-\d\d-\d\dT/g, "DAY-T")).toMatchSnapshot();
      const schema = JSON.parse(await readFile(join(dir, "covenant.schema.json"), "utf8"));
      expect(Object.keys(schema.properties)).toContain("dataClasses");
      expect(schema.additionalProperties).toBe(false);
      expect(await transcript(["covenant", "verify", "covenant.yaml"], { cwd: dir })).toMatchSnapshot();
      expect(await transcript(args, { cwd: dir })).toMatchSnapshot();
    });
  });

  test("is drafted from a federation and from what nodes made", async () => {
    await withFolder(async (dir) => {
      const columns = "{ file: x.csv, columns: { imo: { kind: imo }, flag: { kind: category } } }";
      const party = (id: string): string =>
        `  - { id: ${id}, name: ${id}, datasets: { ships: ${columns} } }\n`;
      await writeFile(
        join(dir, "f.yaml"),
        `koplamp: federation/v1\nid: f\ncovenant: default\nparties:\n${party("kmar")}${party("fiod")}`,
      );
      await writeFile(
        join(dir, "join.json"),
        JSON.stringify({ koplamp: "join/v1", party: "kmar", name: "Marechaussee", covenant: KEYS.kmar }),
      );
      const args = ["covenant", "new", "--id", "f", "--federation", "f.yaml", "--join", "join.json"];
      expect((await koplamp(args, { cwd: dir })).exit).toBe(0);
      const text = await readFile(join(dir, "covenant.yaml"), "utf8");
      for (const part of ["name: Marechaussee", KEYS.kmar, "id: fiod.ships", "columns:", "imo", "ed25519:…"])
        expect(text).toContain(part);
    });
  });

  test("needs parties", async () => {
    expect(await transcript(["covenant", "new", "--id", "alone", "--parties", "kmar"])).toMatchSnapshot();
  });

  test("reads in Dutch, in English, and in both", async () => {
    await founded(async (dir) => {
      expect(
        await transcript(["covenant", "show", "c.yaml", "--lang", "nl"], { cwd: dir }),
      ).toMatchSnapshot();
      expect(await transcript(["covenant", "show", "c.yaml"], { cwd: dir })).toMatchSnapshot();
      expect(await transcript(["covenant", "show", "c.yaml", "--both"], { cwd: dir })).toMatchSnapshot();
      const { stdout } = await koplamp(["covenant", "show", "c.yaml", "--json"], { cwd: dir });
      const shown = JSON.parse(stdout);
      expect(shown.clauses.map(({ id }: { id: string }) => id)).toContain("purposes/sanctions-2026/classes");
      expect(shown.covenant.id).toBe("ships-nl");
    });
  });

  test("is signed by every party, once each, and then verifies", async () => {
    await founded(async (dir) => {
      expect(
        await transcript(["covenant", "sign", "c.yaml", "--key", "douane.key"], { cwd: dir }),
      ).toMatchSnapshot();
      expect(
        await transcript(["covenant", "sign", "c.yaml", "--key", "douane.key"], { cwd: dir }),
      ).toMatchSnapshot();
      expect(
        await transcript(["covenant", "sign", "c.yaml", "--key", "stranger.key"], { cwd: dir }),
      ).toMatchSnapshot();
      expect(await transcript(["covenant", "verify", "c.json", ...AT], { cwd: dir })).toMatchSnapshot();
      await signedBy(dir, ["fiod", "kmar"], "c.json");
      expect(await transcript(["covenant", "verify", "c.json", ...AT], { cwd: dir })).toMatchSnapshot();
      expect(
        await transcript(["covenant", "verify", "c.json", "--at", "2028-02-01T00:00:00Z"], { cwd: dir }),
      ).toMatchSnapshot();
    });
  });

  test("is not signed with a key that others can read, nor without one", async () => {
    await founded(async (dir) => {
      await chmod(join(dir, "kmar.key"), 0o644);
      expect(
        await transcript(["covenant", "sign", "c.yaml", "--key", "kmar.key"], { cwd: dir }),
      ).toMatchSnapshot();
      expect(
        await transcript(["covenant", "sign", "c.yaml", "--key", "none.key"], { cwd: dir }),
      ).toMatchSnapshot();
      expect(await transcript(["covenant", "sign", "c.yaml", "--key", "c.yaml"], { cwd: dir })).toContain(
        "exit 2",
      );
    });
  });

  test("does not mix signatures over two texts", async () => {
    await founded(async (dir) => {
      await signedBy(dir, ["kmar"]);
      await writeFile(
        join(dir, "c.yaml"),
        yaml((text) => text.replace("minCount: 10", "minCount: 5")),
      );
      expect(
        await transcript(["covenant", "sign", "c.yaml", "--key", "fiod.key"], { cwd: dir }),
      ).toMatchSnapshot();
    });
  });

  test("with a changed byte, a foreign or a double signature does not verify", async () => {
    await founded(async (dir) => {
      await signedBy(dir, PARTIES);
      const [text, sigs] = [
        await readFile(join(dir, "c.json"), "utf8"),
        await readFile(join(dir, "c.sigs"), "utf8"),
      ];
      await writeFile(join(dir, "c.json"), text.replace('"minCount":10', '"minCount":9'));
      const changed = await koplamp(["covenant", "verify", "c.json", ...AT], { cwd: dir });
      expect([changed.exit, changed.stdout]).toEqual([
        5,
        expect.stringContaining("a valid signature of kmar, got none"),
      ]);
      await writeFile(join(dir, "c.json"), `${text}\n`);
      expect((await koplamp(["covenant", "verify", "c.json", ...AT], { cwd: dir })).stdout).toContain(
        "byte for byte",
      );
      await writeFile(join(dir, "c.json"), text);
      const [first = ""] = sigs.split("\n");
      await writeFile(join(dir, "c.sigs"), `${sigs}${first}\n`);
      expect((await koplamp(["covenant", "verify", "c.json", ...AT], { cwd: dir })).stdout).toContain(
        "each signature once",
      );
      await writeFile(join(dir, "c.sigs"), `${sigs}${first.replace(/^ed25519:./, "ed25519:A")}\n`);
      expect((await koplamp(["covenant", "verify", "c.json", ...AT], { cwd: dir })).stdout).toContain(
        "of the parties only",
      );
      await writeFile(join(dir, "c.sigs"), sigs);
      await writeFile(join(dir, "c.pops"), "");
      expect((await koplamp(["covenant", "verify", "c.json", ...AT], { cwd: dir })).exit).toBe(5);
      expect(await transcript(["covenant", "verify", "c.json", ...AT], { cwd: dir })).toMatchSnapshot();
    });
  });

  const FAULTS: readonly (readonly [what: string, from: string, to: string, clause: string])[] = [
    ["a quota above the ceiling", "evaluations: 4096", "evaluations: 4097", "quotas/1/evaluations"],
    ["an end before its beginning", "validUntil: 2028", "validUntil: 2025", "validUntil"],
    ["a purpose that outlives it", "until: 2027", "until: 2029", "purposes/sanctions-2026/until"],
    ["a quorum that is no majority", "quorum: 2", "quorum: 1", "witnesses/quorum"],
    [
      "a recipient that is no party",
      "recipients: [kmar]",
      "recipients: [bank]",
      "dataClasses/douane.ships/allow",
    ],
    ["a basis that its party has not", "basis: kmar-basis", "basis: other", "purposes/sanctions-2026/bases"],
    ["a class that is none", "classes: [B]", "classes: [G]", "purposes/sanctions-2026/classes"],
    ["one key of two parties", KEYS.fiod, KEYS.kmar, "parties"],
    ["a key of low order", KEYS.fiod, `ed25519:${"A".repeat(43)}=`, "parties/fiod/covenantKeys"],
    ["persons without a ground", "allowed: false", "allowed: true", "personLevel/ground"],
    [
      "class F where persons are not allowed",
      "classes: [B]\n",
      "classes: [B, F]\n",
      "purposes/sanctions-2026/classes",
    ],
    ["a field that there is not", "budgets: []", "budget: []", "budget"],
    ["words of the draft", "en: Enforce sanctions", "en: …", "purposes/sanctions-2026/text/en"],
  ];

  test.each(FAULTS)("with %s is refused at its clause", async (_what, from, to, clause) => {
    await founded(
      async (dir) => {
        const { stdout, exit } = await koplamp(["covenant", "verify", "c.yaml", ...AT], { cwd: dir });
        expect([exit, stdout]).toEqual([5, expect.stringContaining(`FAIL  ${clause}\n      expected `)]);
        const { stderr } = await koplamp(["covenant", "sign", "c.yaml", "--key", "kmar.key"], { cwd: dir });
        expect(stderr).toMatch(/^error: .+: expected .+, got .+\nhint: /);
      },
      (text) => text.replace(from, to),
    );
  });

  test("is compared and amended: what is wider, what is narrower, what is neither", async () => {
    await founded(async (dir) => {
      await signedBy(dir, PARTIES);
      expect(
        await transcript(["covenant", "amend", "c.json", "--out", "v2.yaml"], { cwd: dir }),
      ).toMatchSnapshot();
      expect(await transcript(["covenant", "diff", "c.json", "v2.yaml"], { cwd: dir })).toMatchSnapshot();
      const text = await readFile(join(dir, "v2.yaml"), "utf8");
      await writeFile(
        join(dir, "v2.yaml"),
        text.replace("minCount: 10", "minCount: 12").replace("P90D", "P30D"),
      );
      expect(await transcript(["covenant", "diff", "c.json", "v2.yaml"], { cwd: dir })).toMatchSnapshot();
      expect(
        await transcript(["covenant", "diff", "v2.yaml", "c.json", "--lang", "nl"], { cwd: dir }),
      ).toMatchSnapshot();
      await writeFile(
        join(dir, "v2.yaml"),
        text.replace("minCount: 10", "minCount: 12").replace("extensions: 1", "extensions: 2"),
      );
      const { stdout, exit } = await koplamp(["covenant", "diff", "c.json", "v2.yaml", "--json"], {
        cwd: dir,
      });
      expect([exit, JSON.parse(stdout).direction]).toEqual([9, "mixed"]);
      expect(
        await transcript(["covenant", "sign", "v2.yaml", "--key", "kmar.key"], { cwd: dir }),
      ).toMatchSnapshot();
    });
  });

  test("knows the version before it by its hash, and wants the number after that", async () => {
    await founded(async (dir) => {
      await signedBy(dir, PARTIES);
      const draft = ["covenant", "amend", "c.json", "--out", "v2.yaml"];
      expect((await koplamp(draft, { cwd: dir })).exit).toBe(0);
      const text = await readFile(join(dir, "v2.yaml"), "utf8");
      await writeFile(join(dir, "v3.yaml"), text.replace("version: 2", "version: 3"));
      const { stdout } = await koplamp(["covenant", "verify", "v3.yaml", ...AT], { cwd: dir });
      expect(stdout).toContain("FAIL  version\n      expected version 2 of ships-nl");
      await writeFile(join(dir, "v4.yaml"), text.replace(/previous: .*/, `previous: ${HASH}`));
      const alone = await koplamp(["covenant", "verify", "v4.yaml", ...AT], { cwd: dir });
      expect(alone.stdout).toContain(
        `note  previous\n      expected the version ${HASH} in this folder, got none`,
      );
    });
  });

  test("asks an approver outside all parties to show that it holds its key", async () => {
    const prosecutor = "ed25519:/RckOFqgx1tk+3jNYC+h2ZH96/drE8WO1wLqyDXp9hg=";
    const external = `external: [{ role: prosecutor, classes: [B], keys: ["${prosecutor}"] }]`;
    await founded(
      async (dir) => {
        await signedBy(dir, PARTIES);
        const before = await koplamp(["covenant", "verify", "c.json", ...AT], { cwd: dir });
        expect([before.exit, before.stdout]).toEqual([
          5,
          expect.stringContaining("FAIL  approval/external/prosecutor/keys\n      expected a proof"),
        ]);
        const sign = ["covenant", "sign", "c.json", "--key", "stranger.key"];
        expect(await transcript(sign, { cwd: dir })).toMatchSnapshot();
        expect((await koplamp(["covenant", "verify", "c.json", ...AT], { cwd: dir })).exit).toBe(0);
        expect((await readFile(join(dir, "c.sigs"), "utf8")).split("\n")).toHaveLength(4); // it signs nothing
      },
      (text) =>
        text.replace(
          "approval: { validFor: P30D, external: [] }",
          `approval: { validFor: P30D, ${external} }`,
        ),
    );
  });

  test("that is no file, no YAML or no covenant says so", async () => {
    await founded(async (dir) => {
      expect(await transcript(["covenant", "show", "none.yaml"], { cwd: dir })).toMatchSnapshot();
      await writeFile(join(dir, "broken.yaml"), "a: [1\nb: 2\n");
      expect(await transcript(["covenant", "show", "broken.yaml"], { cwd: dir })).toMatchSnapshot();
      await writeFile(join(dir, "list.yaml"), "- 1\n");
      expect(await transcript(["covenant", "show", "list.yaml"], { cwd: dir })).toMatchSnapshot();
    });
  });

  test("and what is asked under it have schemas for editors", async () => {
    for (const file of ["federation", "query"]) {
      const { stdout, exit } = await koplamp(["covenant", "schema", file]);
      expect([exit, JSON.parse(stdout).title]).toEqual([0, `${file}/v1`]);
    }
    expect(await transcript(["covenant", "schema", "node"])).toMatchSnapshot();
  });

  test("has a schema for editors", async () => {
    const { stdout, exit } = await koplamp(["covenant", "schema"]);
    expect(exit).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      title: "covenant/v1",
      type: "object",
      additionalProperties: false,
    });
  });
});
