// SPDX-License-Identifier: Apache-2.0
// Loaded before the program of a child process (`--import`): takes the measure of a switch out there too, when
// KOPLAMP_SWITCH names one.
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { type Edit, edited } from "./edit.ts";
import { SWITCHES } from "./switches.ts";

/** Makes these edits in the source text of a process as it is loaded, after those that were asked for before. */
export function editOnLoad(edits: readonly Edit[]): void {
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      if (!edits.some(({ file }) => url.endsWith(`/${file}`))) return loaded;
      const text = Buffer.from(loaded.source as Uint8Array).toString(); // files and earlier hooks give bytes
      return { ...loaded, source: Buffer.from(edited(fileURLToPath(url), text, edits)) };
    },
  });
}

editOnLoad(SWITCHES.find(({ id }) => id === process.env["KOPLAMP_SWITCH"])?.edits ?? []);
