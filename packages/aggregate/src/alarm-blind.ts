// SPDX-License-Identifier: Apache-2.0
import { conversation, exchangeReady, groupSecret } from "@koplamp/crypto";
import { compute, disclose, type Party, type PartyId, type Rng, receive, send } from "@koplamp/protocol";
import type { Verdict } from "./alarm.ts";
import {
  ALARM,
  BLIND_USE,
  type BlindTests,
  hideTests,
  judgeTests,
  placeVerdicts,
  QUIET,
} from "./alarm-jobs.ts";
import { type AlarmTests, alarmsPerCell, type CellFactsOf, formsOf, testCount } from "./alarm-tests.ts";
import { SumError } from "./errors.ts";
import { bytesCodec } from "./messages.ts";
import { ascending, COORDINATOR, FEWEST_CONTRIBUTORS, nodesOf } from "./session.ts";

/** What everybody in blind tests knows of them, the coordinator included. */
export interface BlindSession {
  readonly contributors: readonly PartyId[];
  /** One party: what it is told, it alone is told. */
  readonly recipients: readonly PartyId[];
  /** `T` of channel.md, section 2: 32 bytes. */
  readonly transcript: Uint8Array;
  readonly cells: number;
  readonly alarmsPerCell: number;
}

/** One node's view. */
export interface BlindNodeSetup extends Omit<BlindSession, "cells" | "alarmsPerCell"> {
  readonly me: PartyId;
  readonly tests: AlarmTests;
  /** At a contributor. */
  readonly facts?: CellFactsOf;
}

/** Bytes of a word. */
const WORD = 16;

/**
 * `alarm-blind/1` at a node (aggregation.md, section 9, `gate: blind`): signs of linear tests, and nobody holds a sum.
 *
 *   node                                                 every other node
 *              commit, echo, alpha  <----->  (all pairs) a secret that C does not know: places, a and ρ of each test
 *              ready     <----->  (all pairs)            everybody saw the same
 *
 *   contributor i                                        coordinator C
 *              y         ======>                         disclose: tests.<i>, via the coordinator: a·F_i of every test,
 *                                                        at a secret place, under masks that cancel in the whole sum
 *                                                        (the first one adds ρ - a·θ, with ρ below a)
 *                                                        Σ y = a·(F - θ) + ρ is not negative where F >= θ
 *   recipient  bits      <------                         of every cell: withheld, quiet or alarm
 *
 * The recipient learns which cells raise an alarm and which have too few rows or parties: no sum is ever opened. The
 * coordinator learns the signs of tests that it cannot name, and where one is near its threshold, how near at most. With
 * any node it learns every sum of every test: they must not collude. It is believed about the signs.
 *
 * Vault: `exporter/<party>`. Gives the verdicts of all cells at the recipient, nothing elsewhere.
 */
export function* blindNode(setup: BlindNodeSetup, rng: Rng): Party<readonly Verdict[] | undefined> {
  const { me, contributors, recipients, transcript, tests, facts } = setup;
  checkBlind(sessionOf(setup));
  if ((facts !== undefined) !== contributors.includes(me))
    throw new SumError("setup", "expected numbers at contributors and nowhere else");
  const talk = conversation(me, nodesOf(setup));
  yield* groupSecret(talk, nodesOf(setup), transcript, BLIND_USE, rng);
  yield* exchangeReady(talk, transcript);
  const of: BlindTests = { transcript, contributors, tests };
  if (facts !== undefined) {
    const cells = Array.from({ length: tests.groups * tests.periods }, (_, cell) => cell);
    const forms = cells.flatMap((cell) => formsOf(tests, facts, cell));
    const words = yield* compute(hideTests, of, me, forms);
    yield* disclose(COORDINATOR, `tests.${me}`, bytesCodec("y", testCount(tests) * WORD), words);
  }
  if (!recipients.includes(me)) return undefined;
  const told = yield* receive(COORDINATOR, bytesCodec("bits", tests.groups * tests.periods));
  return verdictsByCell(yield* compute(placeVerdicts, of, told), tests);
}

/** The coordinator's side: it adds, looks at signs and tells them. It can name no cell and no test. */
export function* blindCoordinator(session: BlindSession): Party<undefined> {
  checkBlind(session);
  const { contributors, recipients, cells, alarmsPerCell: alarms } = session;
  const parts: Uint8Array[] = [];
  for (const party of contributors)
    parts.push(yield* receive(party, bytesCodec("y", wordsOf(session) * WORD)));
  const told = yield* compute(judgeTests, alarms, parts);
  for (const to of recipients) yield* send(to, bytesCodec("bits", cells), told);
  return undefined;
}

function sessionOf({ tests, ...common }: BlindNodeSetup): BlindSession {
  return { ...common, cells: tests.groups * tests.periods, alarmsPerCell: alarmsPerCell(tests) };
}

/** Words that each contributor sends. */
export function wordsOf({
  cells,
  alarmsPerCell: alarms,
}: Pick<BlindSession, "cells" | "alarmsPerCell">): number {
  return cells * (2 + alarms);
}

function checkBlind({
  contributors,
  recipients,
  transcript,
  cells,
  alarmsPerCell: alarms,
}: BlindSession): void {
  const roster =
    ascending(contributors) && contributors.length >= FEWEST_CONTRIBUTORS && recipients.length === 1;
  if (roster && transcript.length === 32 && cells >= 1 && alarms >= 1) return;
  throw new SumError("setup", "expected contributors in id order, one recipient, and cells to test");
}

/**
 * Cell by cell what was told. Where a sum adds up over time, nothing is said of a period after one that is withheld: what has
 * added up may be of too few.
 */
function verdictsByCell(told: Uint8Array, { periods, rule }: AlarmTests): readonly Verdict[] {
  let lost = false;
  return Array.from(told, (word, cell): Verdict => {
    if (cell % periods === 0 || rule.rule === "zscore") lost = false;
    lost ||= word !== ALARM && word !== QUIET;
    if (lost) return "unknown";
    return word === ALARM ? "alarm" : "quiet";
  });
}
