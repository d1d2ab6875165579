// SPDX-License-Identifier: Apache-2.0
// Steps 3 to 9 of the demonstration, over running processes. Each checks what it tells.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Outcome } from "@koplamp/engine";
import type { PartyId } from "@koplamp/protocol";
import { explain, type Federation } from "@koplamp/query";
import type { AnswerResult } from "@koplamp/wire";
import type { QuestionFile } from "./client.ts";
import { cellLines, histogramLines, matchLines, sameResult } from "./demo-answers.ts";
import { DemoError } from "./demo-error.ts";
import type { RunningFederation } from "./demo-federation.ts";
import type { Folders } from "./demo-folder.ts";
import { DemoPeople } from "./demo-people.ts";
import { type DemoQuestions, demoQuestions } from "./demo-questions.ts";
import { searchFolder } from "./demo-search.ts";
import { secondVerdict } from "./demo-second.ts";
import { check, type Story } from "./demo-story.ts";
import { verifyFile } from "./verify.ts";

/** What the steps are told about. */
export interface Stage {
  readonly story: Story;
  readonly running: RunningFederation;
  readonly folders: Folders;
  readonly federation: Federation;
}

interface Scene extends Stage {
  readonly questions: DemoQuestions;
  /** Who asks: the first party. */
  readonly asker: PartyId;
  /** Whose people decide for themselves; those of the others agree to everything. */
  readonly people: DemoPeople;
  /** What was planted, as `expected.json` has it. */
  readonly planted: (file: string, party: PartyId) => unknown;
}

type Outcomes = ReadonlyMap<PartyId, Outcome<AnswerResult>>;

/** Asks the questions, checks the evidence and says what each learned. @throws {DemoError} when a check fails. */
export async function tellSteps(stage: Stage): Promise<void> {
  const scene = {
    ...stage,
    questions: demoQuestions(stage.federation),
    asker: stage.federation.parties[0]?.id ?? "",
    people: peopleOf(stage),
    planted: await plantedAnswers(stage.folders),
  };
  await count(scene);
  await refused(scene);
  const matched = await match(scene);
  await sum(scene);
  await forbidden(scene);
  await evidence(scene, matched);
  await learned(scene, matched);
}

function peopleOf({ folders, running }: Stage): DemoPeople {
  const [[party, folder] = ["", ""]] = folders.people;
  return new DemoPeople(party, running.client(party), folder);
}

/** A question that is asked, and that the people who decide for themselves approve. */
async function approved(
  { running, asker, people }: Scene,
  question: QuestionFile,
): Promise<Outcome<AnswerResult>> {
  const [outcome] = await Promise.all([running.client(asker).run(question), people.approve()]);
  return outcome;
}

async function count(scene: Scene): Promise<void> {
  const { story, asker, questions, planted } = scene;
  await story.step(`Class B, to ${asker}: how many companies do several agencies know?`, async (say) => {
    say(await contractLine(scene, questions.count));
    const result = resultOf(await approved(scene, questions.count));
    check(sameResult(result, planted("overlap.yaml", asker)), "the numbers are the planted ones");
    say(...histogramLines(result));
  });
}

/** Step 4: two people of every agency, and one of them says no. */
async function refused({ story, running, asker, questions, people }: Scene): Promise<void> {
  await story.step(`Four eyes: one person of ${people.party} says no`, async (say) => {
    say(
      "a question waits at every node for a lawful and an ethical approval of each agency, by two people",
      `the keys of ${people.party}'s people stand in files of their own: its node cannot agree for them`,
    );
    const asked = running.client(asker).run(questions.match);
    const [outcome] = await Promise.all([asked, people.refuse("The count was enough to begin with")]);
    check(outcome.status === "refused" && outcome.party === people.party, "a refusal ends the question");
    if (outcome.status !== "refused") return;
    say(`error: ${outcome.message}`, `  rule   ${outcome.rule}`);
    for (const party of running.nodes.keys()) {
      await running.client(party).outcomeOf(outcome.planHash ?? ""); // it has ended there too
      const { decisions, state } = await running.client(party).question(outcome.planHash ?? "");
      const kept = state === "ended" && decisions.some(({ decision }) => decision === "refuse");
      check(kept, `the refusal and its reason stand at ${party}`);
    }
    say(
      `exit 3; the reason stands in ${running.nodes.size} ledgers; nothing left any agency`,
      "asked again, and now approved:",
    );
  });
}

