// SPDX-License-Identifier: Apache-2.0
// How much one question takes, by its protocol (docs/protocols/limits.md).
import { MOST_LIST_ROWS, MOST_PAIR_ROWS, MOST_PARTIES, MOST_ROWS, shardLimitOf } from "@koplamp/psi";
import { type Ask, type Input, keyOf } from "@koplamp/wire";
import { JOIN_PAIR } from "./choices.ts";
import { QueryError } from "./errors.ts";
import { checkThreshold, usesTables } from "./thresholds.ts";

/**
 * Refuses what one question cannot take, by public bounds alone: where it is planned, and again by every node before it
 * says yes. What sums take is checked with their layout.
 * @throws {QueryError} `too-many`, naming the party where there is one, with what can be asked instead.
 */
export function checkLimits(ask: Ask, protocol: string, inputs: readonly Input[]): void {
  checkParties(inputs);
  checkLists(ask, protocol, inputs);
  if (usesTables(ask, protocol)) checkThreshold({ ask, inputs });
}

function checkParties({ length }: readonly Input[]): void {
  if (length <= MOST_PARTIES) return;
  const message = `a question takes at most ${MOST_PARTIES} parties, got ${length}`;
  throw new QueryError("too-many", message, { hint: "ask fewer parties at a time" });
}

/** What all sessions of a question take together: of a protocol that is run in shards, or the one of another. */
function checkLists(ask: Ask, protocol: string, inputs: readonly Input[]): void {
  const pair = protocol === JOIN_PAIR.protocol;
  const single = pair ? MOST_PAIR_ROWS : MOST_ROWS;
  const most = shardLimitOf(protocol) === undefined ? single : MOST_LIST_ROWS;
  const large = inputs.find(({ rowsPadded }) => rowsPadded > most);
  if (keyOf(ask).length === 0 || large === undefined) return;
  const { party, rowsPadded } = large;
  const other = pair ? "mode: hub: the coordinator then sees which pseudonyms several parties sent; or " : "";
  throw new QueryError(
    "too-many",
    `${party} brings up to ${rowsPadded} keys, and ${protocol} takes ${most}`,
    {
      party,
      hint: `${other}ask over a smaller dataset`,
    },
  );
}
