// SPDX-License-Identifier: Apache-2.0
import { ciphertextBytes, parameterSet, polynomialBytes } from "@koplamp/he";
import {
  type Assumption,
  type Description,
  type DisclosureLine,
  defineProtocol,
  type EgressRow,
  type Item,
  type PartyId,
  type Protocol,
  sent,
  type Together,
} from "@koplamp/protocol";
import { presence, TOKEN_ASSUMPTIONS, testable } from "@koplamp/psi";
import { listedBytes } from "./join-hub.ts";
import { chunksAt, groupChoices } from "./join-hub-layout.ts";
import { GROUP_BYTES, orderBytes, tokensBytes } from "./join-hub-messages.ts";
import {
  blocksOf,
  type DistinctSession,
  type Hub,
  hubOfDistinct,
  hubOfJoin,
  PARTIES,
  tokenCount,
} from "./join-hub-session.ts";
import type { JoinSession } from "./join-session.ts";
import { listBytes } from "./messages.ts";
import { blockCount, COORDINATOR, nodesOf } from "./session.ts";
import { keysHandedOn, linesOf, MASKS_AND_LATTICE } from "./sum-description.ts";

/** What no session has before it begins, and what its description needs instead. */
interface Terms {
  /** The id of the parameter set. */
  readonly params: string;
  /** By party: the most items that it may have evaluated in the epoch. */
  readonly quotas: Readonly<Record<PartyId, number>>;
}

/** What a description of a join over the hub needs. */
export type JoinHubParameters = Omit<JoinSession, "transcript" | "set"> & Terms;
/** What a description of a distinct sum needs. */
export type DistinctParameters = Omit<DistinctSession, "transcript" | "set"> & Terms;

/** `join-sum-hub/1` as data. */
export const joinHub: Protocol<JoinHubParameters> = defineProtocol({
  id: "join-sum-hub/1",
  roles: ["contributor", "coordinator", "recipient"],
  model: "semi-honest",
  source: "docs/protocols/join-sum-hub.md",
  describe: ({ quotas, ...parameters }) => {
    const hub = hubOfJoin(sessionOf(parameters));
    return describeHub(hub, quotas, groupChoices(hub).at(-1) ?? 1);
  },
});

/** `distinct-sum/1` as data. */
export const distinctSum: Protocol<DistinctParameters> = defineProtocol({
  id: "distinct-sum/1",
  roles: ["contributor", "coordinator", "recipient"],
  model: "semi-honest",
  source: "docs/protocols/join-sum-hub.md",
  describe: ({ quotas, ...parameters }) => {
    const hub = hubOfDistinct(sessionOf(parameters));
    return describeHub(hub, quotas, hub.cells);
  },
});

/** The session that a plan means, without its transcript. */
function sessionOf<Parameters extends { readonly params: string }>(
  parameters: Parameters,
): Parameters & Pick<JoinSession, "transcript" | "set"> {
  return { ...parameters, transcript: new Uint8Array(32), set: parameterSet(parameters.params) };
}

/** The description of one session on any set, with selections for so many groups. */
export function describeHub(
  hub: Hub,
  quotas: Readonly<Record<PartyId, number>>,
  groups: number,
): Description {
  const { contributors, recipients, cells } = hub;
  const shares = linesOf(hub);
  return {
    disclosures: linesOfHub(hub),
    outputs: recipients.map((to) => ({ id: "sums", to, item: sums(hub) })),
    egress: [
      ...egressBetweenNodes(hub),
      ...egressToCoordinator(hub),
      ...egressOfCoordinator(hub, groups),
      ...disclosed(hub),
    ],
    debits: shares.map(({ from, to }) => ({ holder: from, asker: to, unit: "exactCells", amount: cells })),
    views: [
      ...nodesOf(hub).map((who) => ({
        who,
        learns: [
          ...presence(who, contributors, hub.rowsPadded),
          ...(hub.owners.includes(who) ? groupNumber(hub) : []),
          ...(recipients.includes(who) ? [sums(hub)] : []),
        ],
        atMost: [],
      })),
      {
        who: COORDINATOR,
        learns: [...presence(COORDINATOR, contributors, hub.rowsPadded), pattern(hub)],
        atMost: [],
      },
    ],
    together: [...withCoordinator(hub, quotas), ...withoutOne(hub)],
    assumptions: [
      ...TOKEN_ASSUMPTIONS,
      MASKS_AND_LATTICE,
      SELECTION_LATTICE,
      COORDINATOR_APART,
      COORDINATOR_SELECTS,
    ],
  };
}

