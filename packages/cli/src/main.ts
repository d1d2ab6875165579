// SPDX-License-Identifier: Apache-2.0
import { faultOf, type Language } from "@koplamp/sdk";
import { Command, CommanderError, Option } from "commander";
import { addCommand, usageErrorOf } from "./command.ts";
import { ALONE, GROUPS } from "./commands.ts";
import { EXIT } from "./errors.ts";
import { faultLines } from "./fault-text.ts";
import { type Io, processIo } from "./io.ts";
import { type GlobalOptions, openSession, type Session } from "./session.ts";

type Run = (session: Session) => Promise<number>;

/**
 * Runs one command line and gives its exit status (experience.md, section 2). Results go to `io.stdout`, everything
 * else to `io.stderr`. It never throws.
 */
export async function main(argv: readonly string[], io: Io = processIo()): Promise<number> {
  let run: Run | undefined;
  const program = programOf(io, (ready) => {
    run = ready;
  });
  let session = openSession(io, globalOptions({}, io, argv));
  try {
    await program.parseAsync([...argv], { from: "user" });
    session = openSession(io, globalOptions(program.opts(), io, argv));
    return run === undefined ? EXIT.usage : await run(session);
  } catch (reason) {
    session.lanes.clear();
    return failed(reason, session);
  }
}

/** The commands, with their help, and nothing that runs. */
function programOf(io: Io, started: (run: Run) => void): Command {
  const program = settled(new Command("koplamp"), io);
  program
    .description("Ask agencies together what none of them may show the others.")
    .addHelpText("before", "  koplamp lab run --federation federation.yaml --query query.yaml\n")
    .option("--json", "one JSON document on standard output")
    .option("--quiet", "no progress, no warnings")
    .option("--no-color", "no colour (also: NO_COLOR in the environment)")
    .addOption(new Option("--lang <language>", "language of contracts").choices(["nl", "en"]).default("en"))
    .option("--verbose", "where an error arose, besides what it is")
    .helpCommand(false);
  for (const { name, summary, commands } of GROUPS) {
    const group = settled(program.command(name).summary(summary).description(summary), io);
    for (const spec of commands) settled(addCommand(group, spec, started), io);
  }
  for (const spec of ALONE) settled(addCommand(program, spec, started), io);
  return program;
}

/** A command that throws instead of ending the process, and writes where it is told. */
function settled(command: Command, { stdout }: Io): Command {
  return command
    .exitOverride()
    .showHelpAfterError(false)
    .configureHelp({ showGlobalOptions: true, helpWidth: 100 })
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: () => {}, // errors are printed once, by `failed`
      getOutHasColors: () => false,
    });
}

function globalOptions(
  given: Readonly<Record<string, unknown>>,
  { env, stderr }: Io,
  argv: readonly string[],
): GlobalOptions {
  const flag = (name: string): boolean => given[name] === true || argv.includes(`--${name}`);
  const lang: Language = given["lang"] === "nl" ? "nl" : "en";
  const plain = argv.includes("--no-color") || (env["NO_COLOR"] ?? "") !== "";
  return {
    json: flag("json"),
    quiet: flag("quiet"),
    verbose: flag("verbose"),
    color: stderr.isTTY === true && !plain,
    lang,
  };
}

function failed(reason: unknown, session: Session): number {
  if (reason instanceof CommanderError && reason.exitCode === 0) return EXIT.done;
  const error = reason instanceof CommanderError ? usageErrorOf(reason) : reason;
  const fault = faultOf(error);
  session.io.stderr.write(`${faultLines(fault, session)}\n`);
  if (session.verbose && error instanceof Error) session.io.stderr.write(`${error.stack ?? ""}\n`);
  return fault.exit;
}
