// SPDX-License-Identifier: Apache-2.0
import { type Ask, alternativesOf, keyOf } from "@koplamp/wire";

/** The key of a question in words: `surname + birth`, and with alternatives `number | surname + birth`. */
export function keyWords(ask: Ask): string {
  const keys = ask.kind === "match" ? alternativesOf(ask) : [keyOf(ask)];
  return keys.map((columns) => columns.join(" + ")).join(" | ");
}
