// SPDX-License-Identifier: Apache-2.0
// A node's own policies: they only narrow, they are closed where they say nothing, and an error is a no.
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { decide, decideByPolicy, decideLocally, nodePolicy, type PolicyLanguage } from "../src/index.ts";
import { cedar, policyOf, questionOf, type Wish } from "./policies.ts";

const BASE = `// what bert permits
@id("counts") @article("Wpg 20")
permit (principal in Role::"analyst", action in Action::"class-B", resource)
when { context.purpose == "ports" && ["anna", "cleo"].contains(context.recipient) };

@id("matches") @article("Wpg 11")
permit (principal in Agency::"anna", action == Action::"match/F", resource in DataClass::"bert.list")
when { context.recipient == "anna" && ["id"].containsAll(context.columns) }
unless { resource.sensitivity == "secret" };

@id("not-special") @article("AVG 9")
forbid (principal, action, resource)
when { resource.sensitivity == "special" && context.columns.contains("amount") };

@id("until-2028") @article("Convenant 12")
forbid (principal, action, resource)
when { context.now >= datetime("2028-01-01T00:00:00Z") };
`;

/** What the policies above say, by somebody who reads them without Cedar. */
function expected(wish: Required<Wish>): boolean {
  if (wish.now >= "2028-01-01T00:00:00Z") return false;
  if (wish.sensitivity === "special" && wish.columns.includes("amount")) return false;
  return wish.recipients.every((recipient) => {
    const counts =
      wish.roles.includes("analyst") &&
      wish.letter === "B" &&
      wish.purpose === "ports" &&
      (recipient === "anna" || recipient === "cleo");
    const matches =
      wish.asker === "anna" &&
      wish.kind === "match" &&
      wish.letter === "F" &&
      recipient === "anna" &&
      wish.columns.every((column) => column === "id") &&
      wish.sensitivity !== "secret";
    return counts || matches;
  });
}

const FIELDS: { readonly [Name in keyof Wish]-?: readonly Required<Wish>[Name][] } = {
  kind: ["match", "overlap-count"],
  letter: ["B", "F"],
  purpose: ["ports", "fraud"],
  recipients: [["anna"], ["bert"], ["anna", "cleo"], ["anna", "bert"]],
  columns: [["id"], ["id", "amount"]],
  roles: [["analyst"], ["operator"], []],
  now: ["2026-11-24T12:00:00Z", "2028-01-01T00:00:00Z"],
  sensitivity: ["ordinary", "special", "secret"],
  asker: ["anna", "bert"],
  rows: [256],
};

/** Every question that can be made of the fields. */
function wishes(): readonly Required<Wish>[] {
  const all = Object.entries(FIELDS).reduce<readonly object[]>(
    (some, [name, values]) => some.flatMap((row) => values.map((value) => ({ ...row, [name]: value }))),
    [{}],
  );
  return all as readonly Required<Wish>[]; // one value of each field
}

describe("the decision table", () => {
  const policy = policyOf(BASE);
  const table = [...wishes()];

  it(`has ${table.length} rows, and Cedar says what a plain reading says`, { timeout: 30_000 }, () => {
    expect(table.length).toBeGreaterThanOrEqual(300);
    const allowed = table.filter((wish) => {
      const { outcome } = decideByPolicy(questionOf(wish), policy);
      expect({ wish, outcome }).toEqual({ wish, outcome: expected(wish) ? "allow" : "refuse" });
      return outcome === "allow";
    });
    expect(allowed.length).toBeGreaterThan(20);
    expect(allowed.length).toBeLessThan(table.length - 300);
  });

  it("names policy, article and place of what forbids, and says when nothing permits", () => {
    const late = decideByPolicy(questionOf({ now: "2029-01-01T00:00:00Z" }), policy);
    expect(late).toMatchObject({
      rule: "policy/until-2028",
      message:
        'policy "until-2028" (Convenant 12) of bert forbids class B on dataset list of bert for purpose "ports", recipient anna',
      hint: expect.stringMatching(/^base\.cedar:15: /),
    });
    expect(decideByPolicy(questionOf({ purpose: "fraud" }), policy)).toMatchObject({
      rule: "policy",
      message: expect.stringContaining("no policy of bert permits"),
    });
  });

  it("asks nothing of a node that brings no data", () => {
    expect(decideByPolicy({ ...questionOf(), me: "anna" }, policyOf(""))).toEqual({ outcome: "allow" });
  });
});

