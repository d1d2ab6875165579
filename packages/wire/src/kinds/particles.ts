// SPDX-License-Identifier: Apache-2.0

/**
 * Words that may stand before a Dutch surname, one by one, as names have them after normalisation, and how they are
 * shortened. A list of ours, like the one of the Dutch register of persons (BRP, national table 36), and not that one.
 */
const PARTICLES: ReadonlySet<string> = new Set([
  ..."aan af auf aus ben bij bin boven d da dal dalla das de del della dem den der des deze di die do don dos du".split(
    " ",
  ),
  ..."het i im in l la las le les lo los of onder op over s t te ten ter thoe thor to toe tot uijt uit unter".split(
    " ",
  ),
  ..."v van vd vdr vom von voor vor zu zum zur".split(" "),
]);

/** A name without its particles, wherever they stand; a name of particles only stays as it is. */
export function withoutParticles(name: string): string {
  const words = name.split(" ").filter((word) => !PARTICLES.has(word));
  return words.length === 0 ? name : words.join(" ");
}
