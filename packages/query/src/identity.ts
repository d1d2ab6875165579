// SPDX-License-Identifier: Apache-2.0
// When two plans ask the same thing. Data are no part of it: who holds them says whether they have changed.
import type { PartyId } from "@koplamp/protocol";
import type { Ask, Input, Plan } from "@koplamp/wire";

/**
 * A question as people approve it: the plan without its salt, its dates (the epoch of its keys among them), its proposer,
 * the agreement's version and the machines of the day. Inputs are named; what is in them is not said. Words belong to
 * it: another reason is another request.
 */
export function questionOf(plan: Plan): object {
  const { id, bases, indication, necessity, subsidiarity, intendedEffect, protocol, release, ask, schedule } =
    plan;
  const { params, shards } = protocol;
  const words = { id, bases, indication, necessity, subsidiarity, intendedEffect };
  const inputs = plan.inputs.map(({ dataClass, ...input }) => ({ ...named(input), dataClass }));
  return {
    ...substanceOf(plan),
    ...words,
    ask,
    inputs,
    protocol: { id: protocol.id, params, shards },
    release,
    ...(schedule === null ? {} : { schedule }),
  };
}

/**
 * What a question is about, in whatever words and under whatever thresholds it is asked: another title, another reason,
 * another floor or way to count is no new question to the people whose data answer it.
 */
export function substanceOf({ class: queryClass, purpose, ask, inputs, recipients }: Plan): object {
  return {
    class: queryClass,
    purpose,
    ask: withoutMode(ask),
    inputs: inputs.map(named).sort((a, b) => (a.party < b.party ? -1 : 1)),
    recipients: recipients.map(({ party }): PartyId => party).sort(),
  };
}

/** A mode says how it is answered, not what is asked; a match or a join that names none has no field for it. */
function withoutMode(ask: Ask): object {
  if (ask.kind === "overlap-count") return { ...ask, mode: null };
  if (ask.kind !== "match" && ask.kind !== "join-aggregate") return ask;
  const { mode: _mode, ...rest } = ask;
  return rest;
}

function named({
  party,
  dataset,
  columns,
  kinds,
}: Omit<Input, "dataClass">): Pick<Input, "party" | "dataset" | "columns" | "kinds"> {
  return { party, dataset, columns, kinds };
}