/** Tokens open nothing by themselves; they are a release before that of the shares. */
function linesOfHub(hub: Hub): readonly DisclosureLine[] {
  const { contributors, recipients, groupOwner } = hub;
  const [only = COORDINATOR, ...more] = recipients;
  // A line names one recipient. Where there are more, the outputs name them and the line the coordinator.
  const target = more.length === 0 ? ({ to: only, via: COORDINATOR } as const) : { to: COORDINATOR };
  return [
    ...contributors.map((from) => ({ id: `tokens.${from}`, from, ...target, release: 0, output: "sums" })),
    ...tablesOf(hub).map((to) => ({
      id: `groups.${groupOwner}.${to}`,
      from: groupOwner ?? "",
      to,
      release: 1,
      output: "sums",
    })),
    ...linesOf(hub).map(({ from, to }) => ({
      id: `share.${from}.${to}`,
      from,
      to,
      release: 1,
      output: "sums",
    })),
  ];
}

/** Who is told the pseudonyms of groups. */
function tablesOf({ groupOwner, recipients }: Hub): readonly PartyId[] {
  return groupOwner === undefined ? [] : recipients.filter((to) => to !== groupOwner);
}

function sums({ rule, contributors, cells, minCount, columns }: Hub): Item {
  const parties = columns.some(({ column }) => column === PARTIES) ? " and how many parties it has" : "";
  const because =
    rule === "all"
      ? `groups in which at least ${minCount} rows match are opened at its node; nothing is selected of the others`
      : `its node opens every cell${parties}, small ones too, and shows those that pass the rules (gate: node)`;
  return { fact: "cell", about: contributors, bound: cells, because };
}

/** Where the number of groups follows from the data, owners of numbers see it from what they take. */
function groupNumber(hub: Hub): readonly Item[] {
  const choices = groupChoices(hub);
  if (choices.length === 1) return [];
  const bound = `how many groups pass, rounded up to one of ${choices.join(", ")}`;
  return [{ fact: "count", about: hub.contributors, bound }];
}

/** What the coordinator sees beyond sizes. */
function pattern(hub: Hub): Item {
  const bound = hub.contributors.reduce((sum, party) => sum + tokenCount(hub, party), 0);
  const because =
    "it sees which parties sent the same pseudonym, and which pseudonyms are of one group, also below any threshold";
  return { fact: "pattern", about: hub.contributors, bound, because };
}

/** Stands for each party in a rule about coalitions (evidence.md, section 3). */
const ANY_PARTY: PartyId = "any";

function withCoordinator(hub: Hub, quotas: Readonly<Record<PartyId, number>>): readonly Together[] {
  const { contributors, recipients, owners } = hub;
  const parties = contributors.map((party): Together => {
    const others = contributors.filter((other) => other !== party);
    const because =
      "the coordinator's tokens and this party's pepper and evaluations give the holders of each item that it evaluated";
    return { who: [party, COORDINATOR], item: { ...testable(others, quotas[party] ?? 0), because } };
  });
  const chosen: Item = {
    fact: "row",
    about: owners,
    bound: "any linear combination of rows",
    because: "the coordinator selects: it could weigh single rows for a recipient that works with it",
  };
  return [...parties, ...recipients.map((to) => ({ who: [COORDINATOR, to], item: chosen }))];
}

/** In a distinct sum every party puts in rows: the others can take theirs from it. */
function withoutOne({ rule, contributors, recipients, cells }: Hub): readonly Together[] {
  if (rule === "all") return [];
  const item = (about: readonly PartyId[]): Item => ({
    fact: "cell",
    about,
    bound: cells,
    because:
      "members subtract the rows that they put in: what is left is of the others, rows that they share apart",
  });
  return [
    ...recipients.map((to) => ({ who: [ANY_PARTY, to], item: item(contributors) })),
    ...contributors.flatMap((party) => {
      const members = contributors.filter((other) => other !== party);
      const told = recipients.filter((to) => to !== party);
      if (told.some((to) => members.includes(to))) return [{ who: members, item: item([party]) }];
      return told.map((to) => ({ who: [...members, to], item: item([party]) }));
    }),
  ];
}

