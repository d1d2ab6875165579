// SPDX-License-Identifier: Apache-2.0
// What a party could ever have learned: against a computation of its own, on histories at random, and on real ones.
import type { Fact, PartyId } from "@koplamp/protocol";
import type { Contract, ContractItem, Entry, Hash, Plan } from "@koplamp/wire";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { type Exposure, type ExposureLog, exposureLog, exposureOf } from "../src/index.ts";
import { countOf, Federation, matchOf } from "./federation.ts";

const ME = "me";
const OTHERS = ["anna", "bert", "cleo", "coordinator"] as const;
const FACTS: readonly Fact[] = [
  "took-part",
  "size-padded",
  "count",
  "holders-of-own",
  "pattern",
  "test-evaluated",
];
const BACKGROUND: readonly Fact[] = ["took-part", "timing", "ledger-growth", "size-padded", "vocabulary"];
const day = (n: number): string => `2026-01-${String(n + 1).padStart(2, "0")}T00:00:00Z`;
const hash = (n: number): Hash => `sha256:${String(n).padStart(64, "0")}`;

const item: fc.Arbitrary<ContractItem> = fc.record({
  fact: fc.constantFrom(...FACTS),
  about: fc.subarray([ME, "anna", "bert"], { minLength: 1 }),
  bound: fc.nat(9),
});
const items = fc.array(item, { maxLength: 3 });

/** A question that somebody might have asked: its plan and contract, in what an exposure reads of them. */
interface Asked {
  readonly plan: Plan;
  readonly contract: Contract;
}

const asked: fc.Arbitrary<Asked> = fc
  .record({
    dataset: fc.constantFrom("ships", "ships", "cars"),
    epoch: fc.constantFrom("2026-W01", "2026-W02", null),
    purpose: fc.constantFrom("p", "q"),
    mine: fc.constantFrom(true, true, true, false),
    outputs: fc.array(fc.tuple(fc.constantFrom(...OTHERS), item), { maxLength: 3 }),
    views: fc.array(fc.tuple(fc.subarray([...OTHERS], { minLength: 1 }), items, items), { maxLength: 3 }),
    coalitions: fc.array(fc.tuple(fc.subarray([...OTHERS], { minLength: 2 }), items), { maxLength: 3 }),
  })
  .map(({ dataset, epoch, purpose, mine, outputs, views, coalitions }) => ({
    plan: {
      covenantHash: hash(0),
      purpose,
      inputs: [
        { party: mine ? ME : "anna", dataset, rowsPadded: 256 },
        { party: "bert", dataset, rowsPadded: 256 },
      ],
      protocol: { epoch },
    } as unknown as Plan,
    contract: {
      outputs: outputs.map(([to, output], at) => ({ ...output, id: `o${at}`, to, columns: [] })),
      views: views.map(([who, learns, atMost]) => ({ who, learns, atMost })),
      coalitions: coalitions.map(([who, learns]) => ({ who, about: [ME], learns })),
    } as unknown as Contract,
  }));

type Step = readonly [
  kind: "begin" | "disclose" | "allow",
  question: number,
  at: number,
  to: readonly PartyId[],
  amount: number,
];
const step: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom("begin" as const, "disclose" as const, "allow" as const),
  fc.nat(3),
  fc.nat(9),
  fc.subarray([...OTHERS], { minLength: 1 }),
  fc.constantFrom(256, 512),
);

/** A history: questions, and what this node's ledger says of them. */
interface History {
  readonly questions: readonly Asked[];
  readonly steps: readonly Step[];
}
const history: fc.Arbitrary<History> = fc.record({
  questions: fc.array(asked, { minLength: 4, maxLength: 4 }),
  steps: fc.array(step, { minLength: 2, maxLength: 12 }),
});

function logOf({ questions, steps }: History): ExposureLog {
  const of = (at: number): Asked | undefined => questions[at];
  const entry = (type: string, at: number, question: number, body: object): Entry =>
    ({ type, at: day(at), planHash: hash(question), body }) as unknown as Entry;
  return {
    me: ME,
    entries: [
      ...questions.map((_, at) => entry("plan", 0, at, { contractHash: hash(at + 100) })),
      ...steps.map(([type, question, at, to, amount]) => {
        if (type === "begin") return entry(type, at, question, { session: "s", debits: [] });
        if (type === "disclose")
          return entry(type, at, question, { to, disclosure: "d", bytes: 1, debits: [] });
        return entry(type, at, question, { asker: to[0], ceiling: amount, plan: hash(question) });
      }),
    ],
    plan: (wanted) => of(Number(wanted.slice(7)))?.plan,
    contract: (wanted) => of(Number(wanted.slice(7)) - 100)?.contract,
  };
}

/** A fact that somebody knows, by the question that gave it: comparable as text. */
const known = (question: number, how: string, { fact, bound }: ContractItem): string =>
  `${question} ${how} ${fact} ${bound}`;

/** A piece of knowledge: who must come together for it, and what it is. */
type Piece = readonly [needs: readonly PartyId[], how: string, item: ContractItem, output: boolean];

