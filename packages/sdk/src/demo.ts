// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Outcome } from "@koplamp/engine";
import type { PartyId } from "@koplamp/protocol";
import { explain, type Federation } from "@koplamp/query";
import type { AnswerResult } from "@koplamp/wire";
import type { QuestionFile } from "./client.ts";
import { cellLines, histogramLines, matchLines, sameResult } from "./demo-answers.ts";
import { DemoError } from "./demo-error.ts";
import { type RunningFederation, startFederation } from "./demo-federation.ts";
import { type Folders, foundFolders } from "./demo-folder.ts";
import type { Programs } from "./demo-processes.ts";
import { demoQuestions, demoTerms } from "./demo-questions.ts";
import { searchFolder } from "./demo-search.ts";
import { check, Story, type StoryOutput } from "./demo-story.ts";
import { generateFederation } from "./generate.ts";
import { verifyFile } from "./pending.ts";
import { readFederationFile } from "./read-lab.ts";

/** How the demonstration runs. */
export interface DemoOptions extends StoryOutput {
  readonly programs: Programs;
  /** A folder to leave everything in; without one, nothing stays. */
  readonly keep?: string;
}

const ROWS = 150;
const SEED = 2026;
const PARTIES = 4;

/**
 * The story of section 8 of experience.md: four agencies and a relay as real processes, four questions, the evidence,
 * and what each learned. Every step checks itself. It leaves no process behind, however it ends.
 * @returns whether every check held.
 * @throws {DemoError} naming the promise that did not hold.
 */
export async function runDemo(options: DemoOptions): Promise<boolean> {
  const dir = options.keep ?? (await mkdtemp(join(tmpdir(), "koplamp-demo-")));
  const story = new Story(options);
  let running: RunningFederation | undefined;
  try {
    options.print("Four agencies ask each other what none of them may show. All data are generated.");
    const { folders, federation } = await found(story, dir);
    running = await story.step("The machines start", async (say) => {
      const started = await startFederation(folders, options.programs);
      running = started; // known to `finally` before anything else can fail
      const pids = [started.coordinator, ...started.nodes.values()].map(({ name, pid }) => `${name} ${pid}`);
      say(
        `five processes: ${pids.join(", ")}`,
        `mutual TLS 1.3 on 127.0.0.1:${folders.port}, each machine pinned by its card`,
        "nodes dial out only: the relay has no way to call them, and people reach their own node alone",
      );
      return started;
    });
    await tell(story, running, folders, federation);
    options.print("", `Everything held, in ${story.elapsed}.`, ...next(options.keep));
    return true;
  } finally {
    await running?.stop();
    if (options.keep === undefined) await rm(dir, { recursive: true, force: true });
  }
}

/** Step 1: data, keys, covenant. */
async function found(
  story: Story,
  dir: string,
): Promise<{ readonly folders: Folders; readonly federation: Federation }> {
  return await story.step("Keys and a covenant", async (say) => {
    const data = join(dir, "country");
    await generateFederation({ parties: PARTIES, rows: ROWS, overlap: 0.2, seed: SEED }, data);
    const federation = await readFederationFile(join(data, "federation.yaml"));
    const folders = await foundFolders({
      dir,
      federation,
      covenant: "country-2026",
      terms: demoTerms(federation),
    });
    const names = federation.parties.map(({ id }) => id);
    say(
      `${names.join(", ")}: keys of machines and people, in files that only their owner may read`,
      `signed by ${names.length} of ${names.length}: covenant ${folders.covenantHash}`,
      "it allows fraud-2026 to count, to sum and to match; supervision-2026 to count and to sum",
      `each has accounts, companies, persons, ships and reports: ${ROWS} rows and more in each, seed ${SEED}`,
    );
    return { folders, federation };
  });
}

/** Steps 3 to 8, over running processes. */
async function tell(
  story: Story,
  running: RunningFederation,
  folders: Folders,
  federation: Federation,
): Promise<void> {
  const questions = demoQuestions(federation);
  const expected = await plantedAnswers(folders);
  const asker = federation.parties[0]?.id ?? "";
  await story.step(`Class B, to ${asker}: how many companies do several agencies know?`, async (say) => {
    await sayContract(running, asker, questions.count, say);
    const outcome = await running.client(asker).run(questions.count);
    check(sameResult(resultOf(outcome), expected("overlap.yaml", asker)), "the numbers are the planted ones");
    say(...histogramLines(resultOf(outcome)));
  });
  const matched = await story.step(
    "Class F, to all: which of our accounts do others know too?",
    async (say) => {
      await sayContract(running, asker, questions.match, say);
      const first = await running.client(asker).run(questions.match);
      const outcomes = await outcomesEverywhere(running, asker, first);
      for (const [party, outcome] of outcomes) {
        const result = resultOf(outcome);
        check(
          sameResult(result, expected("match.yaml", party)),
          `${party} has its planted matches, and no others`,
        );
        say(...matchLines(party, result));
      }
      return outcomes;
    },
  );
  await story.step(
    `Class A, to ${asker}: reports and money per municipality, summed under encryption`,
    async (say) => {
      const outcome = await running.client(asker).run(questions.sum);
      check(
        sameResult(resultOf(outcome), expected("sum.yaml", asker)),
        "the cells are the planted ones, small ones withheld",
      );
      say(...cellLines(resultOf(outcome)));
      say("nobody holds the key to one agency's cells; a withheld cell is shown without its number");
    },
  );
  await story.step("A question that the covenant forbids", async (say) => {
    const outcome = await running.client(asker).run(questions.forbidden);
    check(outcome.status === "refused", "the covenant forbids it, so every node refuses");
    if (outcome.status !== "refused") return;
    say(
      `error: ${outcome.message}`,
      `  rule   ${outcome.rule}`,
      `  party  ${outcome.party}`,
      `hint:  ${outcome.hint}`,
    );
    say("exit 3; nothing was read and nothing left");
  });
  await story.step("The evidence, checked offline", async (say) => {
    const bundle = matched.get(asker);
    const bytes = bundle?.status === "released" ? bundle.bundle : undefined;
    check(bytes !== undefined, "whoever asked has the evidence");
    const file = join(folders.dir, "accounts.koplamp.tar");
    await writeFile(file, bytes ?? new Uint8Array());
    const report = await verifyFile(file, await readFile(folders.trust, "utf8"));
    const failed = report.lines.filter(({ result }) => result === "FAIL");
    for (const { name, detail } of failed) say(`FAIL  ${name}  ${detail}`);
    check(failed.length === 0, "the bundle verifies");
    const passed = report.lines.filter(({ result }) => result === "PASS").length;
    const skipped = report.lines.filter(({ result }) => result === "SKIP").map(({ name }) => name);
    say(`VERIFIED: ${passed} promises hold, from the bundle and the covenant's hash alone`);
    say(`not checked yet: ${skipped.join(", ")}`);
  });
  await learned(story, running, folders, federation, matched);
}

