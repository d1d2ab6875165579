// SPDX-License-Identifier: Apache-2.0
// Takes each measure out in turn. The test that a switch names must turn red, by an assertion and not by a crash: a
// guarantee whose test stays green without its measure is not tested.
//
//   npm run sabotage                every switch
//   npm run sabotage -- seal.off    some of them
import { type ChildProcess, fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { Switch } from "./switch.ts";
import { SWITCHES } from "./switches.ts";
import type { Outcome, Request } from "./weakened.ts";

const WEAKENED = fileURLToPath(new URL("weakened.ts", import.meta.url));

/** A process that runs switches, and the next thing that it says. */
function startWeakened(): { readonly child: ChildProcess; readonly says: () => Promise<unknown> } {
  const { NODE_COMPILE_CACHE: _, ...env } = process.env; // what is weakened leaves nothing there
  const child = fork(WEAKENED, [], { env, stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const says = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const ended = (): void => reject(new Error("the process that runs switches ended"));
      child.once("exit", ended);
      child.once("message", (told) => {
        child.off("exit", ended);
        resolve(told);
      });
    });
  return { child, says };
}

/** Why the switch is not noticed as it should be, or nothing when its test turns red by an assertion. */
function unnoticed({ ran, failed, broken }: Outcome): string | undefined {
  if (ran === 0) return `no test ran: ${broken.join(" ").slice(0, 300)}`;
  if (failed.length === 0) return `${ran} tests stayed green`;
  const asserted = failed.some((text) => /AssertionError|Property failed|instead of rejecting/.test(text));
  return asserted ? undefined : `red, but by a crash: ${failed[0]?.slice(0, 300)}`;
}

/** Runs switches until none is left. @throws when what one edited stays behind for the next. */
async function worker(left: Switch[], bad: string[]): Promise<void> {
  const { child, says } = startWeakened();
  await says();
  const outcome = async (request: Request): Promise<Outcome> => {
    child.send(request);
    return (await says()) as Outcome;
  };
  let last: string | undefined;
  for (let one = left.shift(); one !== undefined; one = left.shift()) {
    const why = unnoticed(await outcome({ id: one.id, whole: false }));
    process.stdout.write(
      `${why === undefined ? "red  " : "GREEN"}  ${one.guarantee.padEnd(3)}  ${one.id.padEnd(30)}  ${one.weak}\n`,
    );
    last = one.id;
    if (why === undefined) continue;
    process.stdout.write(`       ${why}\n`);
    bad.push(one.id);
  }
  // What was edited is forgotten: the same test is green again in the same process.
  if (last !== undefined) {
    const { ran, failed } = await outcome({ id: last, whole: true });
    if (ran === 0 || failed.length > 0) throw new Error(`${last} stays red without its edits: ${failed[0]}`);
  }
  child.disconnect();
}

const wanted = process.argv.slice(2);
const unknown = wanted.find((id) => !SWITCHES.some((one) => one.id === id));
if (unknown !== undefined) throw new Error(`expected the id of a switch, got ${unknown}`);
const left = SWITCHES.filter(({ id }) => wanted.length === 0 || wanted.includes(id));
const bad: string[] = [];
const queue = [...left];
const workers = Math.min(availableParallelism(), left.length);
await Promise.all(Array.from({ length: workers }, () => worker(queue, bad)));
process.stdout.write(`\n${left.length - bad.length} passed, ${bad.length} failed\n`);
process.exitCode = bad.length === 0 ? 0 : 1;
