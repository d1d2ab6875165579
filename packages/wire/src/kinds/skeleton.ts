// SPDX-License-Identifier: Apache-2.0

/** Articles that stand before an Arabic name, as they are written in Latin letters. */
const ARTICLES: ReadonlySet<string> = new Set(["al", "el", "ul"]);

/**
 * What is left of names of words in lower-case Latin letters once nobody has to agree on vowels: consonants, each once
 * where it is doubled, `q` as `k`, `w` and `y` at the beginning of a word only, no `h` at the end of one, no article.
 * Words of which nothing is left vanish. A skeleton is its own skeleton.
 */
export function skeletonOf(name: string): string {
  const words = name.split(" ").filter((word) => !ARTICLES.has(word));
  return words
    .map(skeletonOfWord)
    .filter((word) => word !== "")
    .join(" ");
}

function skeletonOfWord(word: string): string {
  const consonants = word.replaceAll("q", "k").replace(/[aeiou]|(?<!^)[wy]/g, "");
  return consonants.replace(/(.)\1+/gu, "$1").replace(/h$/, "");
}