const CONDITIONS = [
  'context.purpose == "ports"',
  'context.recipient == "cleo"',
  'context.columns.contains("amount")',
  'resource.sensitivity == "secret"',
  "context.rows > 200",
  'principal.task == "supervision"',
  'context.now < datetime("2027-01-01T00:00:00Z")',
  "context.rows * 9223372036854775807 > 1", // fails where it is evaluated
];
const rule = fc
  .record({
    effect: fc.constantFrom("permit", "forbid"),
    action: fc.constantFrom("action", 'action in Action::"class-B"', 'action == Action::"match/F"'),
    when: fc.subarray(CONDITIONS, { maxLength: 2 }),
  })
  .map(({ effect, action, when }) => {
    const condition = when.length === 0 ? "true" : when.join(" && ");
    return (id: number): string =>
      `@id("r${id}") @article("art. ${id}") ${effect} (principal, ${action}, resource) when { ${condition} };\n`;
  });
const rules = fc.array(rule, { maxLength: 5 });
const wish: fc.Arbitrary<Wish> = fc.constantFrom(...wishes());

describe("a node's own policies", () => {
  it("never permit more with one forbidding rule more", { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(rules, rule, wish, (some, extra, asked) => {
        const texts = some.map((make, at) => make(at));
        const more = extra(99).replace(" permit (", " forbid (");
        const before = decideByPolicy(questionOf(asked), policyOf(texts.join("")));
        const after = decideByPolicy(questionOf(asked), policyOf([...texts, more].join("")));
        if (before.outcome === "refuse") expect(after.outcome).toBe("refuse");
      }),
      { numRuns: 60 },
    );
  });

  it("never permit what the covenant refuses, and refuse the more where either does", {
    timeout: 30_000,
  }, () => {
    const over = questionOf({ now: "2032-01-01T00:00:00Z" });
    expect(decideLocally(over, policyOf(PERMIT))).toMatchObject({ outcome: "refuse", rule: "validUntil" });
    fc.assert(
      fc.property(rules, wish, fc.boolean(), (some, asked, late) => {
        const question = questionOf(late ? { ...asked, now: "2032-01-01T00:00:00Z" } : asked);
        const policy = policyOf(some.map((make, at) => make(at)).join(""));
        const both = decideLocally(question, policy).outcome === "allow";
        const covenant = decide(question).outcome === "allow";
        expect(both).toBe(covenant && decideByPolicy(question, policy).outcome === "allow");
      }),
      { numRuns: 60 },
    );
  });

  it("are not there where no folder is configured", () => {
    expect(decideLocally(questionOf(), undefined)).toEqual({ outcome: "allow" });
    expect(decideLocally(questionOf(), policyOf(""))).toMatchObject({ outcome: "refuse", rule: "policy" });
  });
});

const PERMIT = '@id("all") @article("a") permit (principal, action, resource);';
const permitWhen = (condition: string): string =>
  `@id("all") @article("a") permit (principal, action, resource) when { ${condition} };`;

