// SPDX-License-Identifier: Apache-2.0
import {
  type Assumption,
  type Description,
  defineProtocol,
  type EgressRow,
  type Item,
  type PartyId,
  type Protocol,
  sent,
} from "@koplamp/protocol";
import { wordsOf } from "./alarm-blind.ts";
import { COORDINATOR, nodesOf } from "./session.ts";

/** What a description of blind tests needs. */
export interface BlindParameters {
  readonly contributors: readonly PartyId[];
  readonly recipient: PartyId;
  readonly cells: number;
  readonly alarmsPerCell: number;
}

/** `alarm-blind/1` as data. */
export const alarmBlind: Protocol<BlindParameters> = defineProtocol({
  id: "alarm-blind/1",
  roles: ["contributor", "coordinator", "recipient"],
  model: "semi-honest",
  source: "docs/protocols/alarm-blind.md",
  describe: describeBlind,
});

function describeBlind(parameters: BlindParameters): Description {
  const { contributors, recipient, cells } = parameters;
  const nodes = nodesOf({ contributors, recipients: [recipient] });
  const alarms: Item = {
    fact: "alarm",
    about: contributors,
    bound: cells,
    because: "the coordinator tells it the signs of tests; no sum is opened anywhere (gate: blind)",
  };
  return {
    disclosures: contributors.map((from) => ({
      id: `tests.${from}`,
      from,
      to: recipient,
      via: COORDINATOR,
      release: 0,
      output: "alarms",
    })),
    outputs: [{ id: "alarms", to: recipient, item: alarms }],
    egress: egressOf(parameters, nodes),
    debits: contributors
      .filter((holder) => holder !== recipient)
      .map((holder) => ({ holder, asker: recipient, unit: "exactCells", amount: cells })),
    views: [...nodes, COORDINATOR].map((who) => ({
      who,
      learns: [
        ...presence(nodes, who),
        ...(who === recipient ? [alarms] : []),
        ...(who === COORDINATOR ? [signs(parameters)] : []),
      ],
      atMost: [],
    })),
    together: nodes.map((party) => ({ who: [party, COORDINATOR], item: all(parameters, party) })),
    assumptions: ASSUMPTIONS,
  };
}

function presence(nodes: readonly PartyId[], who: PartyId): readonly Item[] {
  const others = nodes.filter((party) => party !== who);
  return [
    { fact: "took-part", about: others, bound: "this session" },
    { fact: "timing", about: others, bound: "when messages came" },
  ];
}

/** What the coordinator sees: how many tests pass, and of which it does not know. */
function signs(parameters: BlindParameters): Item {
  return {
    fact: "alarm",
    about: parameters.contributors,
    bound: wordsOf(parameters),
    because:
      "it sees the signs of tests that it cannot name, and of those near their threshold how near at most",
  };
}

function all({ contributors, cells }: BlindParameters, party: PartyId): Item {
  return {
    fact: "cell",
    about: contributors.filter((other) => other !== party),
    bound: cells,
    because:
      "a node knows the places and multipliers of all tests: with the coordinator's words it has every sum",
  };
}

function egressOf(parameters: BlindParameters, nodes: readonly PartyId[]): readonly EgressRow[] {
  const { contributors, recipient, cells } = parameters;
  return [
    ...["commit", "echo", "alpha", "ready"].flatMap((what) => sent(nodes, nodes, what, 32)),
    ...contributors.map((from): EgressRow => {
      const bytes = wordsOf(parameters) * 16;
      return { from, to: COORDINATOR, channel: "disclose", what: "y", messages: 1, bytes };
    }),
    ...sent([COORDINATOR], [recipient], "bits", cells),
  ];
}

const ASSUMPTIONS: readonly Assumption[] = [
  {
    id: "coordinator-apart",
    text: "The coordinator colludes with no party.",
    ifFalse: "The coordinator and any node together learn every sum that is tested.",
  },
  {
    id: "coordinator-signs",
    text: "The coordinator tells the signs that it sees.",
    ifFalse: "Alarms are missing or false. It learns no more by it.",
  },
  {
    id: "masks",
    text: "X25519 or ML-KEM-768 holds, under which each two contributors agree on their masks.",
    ifFalse:
      "The coordinator reads each party's part of every test, under a multiplier that it does not know.",
  },
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
