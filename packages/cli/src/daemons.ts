// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { daemonEnvironment, type Programs } from "@koplamp/sdk";
import type { CommandSpec, FlagSpec, Flags } from "./command.ts";
import { EXIT, UsageError } from "./errors.ts";
import type { Session } from "./session.ts";

const CONFIG: FlagSpec = { flag: "--config <file>", text: "the node's file (default: node.yaml)" };

/** `koplamp node …`: the node's own program, as a child process. */
export const NODE_COMMANDS: readonly CommandSpec[] = [
  daemonCommand("node", {
    name: "init",
    summary: "Makes keys, a certificate and a commented node.yaml for a new node.",
    example: "koplamp node init --party kmar --name Marechaussee --federation ships-nl",
    flags: [
      { flag: "--party <id>", text: "our id in the covenant: [a-z][a-z0-9-]{0,31}", required: true },
      { flag: "--name <text>", text: "the agency's name", required: true },
      { flag: "--federation <id>", text: "the federation it will join", required: true },
      { flag: "--out <dir>", text: "where to write (default: the party's id)" },
    ],
  }),
  daemonCommand("node", {
    name: "start",
    summary: "Runs the node until it is told to stop.",
    example: "koplamp node start --config node.yaml",
    flags: [CONFIG],
  }),
  daemonCommand("node", {
    name: "doctor",
    summary: "Checks keys, files, certificate, coordinator and sources; a remedy for each failure.",
    example: "koplamp node doctor --config node.yaml",
    flags: [CONFIG],
  }),
];

/** `koplamp coordinator …`. */
export const COORDINATOR_COMMANDS: readonly CommandSpec[] = [
  daemonCommand("coordinator", {
    name: "start",
    summary: "Runs the relay until it is told to stop. It can read nothing that it relays.",
    example: "koplamp coordinator start --config coordinator.yaml",
    flags: [{ flag: "--config <file>", text: "the relay's file (default: coordinator.yaml)" }],
  }),
];

/** `koplamp source …`, which the node's program does: it knows the declared sources. */
export const SOURCE_COMMANDS: readonly CommandSpec[] = [
  daemonCommand("node", {
    name: "test <name>",
    word: "source-test",
    summary: "Rows, nulls, rejects by reason, duplicates and collisions of a declared source; never a value.",
    example: "koplamp source test vessels --config node.yaml",
    flags: [CONFIG],
  }),
];

/** How to start the two daemons. The command line imports neither. */
export function programs(): Programs {
  return { node: commandOf("@koplamp/node/main"), coordinator: commandOf("@koplamp/coordinator/main") };
}

function commandOf(main: string): readonly [string, ...string[]] {
  const file = createRequire(import.meta.url).resolve(main);
  return [process.execPath, ...(file.endsWith(".ts") ? ["--conditions=source"] : []), file];
}

function daemonCommand(
  daemon: "node" | "coordinator",
  spec: Omit<CommandSpec, "run"> & { readonly word?: string },
): CommandSpec {
  const [verb = ""] = spec.name.split(" ");
  return {
    ...spec,
    run: (session, flags, args) => {
      const given = spec.flags.flatMap(({ flag }) => passedOn(flag, flags));
      const json = session.json ? ["--json"] : [];
      return runDaemon(session, programs()[daemon], [spec.word ?? verb, ...args, ...given, ...json]);
    },
  };
}

function passedOn(flag: string, flags: Flags): readonly string[] {
  const name = /^--([a-z-]+)/.exec(flag)?.[1] ?? "";
  const value = flags.text(name);
  return value === undefined ? [] : [`--${name}`, value];
}

/** Runs a daemon in the foreground: its output is ours, an interrupt is passed on, its exit status is ours. */
async function runDaemon(
  { io }: Session,
  [program, ...first]: readonly [string, ...string[]],
  args: readonly string[],
): Promise<number> {
  const child = spawn(program, [...first, ...args], {
    cwd: io.cwd,
    env: daemonEnvironment(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.setEncoding("utf8").on("data", (text: string) => io.stdout.write(text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => io.stderr.write(text));
  const stop = io.onInterrupt(() => child.kill("SIGTERM"));
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once("error", () => reject(new UsageError(`${program} cannot be started`)));
      child.once("close", (code) => resolve(code ?? EXIT.fault));
    });
  } finally {
    stop();
  }
}