describe("what is wrong with a policy", () => {
  const wrong = (text: string) => nodePolicy([{ name: "x.cedar", text }], cedar);

  test.each([
    ["a comma too few", `${PERMIT}\nforbid (principal, action resource);`, 2, 27],
    [
      "an unknown attribute, after letters of two bytes",
      `// één\n${permitWhen('context.purpos == "é"')}`,
      2,
      70,
    ],
    ["an unknown action", PERMIT.replace("action,", 'action == Action::"match/G",'), 1, 55],
    ["no article", "permit (principal, action, resource);", 1, 1],
    ["an id in use", `${PERMIT}\n${PERMIT}`, 2, 1],
    ["a template", PERMIT.replace("principal,", "principal == ?principal,"), 1, 1],
    ["a comparison of unlike things", permitWhen('context.rows == "many"'), 1, 70],
  ])("is found at its place, and then nothing is permitted: %s", (_, text, line, column) => {
    const policy = wrong(text);
    expect(policy.findings[0]).toMatchObject({ file: "x.cedar", line });
    expect(policy.findings.map((one) => one.column)).toContain(column);
    expect(decideByPolicy(questionOf(), policy)).toMatchObject({ outcome: "refuse", rule: "policy/error" });
  });

  test.each([
    ["parentheses", permitWhen(`${"(".repeat(3000)}true${")".repeat(3000)}`)],
    ["choices", permitWhen(`${"if true then false else ".repeat(600)}true`)],
    ["a long conjunction", permitWhen(`${"true && ".repeat(1900)}true`)],
    ["a long sum", permitWhen(`1${" + 1".repeat(1900)} == 2`)],
    ["members of members", permitWhen(`context${".x".repeat(3000)}`)],
    ["sets of sets", permitWhen(`${"[".repeat(900)}1${"]".repeat(900)} == [1]`)],
    ["much text", `${PERMIT}\n// ${"x".repeat(300_000)}`],
    ["half a string full of escapes", `@id("${'\\"'.repeat(100_000)}`],
    ["many policies", Array.from({ length: 1500 }, (_, at) => PERMIT.replace("all", `p${at}`)).join("\n")],
    ["nothing but quotes", '"'.repeat(9001)],
    ["controls and marks", PERMIT.replace('"a"', '"\u202e\u0000"')],
  ])("is bounded in time and permits nothing: %s", (_, text) => {
    const begun = performance.now();
    const policy = wrong(text);
    expect(decideByPolicy(questionOf(), policy).outcome).toBe("refuse");
    expect(performance.now() - begun).toBeLessThan(5000);
    expect(decideByPolicy(questionOf(), policyOf(PERMIT)).outcome).toBe("allow"); // and the next one works
  });

  it("is an error while it is evaluated: a forbid that fails refuses", () => {
    const forbid = `@id("no") @article("b") forbid (principal, action, resource) when { context.rows * 9223372036854775807 == 1 };`;
    const policy = policyOf(`${PERMIT}\n${forbid}`);
    expect(decideByPolicy(questionOf(), policy)).toMatchObject({ outcome: "refuse", rule: "policy/error" });
    expect(decideByPolicy(questionOf({ rows: 1 }), policy)).toMatchObject({ outcome: "allow" });
  });

  it("is a language that traps: each call refuses", () => {
    const trap = (): never => {
      throw new RangeError("unreachable");
    };
    for (const part of ["split", "annotationsOf", "validate", "evaluator"] as const) {
      const broken: PolicyLanguage = { ...cedar, [part]: trap };
      const policy = nodePolicy([{ name: "x.cedar", text: PERMIT }], broken);
      expect(decideByPolicy(questionOf(), policy)).toMatchObject({ rule: "policy/error" });
    }
    const asked: PolicyLanguage = { ...cedar, evaluator: () => trap };
    expect(decideByPolicy(questionOf(), nodePolicy([{ name: "x", text: PERMIT }], asked)).outcome).toBe(
      "refuse",
    );
  });
});

describe("names from outside", () => {
  const policy = policyOf(
    '@id("one") @article("a") permit (principal in Agency::"anna", action, resource) when { context.recipient == "anna" };',
  );
  test.each([
    'anna" || true || "',
    'Agency::"anna"',
    "anna\\",
    'x", action, resource); permit (principal, action, resource); //',
    "__proto__",
    "constructor",
    "?principal",
    "ａnna",
    "anna\u0000",
    "anna".repeat(10_000),
  ])("are data and no text of a policy: %j", (name) => {
    for (const wish of [{ asker: name }, { recipients: [name] }, { purpose: name, asker: name }])
      expect(decideByPolicy(questionOf(wish), policy).outcome).toBe("refuse");
    expect(
      decideByPolicy(questionOf({ purpose: name, columns: [name], roles: [name] }), policy).outcome,
    ).toBe("allow");
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
