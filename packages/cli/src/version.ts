// SPDX-License-Identifier: Apache-2.0
import { versions } from "@koplamp/sdk";
import type { CommandSpec } from "./command.ts";
import { EXIT } from "./errors.ts";
import { columns } from "./table.ts";

/** `koplamp version`: two nodes whose protocols differ compute different contracts, so this must be easy to compare. */
export const VERSION: CommandSpec = {
  name: "version",
  summary: "The version; with --full those of protocols and parameter sets.",
  example: "koplamp version --full",
  flags: [{ flag: "--full", text: "protocols and parameter sets as well" }],
  run: async (session, flags) => {
    const found = await versions();
    if (session.json) session.print(JSON.stringify(found));
    else {
      session.print(`koplamp ${found.koplamp}`);
      const protocols = Object.entries(found.protocols).map(([id, sets]) => [`  ${id}`, sets.join(", ")]);
      if (flags.has("full")) session.print(...columns([...protocols, ["  node", found.node]]));
    }
    return EXIT.done;
  },
};
