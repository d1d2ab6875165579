// SPDX-License-Identifier: Apache-2.0
import { ciphertextBytes, parameterSet, polynomialBytes } from "@koplamp/he";
import {
  type Assumption,
  type Description,
  defineProtocol,
  type EgressRow,
  type Item,
  type PartyId,
  type Protocol,
  sent,
  type Together,
} from "@koplamp/protocol";
import { listBytes, NONCE_BYTES } from "./messages.ts";
import { blockCount, COORDINATOR, nodesOf, type SumSession } from "./session.ts";

/** What a description of a sum needs. */
export interface SumParameters {
  readonly contributors: readonly PartyId[];
  readonly recipients: readonly PartyId[];
  /** The id of the parameter set. */
  readonly params: string;
  /** Public cells, and numbers that are summed in each. */
  readonly cells: number;
  readonly columns: number;
  /** With noise: ρ of the whole answer, in 10⁻⁶. */
  readonly rhoMicro?: number;
  /** Whether what each party put in is opened too, for a rule about dominance. */
  readonly parts?: boolean;
}

/** `sum-threshold/1` as data. */
export const sumThreshold: Protocol<SumParameters> = defineProtocol({
  id: "sum-threshold/1",
  roles: ["contributor", "coordinator", "recipient"],
  model: "malicious senders detected",
  source: "docs/protocols/sum-threshold.md",
  describe: (parameters) => describeSession(sessionOf(parameters), parameters),
});

/** The session that a plan means, without its transcript. */
function sessionOf({ contributors, recipients, params, cells, columns }: SumParameters): SumSession {
  return {
    contributors: [...contributors].sort(),
    recipients: [...recipients].sort(),
    transcript: new Uint8Array(32),
    set: parameterSet(params),
    numbers: cells * columns,
  };
}

/** The description of one session on any set. */
export function describeSession(
  session: SumSession,
  measured: Pick<SumParameters, "cells" | "rhoMicro" | "parts">,
): Description {
  const lines = linesOf(session);
  const egress = [...egressBetweenNodes(session), ...egressAtCoordinator(session), ...shares(session, lines)];
  return describeOpening(session, measured, { line: "share", egress, assumption: MASKS_AND_LATTICE });
}

/** Who takes part in a sum, however it is made. */
export type SumRoster = Pick<SumSession, "contributors" | "recipients">;

/** What one way of summing adds to what all have in common. */
export interface Opening {
  /** What each contributor tells each recipient by which the sum opens. */
  readonly line: "share" | "seed";
  readonly egress: readonly EgressRow[];
  /** What secrecy rests on. */
  readonly assumption: Assumption;
}

/** Every contributor to every recipient but itself. */
export function linesOf({
  contributors,
  recipients,
}: SumRoster): readonly { readonly from: PartyId; readonly to: PartyId }[] {
  return recipients.flatMap((to) => contributors.filter((from) => from !== to).map((from) => ({ from, to })));
}

/** What a sum tells whom: all that opens is the sum of all, whatever hides its parts. */
export function describeOpening(
  session: SumRoster,
  { cells, rhoMicro, parts = false }: Pick<SumParameters, "cells" | "rhoMicro" | "parts">,
  { line, egress, assumption }: Opening,
): Description {
  const { contributors, recipients } = session;
  const lines = linesOf(session);
  const assumptions = [assumption, ...ASSUMPTIONS];
  return {
    disclosures: lines.map(({ from, to }) => ({
      id: `${line}.${from}.${to}`,
      from,
      to,
      release: 0,
      output: "sums",
    })),
    outputs: recipients.map((to) => ({ id: "sums", to, item: sums(session, cells) })),
    egress,
    // Each telling of it counts: of exact cells by their number, of noisy ones by what the noise leaves to be learned.
    debits: lines.map(({ from, to }) =>
      rhoMicro === undefined
        ? { holder: from, asker: to, unit: "exactCells", amount: cells }
        : { holder: from, asker: to, unit: "rhoMicro", amount: rhoMicro },
    ),
    views: [...nodesOf(session), COORDINATOR].map((who) => ({
      who,
      learns: [
        ...presence(session, who),
        ...(recipients.includes(who) ? [sums(session, cells)] : []),
        ...(recipients.includes(who) && parts ? partsFor(session, who, cells) : []),
      ],
      atMost: [],
    })),
    together: [
      ...recipients.map((to) => ({ who: [ANY_PARTY, to], item: rest(session, cells) })),
      ...contributors.flatMap((party) => allBut(session, party, cells)),
    ],
    assumptions: rhoMicro === undefined ? assumptions : [...assumptions, OWN_NOISE],
  };
}

/** Stands for each party in a rule about coalitions (evidence.md, section 3). */
const ANY_PARTY: PartyId = "any";

function sums({ contributors }: SumRoster, cells: number): Item {
  return {
    fact: "cell",
    about: contributors,
    bound: cells,
    because: "its node opens every cell, small ones too, and shows those that pass the rules (gate: node)",
  };
}

