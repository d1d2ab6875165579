// SPDX-License-Identifier: Apache-2.0
// docs/verify-by-hand.md: its commands, run on a real bundle, with openssl, minisign and signify where they are.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Federation, matchOf } from "../../engine/test/federation.ts";
import { readTar } from "../src/tar.ts";
import { agreed, type Made, made } from "./bundles.ts";

const PAGE = join(import.meta.dirname, "../../../docs/verify-by-hand.md");
const TOOLS: Readonly<Record<string, string>> = {
  openssl: "openssl",
  minisign: "minisign",
  signify: "signify-openbsd",
};

let federation: Federation;
let one: Made;
let folder = "";

beforeAll(async () => {
  federation = agreed({ anna: ["x", "y"], bert: ["y"] });
  one = await made(federation, "anna", matchOf(["anna", "bert"], ["anna"]));
}, 30_000);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "koplamp-by-hand-"));
  for (const { name, bytes } of readTar(one.bytes)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  return () => rmSync(folder, { recursive: true });
});

afterAll(() => federation.close());

const isHere = (command: string): boolean =>
  spawnSync("sh", ["-c", `command -v ${command}`], { stdio: "ignore" }).status === 0;

/** The page's functions, and a command after them. */
function shell(command: string): { readonly status: number | null; readonly out: string } {
  const functions = [...readFileSync(PAGE, "utf8").matchAll(/```sh\n([\s\S]*?)```/g)].map(([, text]) => text);
  const { status, stdout } = spawnSync("sh", ["-c", `${functions.join("")}\n${command}`], { cwd: folder });
  return { status, out: stdout.toString() };
}

/** Turns a bit of a file. */
function damage(name: string, at: number): void {
  const bytes = readFileSync(join(folder, name));
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(join(folder, name), bytes);
}

describe.each(Object.entries(TOOLS))("the commands of the page with %s", (tool, command) => {
  it.skipIf(!isHere(command))("take every signature, and none over something else", () => {
    expect(shell(`every ${tool}`)).toEqual({ status: 0, out: "" });
    const signed = one.bundle.documents.filter(({ signatures }) => signatures.length > 0);
    const [first, second, third] = signed.map(({ hash }) => hash.slice(7));
    damage(`documents/${first}.json`, 40);
    damage(`signatures/${second}.sigs`, 70);
    const { status, out } = shell(`every ${tool}`);
    expect(status).toBe(1);
    expect(out).toContain(`signatures/${first}.sigs`);
    expect(out).toContain(`signatures/${second}.sigs`);
    expect(out).not.toContain(`signatures/${third}.sigs`);
  });
});