/** Every piece that a contract gives to anybody about us. */
function piecesOf({ contract }: Asked): readonly Piece[] {
  const { outputs, views, coalitions } = contract;
  const all: readonly Piece[] = [
    ...outputs.map((output): Piece => [[output.to], "learns", output, true]),
    ...views.flatMap(({ who, learns, atMost }) =>
      who.flatMap((party): readonly Piece[] => [
        ...learns.map((one): Piece => [[party], "learns", one, false]),
        ...atMost.map((one): Piece => [[party], "atMost", one, false]),
      ]),
    ),
    ...coalitions.flatMap(({ who, learns }) => learns.map((one): Piece => [who, "together", one, false])),
  ];
  return all.filter(([, , { about }]) => about.includes(ME));
}

const keySetOf = ({ plan }: Asked): string =>
  `${plan.purpose} ${plan.protocol.epoch} ${plan.inputs[0]?.party}`;

/** What one question gave these people about a dataset, by its steps in the time that is asked about. */
function givenBy(
  question: Asked,
  during: readonly Step[],
  who: readonly PartyId[],
): { readonly pieces: readonly Piece[]; readonly testable: boolean } {
  const theirs = piecesOf(question).filter(([needs]) => needs.every((party) => who.includes(party)));
  const told = theirs.filter(([, , { fact }]) => fact !== "test-evaluated");
  const reached = ([type, , , to]: Step): boolean =>
    type === "disclose" && to.some((one) => who.includes(one));
  if (during.some(reached)) {
    const testable = theirs.length > told.length && question.plan.protocol.epoch !== null;
    return { pieces: told, testable };
  }
  const sees = question.contract.views.some((view) => view.who.some((party) => who.includes(party)));
  const begun = sees && during.some(([type]) => type === "begin");
  const sizes = told.filter(([, , { fact }, output]) => !output && BACKGROUND.includes(fact));
  return { pieces: begun ? sizes : [], testable: false };
}

/** Everything that was ever allowed to these people under a key set. */
function allowedUnder(keySet: string, { questions, steps }: History, who: readonly PartyId[]): number {
  let sum = 0;
  for (const [type, of, , [asker = ""], amount] of steps) {
    const question = questions[of];
    if (type !== "allow" || question === undefined || !who.includes(asker)) continue;
    if (keySetOf(question) === keySet) sum += amount;
  }
  return sum;
}

/**
 * The same by brute force, in another order of thought: every piece of knowledge that any contract gives to anybody, and
 * then which of them these people can put together; allowances added up one by one.
 */
function bruteForce(
  past: History,
  who: readonly PartyId[],
  dataset: string,
  [from, to]: readonly [number, number],
): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [at, question] of past.questions.entries()) {
    if (!question.plan.inputs.some((input) => input.party === ME && input.dataset === dataset)) continue;
    const during = past.steps.filter(([, of, when]) => of === at && when >= from && when <= to);
    const { pieces, testable } = givenBy(question, during, who);
    for (const [, how, one] of pieces) found.add(known(at, how, one));
    const keySet = keySetOf(question);
    const bound = testable ? allowedUnder(keySet, past, who) : 0;
    if (bound > 0) found.add(`tests ${keySet.split(" ").slice(0, 2).join(" ")} ${bound}`);
  }
  return found;
}

/** An exposure in the words of the brute force. */
function plain({ items: exposed }: Exposure): ReadonlySet<string> {
  return new Set(
    exposed.map(({ planHash, how, fact, bound, because, about }) => {
      if (how !== "tests") return known(Number(planHash.slice(7)), how, { fact, bound, about });
      const [, epoch = "", purpose = ""] = /in epoch (\S+) for purpose (\S+);/.exec(because) ?? [];
      return `tests ${purpose} ${epoch} ${bound}`;
    }),
  );
}

const request = (who: readonly PartyId[], from = 2, to = 7) => ({
  who,
  dataset: "ships",
  from: day(from),
  to: day(to),
});
const coalition = fc.subarray([...OTHERS], { minLength: 1 });

/** Whether everything in `less` is in `more`; tests by their bound. */
function covers(more: Exposure, less: Exposure): boolean {
  const bounds = new Map(
    more.items.filter(({ how }) => how === "tests").map(({ because, bound }) => [because, Number(bound)]),
  );
  const all = plain(more);
  return (
    less.items.every((one) =>
      one.how === "tests"
        ? (bounds.get(one.because) ?? 0) >= Number(one.bound)
        : [...plain({ ...less, items: [one] })].every((text) => all.has(text)),
    ) && less.rhoMicro <= more.rhoMicro
  );
}

