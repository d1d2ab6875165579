// SPDX-License-Identifier: Apache-2.0
import type { AnswerResult, InboxItem, NodeClient, Outcome } from "@koplamp/sdk";
import type { Step } from "./progress.ts";
import type { Session } from "./session.ts";

/** After this long a wait for people is said in a line that stays. */
const PATIENCE_MS = 3_000;

type Follow = (progress: (step: Step) => void, signal: AbortSignal) => Promise<Outcome<AnswerResult>>;

/**
 * Sees a question through to its end: lanes while it runs, and a line about whom it waits for once that takes long.
 * An interrupt leaves the question to the nodes, says how to come back to it, and gives undefined.
 */
export async function seenThrough(
  session: Session,
  client: Pick<NodeClient, "inbox">,
  isOurs: (item: InboxItem) => boolean,
  follow: Follow,
): Promise<Outcome<AnswerResult> | undefined> {
  const stop = new AbortController();
  const listening = session.io.onInterrupt(() => stop.abort());
  const said = setTimeout(() => void sayWho(session, client, isOurs), PATIENCE_MS);
  try {
    return await follow((step) => {
      session.lanes.show(step);
      if (step.phase === "open") void sayOpen(session, client, isOurs);
    }, stop.signal);
  } catch (reason) {
    if (!stop.signal.aborted) throw reason;
    session.lanes.clear();
    await sayWho(session, client, isOurs);
    return undefined;
  } finally {
    clearTimeout(said);
    listening();
    session.lanes.clear();
  }
}

/** An open look-up takes questions from now on. */
async function sayOpen(
  session: Session,
  client: Pick<NodeClient, "inbox">,
  isOurs: (item: InboxItem) => boolean,
): Promise<void> {
  const found = (await client.inbox().catch(() => [])).find(isOurs);
  if (found === undefined) return; // it is over already
  const plan = found.planHash.slice(7, 15);
  session.lanes.clear();
  session.note(
    `open for questions: koplamp query ask ${plan} VALUE …`,
    `                    koplamp query end ${plan} ends it; the day (UTC) does too`,
  );
}

async function sayWho(
  session: Session,
  client: Pick<NodeClient, "inbox">,
  isOurs: (item: InboxItem) => boolean,
): Promise<void> {
  const items = await client.inbox().catch(() => []); // the node itself tells what is wrong with it
  const waiting = items.filter((item) => item.state === "waiting" && item.missing.length > 0 && isOurs(item));
  for (const { missing, expires, planHash } of waiting) {
    const who = missing.map(({ party, roles }) => `${party} (${roles.join(" and ")})`);
    session.lanes.clear();
    session.note(
      `waits for ${who.join(", ")}, until ${expires}`,
      `come back to it with: koplamp query watch ${planHash.slice(7, 15)}`,
    );
  }
}
