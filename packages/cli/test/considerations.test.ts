// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { considerations, givenConsiderations } from "../src/considerations.ts";
import type { Io } from "../src/io.ts";
import { openSession, type Session } from "../src/session.ts";

/** A session at a terminal where somebody answers, or at none. */
function sessionOf(answers?: readonly string[]): { readonly session: Session; readonly asked: string[] } {
  const asked: string[] = [];
  const left = [...(answers ?? [])];
  const ask = async (question: string): Promise<string> => {
    asked.push(question.trim());
    return left.shift() ?? "";
  };
  const io: Io = {
    stdout: { write: () => {} },
    stderr: { write: () => {} },
    env: {},
    cwd: "/nowhere",
    onInterrupt: () => () => {},
    ...(answers === undefined ? {} : { ask }),
  };
  const global = { json: false, quiet: false, color: false, lang: "nl" as const, verbose: false };
  return { session: openSession(io, global), asked };
}

test("what is given on the command line is named after its role, other questions as they are", () => {
  expect(givenConsiderations(["ground=Wwft art. 16", "IAMA-4.1=a=b"], "lawful", "en")).toEqual([
    { question: "lawful.ground", answer: { en: "Wwft art. 16" } },
    { question: "IAMA-4.1", answer: { en: "a=b" } },
  ]);
  for (const text of ["ground", "=x", "ground=", "a b=c"]) {
    expect(() => givenConsiderations([text], "lawful", "en")).toThrow(
      expect.objectContaining({
        message: `expected QUESTION=ANSWER, got "${text}"`,
        hint: "questions: ground, necessity, recipients",
      }),
    );
  }
});

test("at a terminal the questions of the role are asked, and an empty answer is none", async () => {
  const { session, asked } = sessionOf(["Om schepen", "", " Met de hand nagezien ", ""]);
  expect(await considerations(session, "ethical", [])).toEqual([
    { question: "ethical.why", answer: { nl: "Om schepen" } },
    { question: "ethical.how", answer: { nl: "Met de hand nagezien" } },
  ]);
  expect(asked).toHaveLength(4);
  expect(asked[0]).toBe("Waarom doen we dit, en voor wie?");
});

test("what is given is not asked again", async () => {
  const { session, asked } = sessionOf(["no"]);
  const given = givenConsiderations(["why=x"], "ethical", "nl");
  expect(await considerations(session, "ethical", given)).toEqual(given);
  expect(asked).toEqual([]);
});

test("an approval that rests on nothing is refused, at a terminal and elsewhere", async () => {
  for (const answers of [undefined, ["", "", "", ""]]) {
    const { session } = sessionOf(answers);
    await expect(considerations(session, "lawful", [])).rejects.toMatchObject({
      name: "UsageError",
      hint: expect.stringContaining('--consider "ground=…"'),
    });
  }
  const { session } = sessionOf(["Het bewijs"]);
  expect(await considerations(session, "prosecutor", [])).toEqual([
    { question: "prosecutor.weighed", answer: { nl: "Het bewijs" } },
  ]);
});
