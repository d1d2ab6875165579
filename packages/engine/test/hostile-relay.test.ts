// SPDX-License-Identifier: Apache-2.0
// A coordinator that does with what it relays whatever it can: it knows sender, recipient, session, length and order.
import type { PartyId } from "@koplamp/protocol";
import type { Line, Posted } from "@koplamp/wire";
import { describe, expect, it } from "vitest";
import { HONEST, judge, Stage } from "./hostile-stage.ts";

/** One thing that passes the relay: a sealed letter, or a sealed frame of a session. */
interface Passing {
  readonly from: PartyId;
  /** Of a letter; a frame names its recipient itself. */
  readonly to: PartyId | undefined;
  readonly bytes: Uint8Array;
}

/** What the relay hands on in place of one thing, in this order. It may keep things for later. */
type Evil = (passing: Passing, memory: Passing[]) => readonly Passing[];

const turned = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.map((byte, place) => (place === (at + bytes.length) % bytes.length ? byte ^ 1 : byte));
const other = (party: PartyId | undefined): PartyId => (party === "anna" ? "cleo" : "anna");
const instead = (passing: Passing, bytes: Uint8Array): readonly Passing[] => [{ ...passing, bytes }];

const EVILS: Readonly<Record<string, Evil>> = {
  drop: () => [],
  duplicate: (passing) => [passing, passing],
  "hold back until the next": (passing, memory) => {
    const held = memory.pop();
    if (held === undefined) {
      memory.push(passing);
      return [];
    }
    return [passing, held];
  },
  "hand on what came first again": (passing, memory) => {
    memory.push(passing);
    return [passing, memory[0] ?? passing];
  },
  "hand on what came first instead": (passing, memory) => {
    memory.push(passing);
    return [memory[0] ?? passing];
  },
  "turn a bit at the start": (passing) => instead(passing, turned(passing.bytes, 0)),
  "turn a bit in the middle": (passing) => instead(passing, turned(passing.bytes, passing.bytes.length >> 1)),
  "turn the last bit": (passing) => instead(passing, turned(passing.bytes, -1)),
  "cut the end": (passing) => instead(passing, passing.bytes.slice(0, -17)),
  lengthen: (passing) => instead(passing, Uint8Array.of(...passing.bytes, 0)),
  empty: (passing) => instead(passing, new Uint8Array()),
  "splice two": (passing, memory) => {
    memory.push(passing);
    const first = memory[0]?.bytes ?? passing.bytes;
    return instead(passing, Uint8Array.of(...first.subarray(0, 96), ...passing.bytes.subarray(96)));
  },
  "deliver to another": (passing) => [{ ...passing, to: other(passing.to) }],
  "deliver in another's name": (passing) => [{ ...passing, from: other(passing.from) }],
  "deliver to all": (passing) => ["anna", "bert", "cleo"].map((to) => ({ ...passing, to })),
};

type Lines = Map<PartyId, Line>;

/** A line whose letters, or frames, pass through `evil` from the `after`th on. */
function evilLine(line: Line, lines: Lines, what: "letters" | "frames", evil: Evil, after: number): Line {
  lines.set(line.party, line);
  const memory: Passing[] = [];
  let passed = 0;
  const spoil = (passing: Passing): readonly Passing[] => {
    passed += 1;
    return passed > after ? evil(passing, memory) : [passing];
  };
  const hand = async ({ from, to, bytes }: Passing): Promise<void> => {
    const as = lines.get(from) ?? line;
    if (to === undefined) await as.push(bytes);
    else if (to !== from) await as.post(to, bytes);
  };
  // What the relay itself refuses, as it would from a stranger, is as good as lost.
  const through = async (passing: Passing): Promise<void> => {
    for (const one of spoil(passing)) await hand(one).catch(() => {});
  };
  return {
    party: line.party,
    posts: (): AsyncIterable<Posted> => line.posts(),
    pull: (session, done) => line.pull(session, done),
    onPresence: (listener) => line.onPresence(listener),
    close: () => line.close(),
    post: (to, bytes) =>
      what === "letters" ? through({ from: line.party, to, bytes }) : line.post(to, bytes),
    push: (bytes) =>
      what === "frames" ? through({ from: line.party, to: undefined, bytes }) : line.push(bytes),
  };
}

interface Endured {
  readonly faults: readonly string[];
  /** How the question ended at each honest node. */
  readonly ends: readonly string[];
}

async function endured(what: "letters" | "frames", evil: Evil, after: number): Promise<Endured> {
  const lines: Lines = new Map();
  const stage = new Stage({
    line: (line, party) =>
      party === "bert" ? evilLine(line, lines, what, evil, after) : tracked(lines, line),
  });
  try {
    const outcomes = await stage.ask();
    const machines = HONEST.map((party) => stage.all.machine(party));
    const contract = outcomes.find((outcome) => outcome.contract !== undefined)?.contract;
    const faults = [...judge(outcomes, machines), ...(contract === undefined ? [] : stage.excess(contract))];
    return { faults, ends: outcomes.map((end) => (end.status === "failed" ? end.code : end.status)) };
  } finally {
    await stage.all.close();
  }
}

function tracked(lines: Lines, line: Line): Line {
  lines.set(line.party, line);
  return line;
}

describe("a hostile relay", () => {
  const ways = ["letters", "frames"] as const;
  const deeds = ways.flatMap((what) => Object.entries(EVILS).map(([name, evil]) => ({ what, name, evil })));

  it("gets nobody a wrong answer, nor a byte outside the contract", { timeout: 300_000 }, async () => {
    const tries = deeds.flatMap((deed) => [0, 3].map((after) => ({ ...deed, after })));
    const ends = new Set<string>();
    const found = tries.map(async ({ what, name, evil, after }) => {
      const run = await endured(what, evil, after);
      for (const end of run.ends) ends.add(end);
      return run.faults.map((fault) => `${what} after ${after}, ${name}: ${fault}`);
    });
    expect((await Promise.all(found)).flat()).toEqual([]);
    expect(tries.length).toBeGreaterThanOrEqual(60);
    expect([...ends].sort()).toEqual(["expired", "garbage", "released", "unreachable"]);
  });

  it("that does nothing is not noticed", async () => {
    for (const what of ways) {
      expect(await endured(what, (passing) => [passing], 0)).toEqual({
        faults: [],
        ends: ["released", "released"],
      });
    }
  });
});
