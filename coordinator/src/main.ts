#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// The relay's daemon: arguments in, wiring, exit status out. The only place that ends the process.
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { faultOf, faultText } from "@koplamp/engine";
import { letHeapsGrow } from "@koplamp/pool";
import { readCoordinatorConfig } from "./config.ts";
import { StartError } from "./errors.ts";
import { openLog } from "./log.ts";
import { startDaemon } from "./start.ts";

const OPTIONS = {
  config: { type: "string", default: "coordinator.yaml" },
  json: { type: "boolean", default: false },
  "with-parent": { type: "boolean", default: false },
} as const;

/** Relays until SIGTERM or SIGINT; a second signal does not wait. */
async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  const [verb = "start"] = positionals;
  if (verb !== "start") throw new StartError("usage", `unknown command "${verb}"`, "start");
  letHeapsGrow();
  const config = await readCoordinatorConfig(resolve(values.config));
  const log = openLog(config.log.level);
  const stopped = Promise.withResolvers<void>();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      stopped.resolve();
      process.once(signal, () => process.exit(130));
    });
  }
  if (values["with-parent"]) process.stdin.once("end", () => stopped.resolve()).resume(); // whoever started us is gone
  const relay = await startDaemon(config, log);
  log({ event: "ready", party: "coordinator", address: relay.address });
  await stopped.promise;
  process.stdin.destroy(); // an open pipe would keep the process alive
  log({ event: "stopping", party: "coordinator" });
  await relay.close();
  log({ event: "stopped", party: "coordinator" });
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (reason) {
  const fault = faultOf(reason);
  process.stderr.write(`${faultText(fault)}\n`);
  process.exitCode = fault.exit;
}
