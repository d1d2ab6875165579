// SPDX-License-Identifier: Apache-2.0
// Money on its way between municipalities, with patterns planted in it, and the question that finds each pattern by
// numbers of rows and sums alone: no question names an account, and no account leaves its agency.
import type { TextFile } from "./generated-files.ts";
import { MUNICIPALITIES } from "./generated-registers.ts";
import { Seeded } from "./seeded.ts";

/** The typologies that can be planted and asked for, and the flow that shows the whole. */
export type FlowTemplate = "flow" | "smurfing" | "pass-through" | "circular";

/** Every one of them. */
export const FLOW_TEMPLATES: readonly FlowTemplate[] = ["flow", "smurfing", "pass-through", "circular"];

/** A transfer as an agency has it, in cents. */
interface Transfer {
  readonly payer: string;
  readonly payee: string;
  readonly origin: string;
  readonly destination: string;
  readonly month: string;
  readonly amount: number;
}

/** What was planted: places and months, never accounts. */
export interface PlantedFlows {
  /** `[destination, month]`. */
  readonly smurfing: readonly (readonly [string, string])[];
  readonly passThrough: readonly (readonly [string, string])[];
  /** `[place, place, place, month]`, the least name first. */
  readonly circular: readonly (readonly [string, string, string, string])[];
}

/** How much is planted in what. */
interface FlowOptions {
  /** Three or more. */
  readonly parties: number;
  /** Transfers of each party, planted ones not counted. */
  readonly rows: number;
  readonly seed: number;
}

const AGENCIES = ["fiod", "fiu", "politie"];
const PLACES: readonly string[] = MUNICIPALITIES.slice(0, 6).map(([code]) => code);
const MONTHS = ["2026-01", "2026-02", "2026-03"];
const ACCOUNTS = 240;
/** Cash below this is not reported one by one. */
const THRESHOLD = 1_000_000;
const MOST = 10_000_000;

/** The files of a federation with planted flows, and what was planted. */
export function flowLab(
  template: FlowTemplate,
  options: FlowOptions,
): { readonly files: readonly TextFile[]; readonly planted: PlantedFlows } {
  const numbers = new Seeded(options.seed);
  const planted = plan(numbers.branch("plan"));
  const ids = Array.from({ length: options.parties }, (_, at) => AGENCIES[at] ?? `agency-${at + 1}`);
  const tables = ids.map((id): TextFile => {
    const transfers = transfersOf(id, options.rows, planted, numbers.branch(id));
    const lines = transfers.map((one) =>
      [one.payer, one.payee, one.origin, one.destination, one.month, one.amount].join(","),
    );
    return {
      name: `data/${id}.csv`,
      text: `payer,payee,origin,destination,month,amount\n${lines.join("\n")}\n`,
    };
  });
  const files = [
    { name: "federation.yaml", text: federation(ids) },
    { name: "query.yaml", text: [...HEAD[template], ...GROUND, ...question(template, ids), ""].join("\n") },
    ...tables,
  ];
  return { files, planted };
}

/** Two of each, in places and months of their own. */
function plan(numbers: Seeded): PlantedFlows {
  const cells = numbers.shuffled(PLACES.flatMap((place) => MONTHS.map((month) => [place, month] as const)));
  const [first = "", second = "", third = "", ...others] = numbers.shuffled(PLACES);
  const circle = (places: readonly string[], month: string): readonly [string, string, string, string] => {
    const least = places.indexOf([...places].sort()[0] ?? "");
    const [a = "", b = "", c = ""] = [...places.slice(least), ...places.slice(0, least)];
    return [a, b, c, month];
  };
  return {
    smurfing: cells.slice(0, 3),
    passThrough: cells.slice(3, 6),
    circular: [circle([first, second, third], "2026-01"), circle(others.slice(0, 3), "2026-03")],
  };
}

function transfersOf(
  id: string,
  rows: number,
  { smurfing, passThrough, circular }: PlantedFlows,
  numbers: Seeded,
): readonly Transfer[] {
  const account = (at: number): string => `${id}-${String(at).padStart(4, "0")}`;
  const homeOf = (at: number): string => PLACES[at % PLACES.length] ?? "";
  const usual = Array.from({ length: rows }, (): Transfer => {
    const [from, to] = [numbers.below(ACCOUNTS), numbers.below(ACCOUNTS)];
    return {
      payer: account(from),
      payee: account(to),
      origin: homeOf(from),
      destination: homeOf(to),
      month: monthOf(numbers),
      amount: usualAmount(numbers),
    };
  });
  const named = (pattern: string, at: number, account_: number): string =>
    `${id}-${pattern}-${at}-${account_}`;
  const planted = [
    ...smurfing.flatMap(([place, month], at) =>
      times(3, (own) => manyDeposits(named("s", at, own), place, month, numbers)),
    ),
    ...passThrough.flatMap(([place, month], at) =>
      times(3, (own) => passedOn(named("p", at, own), place, month, numbers)),
    ),
    ...circular.flatMap(([a, b, c, month], at) =>
      times(6, (own) => goneRound(named("c", at, own), [a, b, c], month, numbers)),
    ),
  ];
  return numbers.shuffled([...usual, ...planted]);
}

function times<T>(count: number, make: (at: number) => readonly T[]): readonly T[] {
  return Array.from({ length: count }, (_, at) => make(at)).flat();
}

function monthOf(numbers: Seeded): string {
  return MONTHS[numbers.below(MONTHS.length)] ?? "";
}