describe("an exposure", () => {
  it("is all that a brute-force computation finds, and nothing else", () => {
    let told = 0;
    fc.assert(
      fc.property(history, coalition, fc.nat(4), fc.integer({ min: 3, max: 9 }), (past, who, from, to) => {
        const found = plain(exposureOf(logOf(past), request(who, from, to)));
        told += found.size;
        expect([...found].sort()).toEqual([...bruteForce(past, who, "ships", [from, to])].sort());
      }),
      { numRuns: 1500 },
    );
    expect(told).toBeGreaterThan(500);
  });

  it("never shrinks when the coalition grows", () => {
    fc.assert(
      fc.property(history, coalition, coalition, (past, who, more) => {
        const larger = [...new Set([...who, ...more])];
        expect(covers(exposureOf(logOf(past), request(larger)), exposureOf(logOf(past), request(who)))).toBe(
          true,
        );
      }),
      { numRuns: 800 },
    );
  });

  it("never shrinks when entries come, or when the time that is asked about is longer", () => {
    fc.assert(
      fc.property(history, fc.array(step, { minLength: 1, maxLength: 4 }), coalition, (past, more, who) => {
        const before = exposureOf(logOf(past), request(who));
        expect(
          covers(exposureOf(logOf({ ...past, steps: [...past.steps, ...more] }), request(who)), before),
        ).toBe(true);
        expect(covers(exposureOf(logOf(past), request(who, 0, 9)), before)).toBe(true);
      }),
      { numRuns: 800 },
    );
  });

  it("counts the allowances of the whole epoch, also before and after the dates", () => {
    const tested: ContractItem = { fact: "test-evaluated", about: [ME], bound: 4096 };
    const question = (epoch: string): Asked => ({
      plan: {
        covenantHash: hash(0),
        purpose: "p",
        inputs: [{ party: ME, dataset: "ships", rowsPadded: 256 }],
        protocol: { epoch },
      } as unknown as Plan,
      contract: {
        outputs: [],
        views: [{ who: ["anna"], learns: [], atMost: [tested] }],
        coalitions: [],
      } as unknown as Contract,
    });
    const steps: readonly Step[] = [
      ["allow", 0, 0, ["anna"], 256],
      ["disclose", 0, 4, ["anna"], 0],
      ["allow", 1, 9, ["anna"], 512],
      ["allow", 1, 9, ["bert"], 512],
      ["allow", 2, 9, ["anna"], 512],
    ];
    const past: History = {
      questions: [question("2026-W01"), question("2026-W01"), question("2026-W02")],
      steps,
    };
    const bounds = (who: readonly PartyId[]): readonly unknown[] =>
      exposureOf(logOf(past), request(who, 4, 4)).items.map(({ how, bound }) => [how, bound]);
    expect(bounds(["anna"])).toEqual([["tests", 768]]);
    expect(bounds(["anna", "bert"])).toEqual([["tests", 1280]]);
    expect(bounds(["bert"])).toEqual([]);
  });

  it("says what is left of a disclosure whose documents were erased", () => {
    const log = logOf({ questions: [], steps: [["disclose", 3, 4, ["anna"], 0]] });
    expect(exposureOf(log, request(["anna"])).forgotten).toEqual([
      { planHash: hash(3), disclosure: "d", to: ["anna"], bytes: 1, at: day(4) },
    ]);
    expect(exposureOf(log, request(["bert"])).forgotten).toEqual([]);
  });
});

describe("an exposure of a real ledger", () => {
  let federation: Federation | undefined;
  afterEach(async () => {
    await federation?.close();
  });

  it("tells what was disclosed, to whom it was disclosed, and sizes to the others", async () => {
    federation = new Federation({ anna: ["x", "y"], bert: ["y", "z"], cleo: ["z", "y"] });
    const all = ["anna", "bert", "cleo"];
    await federation.ask("anna", matchOf(all, ["anna"]));
    await federation.outcomes(["bert", "cleo"]);
    await federation.ask("cleo", countOf(all, ["cleo"]));
    await federation.outcomes(["bert"], 2);
    const { node, store } = federation.machine("bert");
    const at = { from: "2000-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z", dataset: "list" };
    const of = (...who: readonly string[]): readonly unknown[] => {
      const exposure = node.exposure({ who, ...at });
      expect(exposure).toEqual(exposureOf(exposureLog(store), { who, ...at })); // the node, and its folder alone
      const told = exposure.items.filter(({ fact }) => !BACKGROUND.includes(fact));
      return told.map(({ fact, bound, how }) => `${how} ${fact} ${bound}`).sort();
    };
    expect(of("anna")).toEqual(
      expect.arrayContaining(["learns holders-of-own 256", "tests test-evaluated 256"]),
    );
    expect(of("anna").some((text) => String(text).includes("count"))).toBe(false);
    expect(of("cleo")).toEqual(expect.arrayContaining(["learns count 3"]));
    expect(of("cleo").some((text) => String(text).includes("holders-of-own"))).toBe(false);
    expect(of("coordinator")).toEqual(expect.arrayContaining([expect.stringContaining("learns pattern")]));
    expect(of("anna", "cleo")).toEqual(
      expect.arrayContaining(["learns holders-of-own 256", "tests test-evaluated 512", "learns count 3"]),
    );
    expect(node.exposure({ who: ["anna"], ...at, dataset: "other" }).items).toEqual([]);
    expect(node.exposure({ who: ["anna"], ...at, to: "2001-01-01T00:00:00Z" }).items).toEqual([]);
    expect(
      node
        .exposure({ who: ["anna"], ...at })
        .questions.map(({ opened, approvals }) => [opened, approvals.length]),
    ).toEqual([
      [true, 6],
      [false, 6],
    ]);
  });
});
