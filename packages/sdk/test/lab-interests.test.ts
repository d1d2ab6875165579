// SPDX-License-Identifier: Apache-2.0
// Registers of interests in a lab: what a covenant's draft allows, and files that change between runs.
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { draftCovenant } from "../src/covenant-draft.ts";
import { type LabRun, runLab } from "../src/lab.ts";
import { readLab } from "../src/read-lab.ts";

const SLOW = 120_000;
const EXAMPLE = join(import.meta.dirname, "../../../examples/deconfliction");
const FILES = ["federation.yaml", "query.yaml", "police.yaml", "customs.yaml", "coastguard.yaml"];

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "koplamp-desks-"));
  for (const file of FILES) await copyFile(join(EXAMPLE, file), join(dir, file));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const files = () => ({ federation: join(dir, "federation.yaml"), query: join(dir, "query.yaml") });

async function changed(file: string, change: (text: string) => string): Promise<void> {
  await writeFile(join(dir, file), change(await readFile(join(dir, file), "utf8")));
}

/** The kinds of what each party hears of. */
function metIn({ answer, registers }: LabRun): object {
  return Object.fromEntries(
    [...registers].map(([party, kept]) => {
      const result = answer.results[party];
      const names = result?.kind === "lookup" ? result.answers.map(({ key }) => key[1]) : [];
      const met = kept.filter(({ id }) => names.includes(id));
      return [party, met.map(({ interest }) => interest.kind).sort()];
    }),
  );
}

test(
  "a draft with deconfliction, filled in, allows it in a lab; one without it refuses it",
  async () => {
    await changed("federation.yaml", (text) => text.replace("covenant: default", "covenant: covenant.yaml"));
    const draft = async (request: object): Promise<void> => {
      const parties = { federation: join(EXAMPLE, "federation.yaml") };
      const text = await draftCovenant({ id: "desks", now: Date.now(), ...parties, ...request });
      await writeFile(join(dir, "covenant.yaml"), text.replaceAll("…", "filled in"));
    };
    await draft({ purposes: ["deconfliction"] });
    const { answer } = await runLab(await readLab(files()));
    expect(answer).toMatchObject({ status: "refused", refusal: { rule: "purposes/deconfliction/classes" } });
    await draft({ deconfliction: "deconfliction" });
    const run = await runLab(await readLab(files()));
    expect(run.answer.status).toBe("released");
    expect(metIn(run)).toEqual({
      police: ["presence", "vessel"],
      customs: ["presence", "vessel"],
      coastguard: [],
    });
  },
  SLOW,
);

test(
  "with its state kept, a register holds what its file says now: nothing twice, and nothing that was taken out",
  async () => {
    const state = join(dir, "state");
    const run = async () => await runLab({ ...(await readLab(files())), state });
    await run();
    await changed("police.yaml", (text) => text.replace(/^.*vessel.*\n/m, ""));
    const second = await run();
    expect(metIn(second)).toMatchObject({ police: ["presence"], customs: ["presence"] });
    const police = second.registers.get("police") ?? [];
    expect(police.filter(({ withdrawn }) => withdrawn !== null).map(({ interest }) => interest.kind)).toEqual(
      ["vessel"],
    );
    expect(police).toHaveLength(4);
  },
  SLOW,
);

test(
  "an agency without a file has nothing in its register, and a file that is not there is told",
  async () => {
    await changed("federation.yaml", (text) => text.replace(", interests: customs.yaml", ""));
    expect(metIn(await runLab(await readLab(files())))).toEqual({ police: [], customs: [], coastguard: [] });
    await changed("federation.yaml", (text) => text.replace("coastguard.yaml", "none.yaml"));
    await expect(readLab(files())).rejects.toMatchObject({ code: "file" });
  },
  SLOW,
);
