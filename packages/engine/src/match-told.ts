// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import { type Matched, tellEach } from "@koplamp/psi";
import { keyAt, listOf, type Match, type MatchAsk, type MatchResult } from "@koplamp/wire";
import { type RecordItems, recordMatches } from "./alternatives.ts";
import type { Part } from "./cut-list.ts";

/** What a session of a match gave, and what of the own list it was about. */
export interface MatchedPart {
  readonly matched: Matched;
  readonly part: Part;
}

/** What a recipient's node shows of a match, gathered from its sessions: what the question lets it tell, in the order of its list. */
export class MatchTold {
  readonly #ask: MatchAsk;
  readonly #me: PartyId;
  readonly #records: RecordItems | undefined;
  readonly #matches: Match[] = [];
  /** Where each of them stands in the list. */
  readonly #positions: number[] = [];
  /** Of all keys, where records have several. */
  readonly #holders: Uint32Array;
  #parties: readonly PartyId[] = [];

  /** `records`: own records, where each has keys under several alternatives. */
  constructor(ask: MatchAsk, me: PartyId, records: RecordItems | undefined) {
    this.#ask = ask;
    this.#me = me;
    this.#records = records;
    this.#holders = new Uint32Array(records?.list.ends.length ?? 0);
  }

  /** Takes what one session gave. */
  readonly take = ({ matched, part: { inputs, positions } }: MatchedPart): void => {
    this.#parties = matched.parties;
    if (this.#records !== undefined) {
      positions.forEach((to, from) => {
        this.#holders[to] = matched.holders?.[from] ?? 0;
      });
      return;
    }
    const { tell, atLeast } = this.#ask;
    const list = listOf(inputs);
    tellEach(matched, tell, atLeast, ({ item, holders, count }) => {
      const told = holders ?? count;
      const key = keyAt(list, item);
      this.#matches.push(told === undefined ? { key } : { holders: told, key });
      this.#positions.push(positions[item] ?? 0);
    });
  };

  result(): MatchResult {
    if (this.#records !== undefined) {
      const whole = { parties: this.#parties, holders: this.#holders };
      return { kind: "match", matches: recordMatches(whole, this.#ask, this.#records, this.#me) };
    }
    return { kind: "match", matches: inOrder(this.#matches, this.#positions) };
  }
}

/** By ascending position, of which no two are alike. */
function inOrder(matches: readonly Match[], positions: readonly number[]): readonly Match[] {
  if (positions.every((position, at) => at === 0 || position > (positions[at - 1] ?? 0))) return matches;
  const order = Uint32Array.from(positions.keys()).sort(
    (left, right) => (positions[left] ?? 0) - (positions[right] ?? 0),
  );
  return Array.from(order, (at) => matches[at]).filter((match) => match !== undefined);
}
