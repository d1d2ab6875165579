// SPDX-License-Identifier: Apache-2.0
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import {
  answerText,
  checkLab,
  explanationText,
  generateFederation,
  type LabRequest,
  newLab,
  readLab,
  runLab,
} from "@koplamp/sdk";
import type { CommandSpec, FlagSpec, Flags } from "./command.ts";
import { endingLines, exitOf, plainAnswer } from "./ending.ts";
import { EXIT, UsageError } from "./errors.ts";
import { headingLine, qualityLines } from "./heading.ts";
import { withInterests } from "./interest-result.ts";
import type { Session } from "./session.ts";
import { counted } from "./table.ts";

const FEDERATION: FlagSpec = {
  flag: "--federation <file>",
  text: "who takes part, with which data",
  required: true,
};
const QUERY: FlagSpec = { flag: "--query <file>", text: "the question", required: true };

/** `koplamp lab …`: nothing here needs a server. */
export const LAB_COMMANDS: readonly CommandSpec[] = [
  {
    name: "run",
    summary: "Asks a question of a whole federation in one process; the answer on standard output.",
    example: "koplamp lab run --federation federation.yaml --query query.yaml",
    flags: [
      FEDERATION,
      QUERY,
      { flag: "--show-contract", text: "who learns what, in words, before the answer" },
      { flag: "--state <dir>", text: "keep ledgers, quotas and caches here: earlier runs then count" },
      { flag: "--bundle <file>", text: "write the evidence here, for koplamp verify" },
      { flag: "--backend <name>", text: "native, kernel or wasm: that backend or none (default: auto)" },
    ],
    run: labRun,
  },
  {
    name: "check",
    summary: "Checks the files and reads the data; counts per column, no protocol.",
    example: "koplamp lab check --federation federation.yaml",
    flags: [FEDERATION, { flag: "--query <file>", text: "the question to check against it" }],
    run: labCheck,
  },
  {
    name: "new <dir>",
    summary: "Writes a federation, its generated data and a question to start from.",
    example: "koplamp lab new my-lab --template match --parties 3",
    flags: [
      {
        flag: "--template <name>",
        text: "match, overlap, sum, flow, smurfing, pass-through or circular (default: match)",
      },
      { flag: "--parties <n>", text: "how many agencies (default: 3)" },
    ],
    run: async (session, flags, [dir = ""]) => {
      const parties = flags.integer("parties", 2, 64);
      const template = flags.text("template") ?? "match";
      const files = await newLab(resolve(session.io.cwd, dir), {
        template,
        ...(parties === undefined ? {} : { parties }),
      });
      const next = `koplamp lab run --federation ${dir}/federation.yaml --query ${dir}/query.yaml`;
      return written(session, dir, files, next);
    },
  },
  {
    name: "generate",
    summary: "Writes generated registers with planted patterns and their known answers.",
    example: "koplamp lab generate --parties 4 --rows 1000 --overlap 0.2 --seed 7 --out country",
    flags: [
      { flag: "--parties <n>", text: "how many agencies, 2 to 64", required: true },
      { flag: "--rows <n>", text: "rows of each register", required: true },
      { flag: "--overlap <p>", text: "the part that several agencies hold, 0 to 1", required: true },
      { flag: "--seed <n>", text: "the same seed gives the same files (default: 1)" },
      { flag: "--out <dir>", text: "an empty or new folder (default: generated)" },
    ],
    run: async (session, flags) => {
      const out = flags.text("out") ?? "generated";
      const options = {
        parties: flags.integer("parties", 2, 64) ?? 2,
        rows: flags.integer("rows", 1, 100_000) ?? 1,
        overlap: flags.fraction("overlap") ?? 0,
        seed: flags.integer("seed", 0, 2 ** 32 - 1) ?? 1,
      };
      const files = await generateFederation(options, resolve(session.io.cwd, out));
      const next = `koplamp lab run --federation ${out}/federation.yaml --query ${out}/match.yaml`;
      return written(session, out, files, next);
    },
  },
];

function written(session: Session, dir: string, files: readonly string[], next: string): number {
  if (session.json) session.print(JSON.stringify({ dir, files }));
  else
    session.print(
      `${counted(files.length, "file")} in ${dir}`,
      ...files.map((file) => `  ${file}`),
      `next  ${next}`,
    );
  return EXIT.done;
}

async function labRun(session: Session, flags: Flags): Promise<number> {
  const { cwd } = session.io;
  const [federation, query] = [flags.required("federation"), flags.required("query")];
  const lab = await readLab({ federation: resolve(cwd, federation), query: resolve(cwd, query) });
  const state = flags.text("state");
  const backends = backendOf(flags.text("backend"));
  const said = session.json ? () => {} : session.print;
  said(headingLine(lab.question));
  session.note(...[...lab.question.warnings, LAB_WARNING].map((warning) => `warning  ${warning}`));
  const began = performance.now();
  const { answer, outcomes, bundle, qualities, explanation, covenantHash, registers } = await runLab({
    ...lab,
    backends,
    lang: session.lang,
    progress: (step) => session.lanes.show(step),
    onExplained: (told) => {
      if (flags.has("show-contract")) said("", explanationText(told, session), "");
    },
    ...(state === undefined ? {} : { state: resolve(cwd, state) }),
  });
  session.lanes.clear();
  const evidence = flags.text("bundle");
  if (evidence !== undefined && bundle !== undefined) await writeFile(resolve(cwd, evidence), bundle);
  const trust =
    evidence === undefined || bundle === undefined
      ? []
      : [`evidence in ${evidence}; trust: covenant ${covenantHash}`];
  const plain = withInterests(plainAnswer(answerText(answer)), [...registers.values()].flat(), session);
  if (session.json) session.print(registers.size === 0 ? answerText(answer) : JSON.stringify(plain));
  said(
    ...qualityLines(qualities, lab.question.key),
    `  ${explanation.protocol.padEnd(40)} ${((performance.now() - began) / 1000).toFixed(1)} s`,
    ...endingLines(
      plain,
      lab.question,
      `koplamp lab run --federation ${federation} --query ${query} --json gives all`,
    ),
    ...trust,
  );
  return exitOf(plain, Object.values(outcomes));
}

const BACKENDS: readonly Backend[] = ["auto", "native", "kernel", "wasm"];
type Backend = NonNullable<LabRequest["backends"]>;

function backendOf(name = "auto"): Backend {
  const found = BACKENDS.find((backend) => backend === name);
  if (found !== undefined) return found;
  throw new UsageError(`--backend takes ${BACKENDS.join(", ")}, got "${name}"`);
}

const LAB_WARNING = "lab: approvals are given by lab keys; nobody has agreed to anything";

async function labCheck(session: Session, flags: Flags): Promise<number> {
  const { cwd } = session.io;
  const query = flags.text("query");
  const checked = await checkLab({
    federation: resolve(cwd, flags.required("federation")),
    lang: session.lang,
    ...(query === undefined ? {} : { query: resolve(cwd, query) }),
  });
  if (session.json) session.print(JSON.stringify(checked));
  else {
    session.print(checked.federation, ...qualityLines(checked.datasets, []));
    session.note(...checked.warnings.map((warning) => `warning  ${warning}`));
    if (checked.explanation !== undefined) session.print("", explanationText(checked.explanation, session));
  }
  return EXIT.done;
}