function egressBetweenNodes(hub: Hub): readonly EgressRow[] {
  const { rule, contributors, recipients } = hub;
  const nodes = nodesOf(hub);
  const common = rule === "first" ? 1 : 0; // the secret behind the order of the cells is of all nodes
  const both = (from: PartyId, to: PartyId): boolean =>
    contributors.includes(from) && contributors.includes(to);
  const rounds = (what: string, own: number): readonly EgressRow[] =>
    sent(nodes, nodes, what, 32).flatMap((row) => {
      const messages = common + (both(row.from, row.to) ? own : 0);
      return messages === 0 ? [] : [{ ...row, messages, bytes: 32 * messages }];
    });
  return [
    ...sent(contributors, nodes, "R", 32),
    ...rounds("commit", 3), // pepper, key and ciphertexts
    ...rounds("echo", 3),
    ...rounds("alpha", 1),
    ...sent(recipients, nodes, "pkr", 32),
    ...sent(nodes, nodes, "ready", 32, 2),
  ];
}

function egressToCoordinator(hub: Hub): readonly EgressRow[] {
  const { contributors, set } = hub;
  const key = polynomialBytes(set.key);
  return [
    ...keysHandedOn(blocksOf(hub)).map((row) => {
      if (row.what !== "b" || row.to !== COORDINATOR) return row;
      // Beside its share, the hash of the collective key; of the first, the key too.
      const first = row.from === contributors[0];
      return { ...row, messages: first ? 3 : 2, bytes: row.bytes + 32 + (first ? key : 0) };
    }),
    ...sent(contributors, [COORDINATOR], "ct", ciphertextBytes(set), hub.columns.length),
  ];
}

function egressOfCoordinator(hub: Hub, groups: number): readonly EgressRow[] {
  const { rule, contributors, recipients, owners, set } = hub;
  const session = blocksOf(hub);
  const data = polynomialBytes(set.data);
  const blocks = blockCount(session);
  return [
    ...(rule === "all" ? groupMessages(hub) : []),
    ...owners.flatMap((to) =>
      sent([COORDINATOR], [to], "sel", ciphertextBytes(set), chunksAt(hub, to, groups)),
    ),
    ...sent([COORDINATOR], nodesOf(hub), "list", listBytes(session, listedBytes(hub))),
    ...sent([COORDINATOR], contributors, "c1", data, blocks * (contributors.length - 1)),
    ...sent([COORDINATOR], recipients, "sum", data, blocks),
  ];
}

/** To owners their number, to recipients their order. */
function groupMessages(hub: Hub): readonly EgressRow[] {
  const { owners, recipients } = hub;
  return [...new Set([...owners, ...recipients])].map((to) => {
    const sizes = [
      ...(owners.includes(to) ? [GROUP_BYTES] : []),
      ...(recipients.includes(to) ? [orderBytes(hub)] : []),
    ];
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    return { from: COORDINATOR, to, channel: "send", what: "group", messages: sizes.length, bytes };
  });
}

function disclosed(hub: Hub): readonly EgressRow[] {
  const { contributors, groupOwner, cells, set } = hub;
  const shares = hub.columns.length * ciphertextBytes(set);
  const row = (from: PartyId, to: PartyId, what: string, bytes: number): EgressRow => ({
    ...{ from, to, channel: "disclose", what, messages: 1, bytes },
  });
  return [
    ...contributors.map((from) => row(from, COORDINATOR, "Tpi", tokensBytes(hub, from))),
    ...tablesOf(hub).map((to) => row(groupOwner ?? "", to, "group", cells * GROUP_BYTES)),
    ...linesOf(hub).map(({ from, to }) => row(from, to, "share", shares)),
  ];
}

const SELECTION_LATTICE: Assumption = {
  id: "selection-lattice",
  text: "Ring learning with errors holds at the pinned parameters: selections have no masks.",
  ifFalse: "An owner of numbers reads which of its rows were selected; its numbers stay masked.",
};

const COORDINATOR_APART: Assumption = {
  id: "coordinator-apart",
  text: "The coordinator works together with no party and no recipient.",
  ifFalse:
    "With a party it learns who holds each item that this party has evaluated, or will evaluate, in the epoch; with a recipient it can have any combination of rows opened.",
};

const COORDINATOR_SELECTS: Assumption = {
  id: "coordinator-selects",
  text: "The coordinator selects the rows that the question means, and adds what it was sent.",
  ifFalse:
    "The answer is wrong: no check sum is possible over rows that a party does not know to be selected. Who has its seed and the tokens can make the selection again.",
};