async function match(scene: Scene): Promise<Outcomes> {
  const { story, running, asker, questions, planted } = scene;
  return await story.step("Class F, to all: which of our accounts do others know too?", async (say) => {
    say(await contractLine(scene, questions.match));
    const first = await approved(scene, questions.match);
    const outcomes = await outcomesEverywhere(running, asker, first);
    for (const [party, outcome] of outcomes) {
      const result = resultOf(outcome);
      const promise = `${party} has its planted matches, and no others`;
      check(sameResult(result, planted("match.yaml", party)), promise);
      say(...matchLines(party, result));
    }
    return outcomes;
  });
}

async function sum(scene: Scene): Promise<void> {
  const { story, asker, questions, planted } = scene;
  const heading = `Class A, to ${asker}: reports and money per municipality, summed under encryption`;
  await story.step(heading, async (say) => {
    const result = resultOf(await approved(scene, questions.sum));
    check(
      sameResult(result, planted("sum.yaml", asker)),
      "the cells are the planted ones, small ones withheld",
    );
    say(...cellLines(result));
    say("nobody holds the key to one agency's cells; a withheld cell is shown without its number");
  });
}

async function forbidden({ story, running, asker, questions }: Scene): Promise<void> {
  await story.step("A question that the covenant forbids", async (say) => {
    const outcome = await running.client(asker).run(questions.forbidden);
    check(outcome.status === "refused", "the covenant forbids it, so every node refuses");
    if (outcome.status !== "refused") return;
    const { message, rule, party, hint } = outcome;
    say(`error: ${message}`, `  rule   ${rule}`, `  party  ${party}`, `hint:  ${hint}`);
    say("exit 3; nothing left any agency");
  });
}

async function evidence({ story, folders, asker }: Scene, matched: Outcomes): Promise<void> {
  await story.step("The evidence of the match, checked offline", async (say) => {
    const outcome = matched.get(asker);
    const bundle = outcome?.status === "released" ? outcome.bundle : undefined;
    if (bundle === undefined) throw new DemoError("whoever asked has no evidence");
    const file = join(folders.dir, "accounts.koplamp.tar");
    await writeFile(file, bundle);
    const { lines, verdict } = await verifyFile(file, await readFile(folders.trust, "utf8"));
    const promises = (found: string): string =>
      lines.flatMap((line) => (line.verdict === found ? [line.promise] : [])).join(", ");
    for (const line of lines.filter((one) => one.verdict === "FAIL"))
      say(`FAIL  ${line.promise}  ${line.detail}`);
    check(verdict === "VERIFIED", "the evidence verifies");
    say("from the bundle and one line on paper, with no node and no network:");
    say(`${verdict}     ${promises("PASS")}`, `not yet due  ${promises("SKIP")}`);
    const second = await secondVerdict(file, folders.trust);
    check(!second.startsWith("FAILED"), "the second verifier has the same verdict");
    say("by scripts/verify.sh, which shares no line with it:", second);
  });
}

/** The contract in words: its one sentence, before anything runs. */
async function contractLine({ running, asker }: Scene, question: QuestionFile): Promise<string> {
  const { plan, contract } = await running.client(asker).explain(question);
  const { summary, protocol } = explain(contract, plan, { lang: "en" });
  return `contract (${protocol}): ${summary}`;
}

/** How one question ended at every node: each tells its own people only. */
async function outcomesEverywhere(
  running: RunningFederation,
  asker: PartyId,
  first: Outcome<AnswerResult>,
): Promise<Outcomes> {
  resultOf(first); // a failure ends the story here, with its reason
  const { planHash = "" } = first;
  const others = [...running.nodes.keys()].map(async (party) => {
    const outcome = party === asker ? first : await running.client(party).outcomeOf(planHash);
    return [party, outcome] as const;
  });
  return new Map((await Promise.all(others)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Step 9: what each learned, and what the relay saw. */
async function learned(
  { story, running, folders, federation, asker }: Scene,
  matched: Outcomes,
): Promise<void> {
  const { parties } = federation;
  await story.step("What each learned", async (say) => {
    for (const [party, outcome] of matched) {
      const result = resultOf(outcome);
      const own = result.kind === "match" ? result.matches.length : 0;
      const more = party === asker ? ", four numbers of companies, and the sums above" : "";
      say(`${party.padEnd(16)}${own} of its own accounts are known elsewhere, and where${more}`);
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
    check(search.values > 0 && search.found === 0, "the relay's files hold no account number");
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
