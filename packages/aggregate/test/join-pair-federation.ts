// SPDX-License-Identifier: Apache-2.0
// Two parties that join, in one thread, on any backend.
import type { Group, PackedInputs, Primitives } from "@koplamp/crypto";
import type { HeBackend, ParameterSet } from "@koplamp/he";
import {
  bind,
  type JobEntry,
  type JobTable,
  MemoryVault,
  type Party,
  type PartyId,
  type Rng,
  type Simulated,
  simulate,
} from "@koplamp/protocol";
import { type MeterRequest, meter, psiJobs } from "@koplamp/psi";
import { concat, lp, utf8 } from "@koplamp/wire";
import { type JoinNodeSetup, type JoinOpened, joinPairNode } from "../src/index.ts";
import { joinPairJobs } from "../src/join-pair-jobs.ts";
import type { JoinColumn } from "../src/join-session.ts";
import { seeded, type Weather } from "./federation.ts";

/** One row: a key, at the owner its numbers, and a group where the party has groups. */
export interface Row {
  readonly key: string;
  readonly values?: readonly number[];
  readonly group?: number;
}

/** A join of alice, who selects, and bob, who owns the values. */
export interface Join {
  readonly alice: readonly Row[];
  readonly bob: readonly Row[];
  readonly groupOwner?: "alice" | "bob";
  readonly cells?: number;
  readonly ranges?: readonly JoinColumn["ranges"][];
  readonly minCount?: number;
  readonly rowsPadded?: Readonly<Record<PartyId, number>>;
}

/** The inputs of keys. */
function inputsOf(keys: readonly string[]): PackedInputs {
  const inputs = keys.map((key) => concat(lp("koplamp/in/1"), lp("test"), lp(key)));
  let end = 0;
  const ends = Uint32Array.from(inputs, (input) => {
    end += input.length;
    return end;
  });
  return { bytes: concat(...inputs), ends };
}

/** Two parties and their sessions. */
export class PairFederation {
  readonly primitives: Primitives;
  readonly set: ParameterSet;
  readonly rng: Rng;
  readonly metered: MeterRequest[] = [];
  jobs: JobTable;
  #sessions = 0;

  constructor(
    group: Group,
    he: HeBackend,
    primitives: Primitives,
    jobs: readonly JobEntry[] = joinPairJobs({ he, primitives }),
  ) {
    this.primitives = primitives;
    this.set = he.forSet("bfv-join-46-pq").set;
    this.rng = seeded(primitives, "pair");
    const metering = bind(meter, (_vault, request) => void this.metered.push(request));
    this.jobs = new Map([...psiJobs({ group, primitives }), ...jobs, metering]);
  }

  /** What alice and bob know of a session. */
  setups(join: Join): Readonly<Record<"alice" | "bob", JoinNodeSetup>> {
    const { groupOwner, cells = 1, ranges = [], minCount = 0 } = join;
    this.#sessions += 1;
    const common = {
      contributors: ["alice", "bob"],
      recipients: ["bob"],
      transcript: this.primitives.sha256(utf8(`join ${this.#sessions}`)),
      set: this.set,
      rowsPadded: join.rowsPadded ?? { alice: 40, bob: 40 },
      cells,
      ...(groupOwner === undefined ? {} : { groupOwner }),
      columns: ranges.map((range) => ({ party: "bob", ranges: range })),
      minCount,
    };
    const setup = (me: "alice" | "bob"): JoinNodeSetup => ({
      ...common,
      me,
      inputs: inputsOf(join[me].map(({ key }) => key)),
      ...(me === groupOwner ? { groupOf: Int32Array.from(join[me], ({ group = -1 }) => group) } : {}),
    });
    const values = ranges.map((_, column) => Float64Array.from(join.bob, (row) => row.values?.[column] ?? 0));
    return { alice: setup("alice"), bob: { ...setup("bob"), values } };
  }

  parties({
    alice,
    bob,
  }: Readonly<Record<"alice" | "bob", JoinNodeSetup>>): Record<"alice" | "bob", Party<unknown>> {
    return { alice: joinPairNode(alice, this.rng), bob: joinPairNode(bob, this.rng) };
  }

  run(parties: Readonly<Record<PartyId, Party<unknown>>>, weather: Weather = {}): Simulated {
    const vaults = Object.fromEntries(
      Object.keys(parties).map((party) => [party, new MemoryVault({ salt: this.rng(32) })]),
    );
    return simulate(parties, { ...weather, jobs: this.jobs, vaults });
  }

  join(join: Join, weather: Weather = {}): Simulated {
    return this.run(this.parties(this.setups(join)), weather);
  }
}

/** What the same question gives over the tables side by side. */
export function plainJoin({
  alice,
  bob,
  groupOwner,
  cells = 1,
  ranges = [],
  minCount = 0,
}: Join): JoinOpened {
  const others = new Map(alice.map((row) => [row.key, row]));
  const members = Array.from({ length: cells }, (_, cell) =>
    bob.filter((row) => {
      const other = others.get(row.key);
      const grouped = groupOwner === "alice" ? other : row;
      return other !== undefined && (groupOwner === undefined || grouped?.group === cell);
    }),
  );
  const shown = members.map((rows) => (rows.length < minCount ? [] : rows));
  return {
    counts: Float64Array.from(shown, ({ length }) => length),
    sums: ranges.map((_, column) =>
      Float64Array.from(shown, (rows) => rows.reduce((sum, { values }) => sum + (values?.[column] ?? 0), 0)),
    ),
    withheld: members.flatMap(({ length }, cell) => (length < minCount ? [cell] : [])),
  };
}
