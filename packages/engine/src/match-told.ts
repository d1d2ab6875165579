// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import { type Matched, tellMatches } from "@koplamp/psi";
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
  readonly #matches: { readonly position: number; readonly match: Match }[] = [];
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
    for (const { item, holders, count } of tellMatches(matched, tell, atLeast)) {
      const told = holders ?? count;
      const match = { key: keyAt(list, item), ...(told === undefined ? {} : { holders: told }) };
      this.#matches.push({ position: positions[item] ?? 0, match });
    }
  };

  result(): MatchResult {
    if (this.#records !== undefined) {
      const whole = { parties: this.#parties, holders: this.#holders };
      return { kind: "match", matches: recordMatches(whole, this.#ask, this.#records, this.#me) };
    }
    this.#matches.sort((left, right) => left.position - right.position);
    return { kind: "match", matches: this.#matches.map(({ match }) => match) };
  }
}
