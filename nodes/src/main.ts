#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// The agency's daemon: arguments in, wiring, exit status out. The only place that ends the process.
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { type DaemonEvent, faultOf, faultText } from "@koplamp/engine";
import { letHeapsGrow } from "@koplamp/pool";
import { type NodeConfig, readNodeConfig } from "./config.ts";
import { examine } from "./doctor.ts";
import { StartError } from "./errors.ts";
import { initNode } from "./init.ts";
import { openLog } from "./log.ts";
import { testSource } from "./source-test.ts";
import { type RunningNode, startDaemon } from "./start.ts";

const OPTIONS = {
  config: { type: "string", default: "node.yaml" },
  party: { type: "string" },
  name: { type: "string" },
  federation: { type: "string" },
  out: { type: "string" },
  json: { type: "boolean", default: false },
  "with-parent": { type: "boolean", default: false },
} as const;

/** How long questions that run may take when the node is asked to stop. */
const DRAIN_MS = 20_000;

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  const [verb = "start", name = ""] = positionals;
  const config = resolve(values.config);
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  if (verb === "start") return await serve(config, values["with-parent"]);
  if (verb === "doctor") return await examine(config, { json: values.json, print });
  if (verb === "init") return await initNode(values, print);
  if (verb === "source-test") return await testSource(config, name, { json: values.json, print });
  throw new StartError("usage", `unknown command "${verb}"`, "start, doctor, init, source-test NAME");
}

/** Serves until SIGTERM or SIGINT; a second signal does not wait. */
async function serve(file: string, withParent: boolean): Promise<number> {
  letHeapsGrow();
  const config = await readNodeConfig(file);
  const log = openLog(config.log.level);
  const stopped = Promise.withResolvers<number>();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      stopped.resolve(DRAIN_MS);
      process.once(signal, () => process.exit(130));
    });
  }
  if (withParent) process.stdin.once("end", () => stopped.resolve(0)).resume(); // whoever started us is gone
  const node = await startDaemon(config, log);
  log({ event: "ready", party: config.party, address: node.address });
  process.on("SIGHUP", () => reload(node, config, log));
  const drainMs = await stopped.promise;
  process.stdin.destroy(); // an open pipe would keep the process alive
  log({ event: "stopping", party: config.party });
  await node.close(drainMs);
  log({ event: "stopped", party: config.party });
  return 0;
}

/** As `koplamp policy reload`, for a service manager: what does not hold is said, and what was in force stays. */
function reload(node: RunningNode, { party }: NodeConfig, log: (event: DaemonEvent) => void): void {
  try {
    node.reloadPolicy();
  } catch (reason) {
    log({ event: "policy.failed", party, code: "policy" });
    process.stderr.write(`${faultText(faultOf(reason))}\n`);
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (reason) {
  const fault = faultOf(reason);
  process.stderr.write(`${faultText(fault)}\n`);
  process.exitCode = fault.exit;
}
