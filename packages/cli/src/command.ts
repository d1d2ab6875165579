// SPDX-License-Identifier: Apache-2.0
import type { Command, CommanderError } from "commander";
import { UsageError } from "./errors.ts";
import type { Session } from "./session.ts";

/** A command as the table of commands has it: help, flags and what it does. */
export interface CommandSpec {
  /** Its name and arguments, as commander writes them: `explain <question>`. */
  readonly name: string;
  readonly summary: string;
  /** A line that works, shown first in its help. */
  readonly example: string;
  readonly flags: readonly FlagSpec[];
  /** Does it, and gives the exit status. */
  readonly run: (session: Session, flags: Flags, args: readonly string[]) => Promise<number>;
}

/** A flag of one command. */
export interface FlagSpec {
  /** `--parties <n>`. */
  readonly flag: string;
  readonly text: string;
  readonly required?: true;
  /** It may be given several times: {@link Flags.texts}. */
  readonly many?: true;
}

/** Commands under one word: `lab run`, `lab check`. */
export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  readonly commands: readonly CommandSpec[];
}

/** The flags that a command was given, read as what they should be. */
export class Flags {
  readonly #given: Readonly<Record<string, unknown>>;

  constructor(given: Readonly<Record<string, unknown>>) {
    this.#given = given;
  }

  /** A flag without a value. */
  has(name: string): boolean {
    return this.#given[camel(name)] === true;
  }

  /** Text, if given. */
  text(name: string): string | undefined {
    const value = this.#given[camel(name)];
    return typeof value === "string" ? value : undefined;
  }

  /** Every text of a flag that may be given several times. */
  texts(name: string): readonly string[] {
    const value = this.#given[camel(name)];
    return Array.isArray(value) ? value.filter((text) => typeof text === "string") : [];
  }

  /** Text that must be there: the flag is a required one. */
  required(name: string): string {
    const value = this.text(name);
    if (value !== undefined) return value;
    throw new UsageError(`--${name} is missing`);
  }

  /** A whole number in a range. @throws {UsageError}. */
  integer(name: string, least: number, most: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new UsageError(`--${name} takes a whole number from ${least} to ${most}, got "${text}"`);
  }

  /** A number between 0 and 1. @throws {UsageError}. */
  fraction(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= 0 && value <= 1) return value;
    throw new UsageError(`--${name} takes a number from 0 to 1, got "${text}"`);
  }
}

/** Puts a command of the table under its parent. `started` is called with a run that is ready to go. */
export function addCommand(
  parent: Command,
  spec: CommandSpec,
  started: (run: (session: Session) => Promise<number>) => void,
): Command {
  const command = parent.command(spec.name).summary(spec.summary).description(spec.summary);
  command.addHelpText("before", `  ${spec.example}\n`);
  for (const { flag, text, required, many } of spec.flags) {
    const said = required ? `${text} (required)` : text;
    if (many) command.option(flag, said, (one: string, all: readonly string[] = []) => [...all, one]);
    else command.option(flag, said);
  }
  return command.action((...given: readonly unknown[]) => {
    const args = command.args;
    expectRequired(spec, new Flags(Object(given.at(-2))), command);
    started((session) => spec.run(session, new Flags(Object(given.at(-2))), args));
  });
}

/** After commander has refused what it does not know: a mistyped flag is told before a missing one. */
function expectRequired({ flags }: CommandSpec, given: Flags, command: Command): void {
  for (const { flag, required } of flags) {
    const name = /^--([a-z-]+)/.exec(flag)?.[1] ?? "";
    if (!required || given.text(name) !== undefined) continue;
    const words = command.parent?.parent ? `${command.parent.name()} ${command.name()}` : command.name();
    throw new UsageError(`${flag} is missing`, `koplamp ${words} --help`);
  }
}

/** commander's own errors as ours: one sentence, and its suggestion as a hint. */
export function usageErrorOf(error: CommanderError): UsageError {
  if (error.code === "commander.help")
    return new UsageError("expected a command", "koplamp --help lists them");
  const [first = "", ...rest] = error.message.replace(/^error: /, "").split("\n");
  const near = /Did you mean (?:one of )?(.+)\?\)/.exec(rest.join(" "))?.[1];
  return new UsageError(first.replaceAll("'", '"'), near === undefined ? "" : `did you mean ${near}?`);
}

function camel(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
