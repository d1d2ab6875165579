// SPDX-License-Identifier: Apache-2.0
// Whom a question waits for, when somebody leaves it to the nodes.
import type { InboxItem } from "@koplamp/sdk";
import { expect, test } from "vitest";
import { seenThrough } from "../src/see-through.ts";
import { openSession } from "../src/session.ts";

const ITEM = { planHash: `sha256:${"ab".repeat(32)}`, state: "waiting", expires: "2100-01-01T00:00:00Z" };

/** What is said at an interrupt, while these are still awaited. */
async function said(missing: InboxItem["missing"]): Promise<string> {
  let text = "";
  const io = {
    stdout: { write: () => {} },
    stderr: {
      write: (more: string) => {
        text += more;
      },
    },
    env: {},
    cwd: "/",
    onInterrupt: (handler: () => void) => {
      setTimeout(handler);
      return () => {};
    },
  };
  const options = { json: false, quiet: false, color: false, lang: "en", verbose: false } as const;
  const inbox = () => Promise.resolve([{ ...ITEM, missing } as InboxItem]); // what is read of it
  const left = await seenThrough(
    openSession(io, options),
    { inbox },
    () => true,
    (_progress, signal) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error()))),
  );
  expect(left).toBeUndefined();
  return text;
}

test("those who still have to decide are named, and how to come back", async () => {
  expect(await said([{ party: "kmar", roles: ["lawful", "ethical"] }])).toBe(
    "waits for kmar (lawful and ethical), until 2100-01-01T00:00:00Z\ncome back to it with: koplamp query watch abababab\n",
  );
});

test("nobody is named once all have decided", async () => {
  expect(await said([])).toBe("");
});
