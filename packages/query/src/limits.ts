// SPDX-License-Identifier: Apache-2.0
import { MOST_PAIR_ROWS, MOST_ROWS } from "@koplamp/psi";
import { type Ask, type Input, keyOf } from "@koplamp/wire";
import { JOIN_PAIR } from "./choices.ts";
import { QueryError } from "./errors.ts";

/** One session takes so many rows; between pairs they go in shards, of a join of two there are none. @throws {QueryError} `not-yet`. */
export function checkSizes(ask: Ask, protocol: string, inputs: readonly Input[]): void {
  const most = protocol === JOIN_PAIR.protocol ? MOST_PAIR_ROWS : MOST_ROWS;
  const large = inputs.find(({ rowsPadded }) => rowsPadded > most);
  if (keyOf(ask).length === 0 || large === undefined) return;
  const { party, rowsPadded } = large;
  throw new QueryError("not-yet", `${party} brings up to ${rowsPadded} keys, and a session takes ${most}`, {
    party,
    hint: "ask over a smaller dataset: cutting a question into several sessions is not built yet",
  });
}
