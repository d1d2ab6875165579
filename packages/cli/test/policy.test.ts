// SPDX-License-Identifier: Apache-2.0
// Policies as their authors try them: check, test, explain and diff, on the folder that a new node begins with.
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { EXAMPLE_CASES, EXAMPLE_POLICY } from "../../covenant/src/index.ts";
import { koplamp, transcript, withFolder } from "./transcript.ts";

const FORBID = `
@id("not-ours") @article("Wpg 3")
forbid (principal in Agency::"fiod", action, resource) when { context.purpose == "sanctions" };
`;
const REQUEST = `koplamp: policy-request/v1
request: { asker: fiod, kind: overlap-count, class: B, owner: us, dataset: vessels, purpose: sanctions, columns: [imo], recipient: fiod, minCount: 10 }
`;
const ACCOUNTS = join(import.meta.dirname, "../../../examples/accounts");

/** The example folder as `a`, one with a forbid more as `b`. */
async function folders(use: (dir: string) => Promise<void>): Promise<void> {
  await withFolder(async (dir) => {
    for (const [name, text] of [
      ["a", EXAMPLE_POLICY],
      ["b", EXAMPLE_POLICY + FORBID],
    ] as const) {
      await mkdir(join(dir, name));
      await writeFile(join(dir, name, "base.cedar"), text, { mode: 0o644 });
      await writeFile(join(dir, name, "cases.yaml"), EXAMPLE_CASES);
    }
    await writeFile(join(dir, "request.yaml"), REQUEST);
    await use(dir);
  });
}

describe("koplamp policy", () => {
  test("checks, and says where what is wrong stands", () =>
    folders(async (cwd) => {
      await expect(transcript(["policy", "check", "a"], { cwd })).resolves.toMatchSnapshot();
      const bad = EXAMPLE_POLICY.replace("context.minCount", "context.minCuont").replace(
        '@id("no-secrets") ',
        "",
      );
      await writeFile(join(cwd, "b/base.cedar"), bad);
      await expect(transcript(["policy", "check", "b"], { cwd })).resolves.toMatchSnapshot();
      await writeFile(join(cwd, "b/base.cedar"), bad.replace('@article("LED 10")', '@id("x") @article("y")'));
      await expect(transcript(["policy", "check", "b"], { cwd })).resolves.toMatchSnapshot();
    }));

  test("tries cases, and fails where one does not come out", () =>
    folders(async (cwd) => {
      await expect(transcript(["policy", "test", "a"], { cwd })).resolves.toMatchSnapshot();
      await writeFile(join(cwd, "a/cases.yaml"), EXAMPLE_CASES.replace("expect: refuse", "expect: allow"));
      await expect(transcript(["policy", "test", "a"], { cwd })).resolves.toMatchSnapshot();
    }));

  test("explains a request by the policies that decide", () =>
    folders(async (cwd) => {
      await expect(
        transcript(["policy", "explain", "a", "request.yaml"], { cwd }),
      ).resolves.toMatchSnapshot();
      await expect(
        transcript(["policy", "explain", "b", "request.yaml"], { cwd }),
      ).resolves.toMatchSnapshot();
    }));

  test("explains a question of a federation, beside what the covenant says", { timeout: 30_000 }, () =>
    folders(async (cwd) => {
      const files = [join(ACCOUNTS, "which.yaml"), "--federation", join(ACCOUNTS, "federation.yaml")];
      const { exit, stdout } = await koplamp(["policy", "explain", "a", ...files, "--json"], { cwd });
      const all: unknown[] = JSON.parse(stdout);
      expect(all.length).toBeGreaterThan(1);
      expect(all[0]).toMatchObject({ covenant: { outcome: "allow" } });
      expect([0, 3]).toContain(exit);
    }),
  );

  test("compares: narrower, wider, and no different", { timeout: 60_000 }, () =>
    folders(async (cwd) => {
      await expect(transcript(["policy", "diff", "a", "b"], { cwd })).resolves.toMatchSnapshot();
      expect((await koplamp(["policy", "diff", "b", "a"], { cwd })).exit).toBe(9);
      await writeFile(join(cwd, "b/base.cedar"), EXAMPLE_POLICY.replace("minCount >= 5", "minCount >= 4"));
      expect((await koplamp(["policy", "diff", "a", "b"], { cwd })).exit).toBe(9);
      expect((await koplamp(["policy", "diff", "a", "a"], { cwd })).exit).toBe(0);
    }),
  );

  test("refuses a file that others may write", () =>
    folders(async (cwd) => {
      await writeFile(join(cwd, "a/more.cedar"), FORBID);
      await chmod(join(cwd, "a/more.cedar"), 0o666);
      const { exit, stderr } = await koplamp(["policy", "check", "a"], { cwd });
      expect({ exit, told: stderr.includes("can be written by others") }).toEqual({ exit: 2, told: true });
    }));
});
