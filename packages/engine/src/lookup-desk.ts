// SPDX-License-Identifier: Apache-2.0
// Open look-ups, as the own people have them.
import type { PartyId } from "@koplamp/protocol";
import type { Hash } from "@koplamp/wire";
import { EngineError } from "./errors.ts";
import type { LookedUp, OpenLookup } from "./open-lookup.ts";
import type { QuestionRun } from "./question-run.ts";

/** Open look-ups, as the own people have them. */
export interface LookupDesk {
  /**
   * Asks in an open look-up that this node has begun, at most 32 questions at a time, a cell for each column of its key.
   * @throws {EngineError} `refused` when none of this plan is open, `quota`, `limits`; {@link QueryError} for a value of
   * another kind; what ended the look-up.
   */
  lookUp(planHash: Hash, rows: readonly (readonly string[])[]): Promise<LookedUp>;
  /** Ends an open look-up: evidence and its whole answer follow. @throws {EngineError} `refused` when none is open. */
  endLookUp(planHash: Hash): void;
}

/** The open look-ups among the questions that live. */
export function lookupDesk(me: PartyId, runs: ReadonlySet<QuestionRun>): LookupDesk {
  return {
    lookUp: async (planHash, rows) => await openIn(me, runs, planHash).ask(rows),
    endLookUp: (planHash) => openIn(me, runs, planHash).end(),
  };
}

function openIn(me: PartyId, runs: ReadonlySet<QuestionRun>, planHash: Hash): OpenLookup {
  const open = [...runs].find((run) => run.planHash === planHash)?.open;
  if (open !== undefined) return open;
  const hint =
    "it opens once it is approved, and ends with the day: koplamp query watch HASH shows how it stands";
  throw new EngineError("refused", me, "no look-up of this plan is open at this node", hint);
}