/** Mostly small, sometimes large: each digit more is rarer. */
function usualAmount(numbers: Seeded): number {
  const digits = 3 + numbers.below(3) + numbers.below(3);
  return Math.min(MOST, Number(numbers.digits(digits)) + 1);
}

function placeOf(numbers: Seeded): string {
  return PLACES[numbers.below(PLACES.length)] ?? "";
}

/** Smurfing: 7 to 11 deposits on one account in one month, each a little below the threshold. */
function manyDeposits(
  account: string,
  destination: string,
  month: string,
  numbers: Seeded,
): readonly Transfer[] {
  return times(7 + numbers.below(5), (at) => [
    {
      payer: `${account}-${at}`,
      payee: account,
      origin: placeOf(numbers),
      destination,
      month,
      amount: THRESHOLD - 1 - numbers.below(THRESHOLD / 10),
    },
  ]);
}

/** Pass-through: six large amounts come in, and 97 to 100 of a hundred go out within the month. */
function passedOn(account: string, destination: string, month: string, numbers: Seeded): readonly Transfer[] {
  return times(6, (at) => {
    const amount = 1_000_000 + numbers.below(1_000_000);
    const kept = Math.floor((amount * numbers.below(3)) / 100);
    const [source, sink] = [`${account}-in-${at}`, `${account}-out-${at}`];
    return [
      { payer: source, payee: account, origin: placeOf(numbers), destination, month, amount },
      {
        payer: account,
        payee: sink,
        origin: destination,
        destination: placeOf(numbers),
        month,
        amount: amount - kept,
      },
    ];
  });
}

/** Circular: what leaves a place comes back to it by way of two others, there on other accounts than it came to. */
function goneRound(
  account: string,
  places: readonly [string, string, string],
  month: string,
  numbers: Seeded,
): readonly Transfer[] {
  const amount = 6_000_000 + numbers.below(3_000_000);
  return places.map((origin, at) => ({
    payer: `${account}-${at}`,
    payee: `${account}-${at}-on`,
    origin,
    destination: places[(at + 1) % places.length] ?? "",
    month,
    amount: amount - numbers.below(100_000),
  }));
}

function federation(ids: readonly string[]): string {
  return [
    "# Transfers of three agencies. `deposits` and `passed` stand in no file: each node computes them of its own rows.",
    "koplamp: federation/v1",
    "id: transfers",
    "covenant: default",
    "parties:",
    ...ids.flatMap((id) => [
      `  - id: ${id}`,
      `    name: ${id}`,
      "    datasets:",
      "      transfers:",
      `        file: data/${id}.csv`,
      "        columns:",
      "          payer: { kind: opaque }",
      "          payee: { kind: opaque }",
      "          origin: { kind: category }",
      "          destination: { kind: category }",
      "          month: { kind: month }",
      `          amount: { kind: integer, min: 0, max: ${MOST}, unit: cent }`,
      "          # how many deposits just below the threshold the payee had in that month",
      `          deposits: { kind: integer, derive: { rows: [payee, month], within: { amount: ${(THRESHOLD * 9) / 10}..${THRESHOLD - 1} } } }`,
      "          # of what the payee got and what it sent in that month, how many percent the smaller is of the larger",
      "          passed: { kind: integer, derive: { passed: amount, into: payee, out: payer, per: [month] } }",
    ]),
    "",
  ].join("\n");
}

const HEAD: Readonly<Record<FlowTemplate, readonly string[]>> = {
  flow: [
    "# How much money goes from where to where, by month, over all agencies?",
    "koplamp: query/v1",
    "id: flow",
  ],
  smurfing: [
    "# Where and when are there many deposits on one account, each just below the threshold? No account is named.",
    "koplamp: query/v1",
    "id: smurfing",
  ],
  "pass-through": [
    "# Where and when does what comes to an account leave it within the month? No account is named.",
    "koplamp: query/v1",
    "id: pass-through",
  ],
  circular: [
    "# Which money comes back to where it came from by way of two other places? koplamp result … --circles 3 tells.",
    "koplamp: query/v1",
    "id: circular",
  ],
};

const GROUND: readonly string[] = [
  "class: A",
  "purpose: lab",
  "legalBasis: [none, generated data]",
  "indication: generated data",
  "necessity: generated data",
  "intendedEffect: { text: a first answer, measure: it equals the planted one }",
];

function question(template: FlowTemplate, ids: readonly string[]): readonly string[] {
  const places = `[${PLACES.join(", ")}]`;
  const months = `[${MONTHS.join(", ")}]`;
  const byPlace = (where: string): readonly string[] => [
    `  where: [ ${where} ]`,
    "  groupBy: [destination, month]",
    `  domain: { destination: ${places}, month: ${months} }`,
  ];
  const way: Readonly<Record<FlowTemplate, readonly string[]>> = {
    flow: flowOf(places, months),
    circular: flowOf(places, months),
    smurfing: byPlace('{ column: deposits, op: ">=", value: 5 }'),
    "pass-through": byPlace(
      '{ column: passed, op: ">=", value: 96 }, { column: amount, op: ">=", value: 1000000 }',
    ),
  };
  return [
    "ask:",
    "  kind: aggregate",
    `  from: { ${ids.map((id) => `${id}: transfers`).join(", ")} }`,
    ...way[template],
    '  measures: [count, "sum(amount)"]',
    `recipients: [${ids[0] ?? ""}]`,
    "release: { minCount: 10, minContributors: 3 }",
    "expires: 2099-12-31",
  ];
}

function flowOf(places: string, months: string): readonly string[] {
  return [
    "  flow: { origin: origin, destination: destination, period: month }",
    `  domain: { origin: ${places}, destination: ${places}, month: ${months} }`,
  ];
}
