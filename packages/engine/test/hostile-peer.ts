// SPDX-License-Identifier: Apache-2.0
// A member that follows the protocol in everything but one message: every field of every message of the control plane,
// and messages lost, sent twice, from an earlier question, or to some only. Nobody gets a byte outside the contract.
import { expect } from "vitest";
import { deviationsOf } from "./deviations.ts";
import { type Deed, HONEST, judge, matches, question, Stage } from "./hostile-stage.ts";

/** All that bert says in an honest run, one of each kind: the number of a session or of a checkpoint is no kind. */
async function spoken(): Promise<ReadonlyMap<string, { readonly topic: string; readonly body: Uint8Array }>> {
  const stage = new Stage();
  const said = new Map<string, { topic: string; body: Uint8Array }>();
  stage.deed = (_to, topic, body) => {
    const kind = kindOf(topic);
    if (!said.has(kind)) said.set(kind, { topic, body });
    return [body];
  };
  const outcomes = await stage.ask();
  expect(outcomes.map(matches)).toEqual([["y", "z"], ["z"]]);
  await stage.all.close();
  return said;
}

/** The kind of a message, whatever its question and session. */
export const kindOf = (topic: string): string =>
  topic
    .replace(/[0-9a-f]{16,}/g, "#")
    .replace(/\d+\/\d+\/[a-z]+$/, "#")
    .replace(/\/\d+/g, "/#");

/** Tries deeds one by one on one kind of message. Gives what went wrong. */
async function tried(kind: string, deeds: readonly NamedDeed[]): Promise<readonly string[]> {
  const faults: string[] = [];
  let stage = new Stage();
  for (const [name, deed] of deeds) {
    const { contract } = await stage.all.machine("anna").node.explain(question());
    let done = false;
    stage.deed = (to, topic, body) => {
      if (kindOf(topic) !== kind) return [body];
      done = true;
      return deed(to, topic, body);
    };
    const outcomes = await stage.ask();
    const machines = HONEST.map((party) => stage.all.machine(party));
    const wrong = [
      ...judge(outcomes, machines),
      ...stage.excess(contract),
      ...(done ? [] : ["was not tried"]),
    ];
    faults.push(...wrong.map((what) => `${kind}, ${name}: ${what}`));
    await stage.all.close();
    stage = new Stage();
  }
  await stage.all.close();
  return faults;
}

/** What came of deviations from everything that a member says: how many were tried, and what went wrong. */
export interface Tried {
  readonly cases: number;
  readonly kinds: number;
  readonly faults: readonly string[];
}

/** Tries one deviation in `every`, of every kind of message. */
export async function deviate(every: number): Promise<Tried> {
  const said = [...(await spoken())];
  const chosen = said.map(([kind, { topic, body }], number) => {
    const some = deviationsOf(topic, body).filter((_one, at) => at % every === number % every);
    return { kind, deeds: some.map(({ name, body: other }): NamedDeed => [name, () => [other]]) };
  });
  return together(chosen);
}

/** Messages lost, said twice, said before, said to one and not to another. */
export async function misdeliver(): Promise<Tried> {
  const said = [...(await spoken())];
  return together(
    said.map(([kind, { body: earlier }]) => ({
      kind,
      deeds: [
        ["lost", () => []],
        ["said twice", (_to, _topic, body) => [body, body]],
        ["said in an earlier question", () => [earlier]],
        ["said to one only", (to, _topic, body) => (to === "anna" ? [body] : [])],
      ],
    })),
  );
}

type NamedDeed = readonly [name: string, deed: Deed];

/** All kinds side by side: most of the time is spent waiting for what never comes. */
async function together(
  chosen: readonly { readonly kind: string; readonly deeds: readonly NamedDeed[] }[],
): Promise<Tried> {
  const faults = await Promise.all(chosen.map(({ kind, deeds }) => tried(kind, deeds)));
  const cases = chosen.reduce((sum, { deeds }) => sum + deeds.length, 0);
  return { cases, kinds: chosen.length, faults: faults.flat() };
}