/** What a rule about dominance looks at: nobody but the recipient's node does. */
function partsFor({ contributors }: SumRoster, who: PartyId, cells: number): readonly Item[] {
  return contributors
    .filter((party) => party !== who)
    .map((party) => ({
      fact: "cell",
      about: [party],
      bound: cells,
      because:
        "its node opens each party's own sums, and its largest records where they stand out, for the rule about dominance, and shows neither",
    }));
}

/** Who takes part in a sum can take its own part from it. */
function rest({ contributors }: SumRoster, cells: number): Item {
  return {
    fact: "cell",
    about: contributors,
    bound: cells,
    because: "members subtract what they put in: what is left is the sum over the others",
  };
}

/** All contributors but one, with a recipient: in any sum they have that one's numbers. */
function allBut({ contributors, recipients }: SumRoster, party: PartyId, cells: number): readonly Together[] {
  const members = contributors.filter((other) => other !== party);
  const told = recipients.filter((to) => to !== party);
  const item: Item = {
    fact: "cell",
    about: [party],
    bound: cells,
    because: "members subtract what they put in: what is left is one party's own",
  };
  if (told.some((to) => members.includes(to))) return [{ who: members, item }];
  return told.map((to) => ({ who: [...members, to], item }));
}

function presence(session: SumRoster, who: PartyId): readonly Item[] {
  const others = nodesOf(session).filter((party) => party !== who);
  return [
    { fact: "took-part", about: others, bound: "this session" },
    { fact: "timing", about: others, bound: "when messages came" },
  ];
}

function egressBetweenNodes(session: SumSession): readonly EgressRow[] {
  const { contributors, recipients } = session;
  const nodes = nodesOf(session);
  return [
    // The group secret takes one commitment of every node; key and ciphertexts take one more each, of contributors.
    ...["commit", "echo"].flatMap((what) =>
      sent(nodes, nodes, what, 32).map((row) => {
        const messages = contributors.includes(row.from) && contributors.includes(row.to) ? 3 : 1;
        return { ...row, messages, bytes: 32 * messages };
      }),
    ),
    ...sent(nodes, nodes, "alpha", 32),
    ...sent(recipients, nodes, "pkr", 32),
    ...sent(nodes, nodes, "ready", 32),
  ];
}

/** Keys that the coordinator hands on: each is sent to it once, and by it to everybody else who needs it. */
export function keysHandedOn(session: SumSession): readonly EgressRow[] {
  const { contributors, recipients, set } = session;
  const share = polynomialBytes(set.key) + NONCE_BYTES;
  const key = polynomialBytes(set.key);
  return [
    ...sent(contributors, [COORDINATOR], "b", share),
    ...sent([COORDINATOR], contributors, "b", share, contributors.length - 1),
    ...sent(recipients, [COORDINATOR], "pkr", key),
    ...nodesOf(session).flatMap((to) => {
      const others = recipients.filter((recipient) => recipient !== to).length;
      return others === 0 ? [] : sent([COORDINATOR], [to], "pkr", key, others);
    }),
  ];
}

function egressAtCoordinator(session: SumSession): readonly EgressRow[] {
  const { contributors, recipients, set } = session;
  const blocks = blockCount(session);
  const data = polynomialBytes(set.data);
  return [
    ...keysHandedOn(session),
    ...sent(contributors, [COORDINATOR], "ct", ciphertextBytes(set), blocks),
    ...sent([COORDINATOR], nodesOf(session), "list", listBytes(session)),
    ...sent([COORDINATOR], contributors, "c1", data, blocks * (contributors.length - 1)),
    ...sent([COORDINATOR], recipients, "sum", data, blocks),
  ];
}

function shares(
  session: SumSession,
  lines: readonly { readonly from: PartyId; readonly to: PartyId }[],
): readonly EgressRow[] {
  const bytes = blockCount(session) * ciphertextBytes(session.set);
  return lines.map((line) => ({ ...line, channel: "disclose", what: "share", messages: 1, bytes }));
}

const OWN_NOISE: Assumption = {
  id: "own-noise",
  text: "A recipient knows the noise of at most as many contributors as the plan names, its own included.",
  ifFalse: "The noise of the others may be too little for what the plan promises.",
};

/** What the secrecy of every sum under a collective key rests on. */
export const MASKS_AND_LATTICE: Assumption = {
  id: "masks-and-lattice",
  text: "X25519 or ML-KEM-768 holds (masks), and on top of it ring learning with errors at the pinned parameters.",
  ifFalse: "If both fall, the coordinator reads each party's own cells. While either stands, it reads none.",
};

const ASSUMPTIONS: readonly Assumption[] = [
  {
    id: "authentic-nodes",
    text: "Each node's identity key is its own, and messages are sealed from node to node.",
    ifFalse: "A node that passes for another receives what is meant for that one.",
  },
  {
    id: "true-inputs",
    text: "Parties put in the numbers that they say they put in.",
    ifFalse: "The sum is wrong by as much as their declared bounds allow. No protocol prevents it.",
  },
];