/** The contract in words: its one sentence, before anything runs. */
async function sayContract(
  running: RunningFederation,
  asker: PartyId,
  question: QuestionFile,
  say: (...lines: readonly string[]) => void,
): Promise<void> {
  const { plan, contract } = await running.client(asker).explain(question);
  const { summary, protocol } = explain(contract, plan, { lang: "en" });
  say(`contract (${protocol}): ${summary}`);
}

/** How one question ended at every node: each tells its own people only. */
async function outcomesEverywhere(
  running: RunningFederation,
  asker: PartyId,
  first: Outcome<AnswerResult>,
): Promise<ReadonlyMap<PartyId, Outcome<AnswerResult>>> {
  resultOf(first); // a failure ends the story here, with its reason
  const { planHash = "" } = first;
  const others = [...running.nodes.keys()].map(async (party) => {
    const outcome = party === asker ? first : await running.client(party).outcomeOf(planHash);
    return [party, outcome] as const;
  });
  return new Map((await Promise.all(others)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Step 8: what each learned, and what the relay saw. */
async function learned(
  story: Story,
  running: RunningFederation,
  folders: Folders,
  { parties }: Federation,
  matched: ReadonlyMap<PartyId, Outcome<AnswerResult>>,
): Promise<void> {
  await story.step("What each learned", async (say) => {
    const asker = parties[0]?.id ?? "";
    for (const [party, outcome] of matched) {
      const result = resultOf(outcome);
      const own = result.kind === "match" ? result.matches.length : 0;
      const more = party === asker ? ", four numbers of companies, and the sums above" : "";
      say(`${party.padEnd(16)} ${own} of its own accounts are known elsewhere, and where${more}`);
    }
    say("nobody          an account, company or report that it did not hold itself");
    say(
      "relay           who took part, when, sizes padded to fixed steps; for the count the pattern in pseudonyms",
    );
    const values = await plantedAccounts(
      folders,
      parties.map(({ id }) => id),
    );
    const search = await searchFolder(folders.coordinator, values);
    say(
      `relay's files   ${search.files} searched for all ${search.values} account numbers in ${search.encodings} encodings: ${search.found} found`,
    );
    check(search.values > PARTIES * ROWS && search.found === 0, "the relay's files hold no account number");
    const own = await searchFolder(join(folders.dir, "country"), values.slice(0, 20));
    check(own.found >= 20, "the search finds what is there");
    const statuses = await running.stop();
    const clean = [...statuses].filter(([, status]) => status === 0).length;
    say(`stopped         ${clean} of ${statuses.size} processes ended when asked, their keys wiped`);
    check(clean === statuses.size, "every process stops when it is asked");
  });
}

/** The accounts in the parties' files, as they were planted. */
async function plantedAccounts({ dir }: Folders, parties: readonly PartyId[]): Promise<readonly string[]> {
  const texts = await Promise.all(
    parties.map((party) => readFile(join(dir, "country", "data", `${party}-accounts.csv`), "utf8")),
  );
  return [...new Set(texts.flatMap((text) => text.match(/NL\d\d[A-Z]{4}\d{10}/g) ?? []))];
}

async function plantedAnswers({ dir }: Folders): Promise<(file: string, party: PartyId) => unknown> {
  const planted: unknown = JSON.parse(await readFile(join(dir, "country", "expected.json"), "utf8"));
  return (file, party) => {
    const path = [file, "results", party];
    return path.reduce<unknown>((value, name) => Reflect.get(Object(value), name), planted);
  };
}

/** The result of a question that was answered. @throws {DemoError} with the reason when it was not. */
function resultOf(outcome: Outcome<AnswerResult>): AnswerResult {
  if (outcome.status !== "released")
    throw new DemoError(`${outcome.party}: ${outcome.message}`, outcome.hint);
  if (outcome.result !== undefined) return outcome.result;
  throw new DemoError("a recipient got no result");
}

function next(keep: string | undefined): readonly string[] {
  const lines = [
    "koplamp lab run --federation examples/ships/federation.yaml --query examples/ships/query.yaml",
    "koplamp lab up         the same machines, until you stop them, to ask your own questions",
  ];
  return keep === undefined ? lines : [...lines, `everything is in ${keep}`];
}
