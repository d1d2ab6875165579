// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { AGENCY_ROLES } from "@koplamp/covenant";
import type { InboxQuestion } from "@koplamp/engine";
import type { PartyId } from "@koplamp/protocol";
import type { NodeClient } from "./client.ts";
import { DemoError } from "./demo-error.ts";
import { type PersonDecision, signDecisionOf } from "./person.ts";

const PATIENCE_MS = 30_000;
const LOOK_MS = 50;

/** The two people of one agency, with keys that its node has not. They decide as `koplamp approve` and `refuse` do. */
export class DemoPeople {
  readonly party: PartyId;
  readonly #client: NodeClient;
  readonly #folder: string;

  constructor(party: PartyId, client: NodeClient, folder: string) {
    this.party = party;
    this.#client = client;
    this.#folder = folder;
  }

  /** Both approve the next question that waits. */
  async approve(): Promise<void> {
    const question = await this.#next();
    for (const role of AGENCY_ROLES) {
      const considered = [{ question: `${role}.demo`, answer: { en: "Read, and agreed to" } }];
      await this.#decide(question, { role, decision: "approve", considered, reason: null });
    }
  }

  /** The ethical one refuses it. */
  async refuse(reason: string): Promise<void> {
    const question = await this.#next();
    await this.#decide(question, {
      role: "ethical",
      decision: "refuse",
      considered: [],
      reason: { en: reason },
    });
  }

  #decide(question: InboxQuestion, decided: PersonDecision): Promise<void> {
    return this.#client.decide(signDecisionOf(question, decided, join(this.#folder, `${decided.role}.key`)));
  }

  async #next(): Promise<InboxQuestion> {
    for (const until = Date.now() + PATIENCE_MS; Date.now() < until; ) {
      const items = await this.#client.inbox();
      const asked = items.find(({ missing }) => missing.some(({ party }) => party === this.party));
      if (asked !== undefined) return await this.#client.question(asked.planHash);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    throw new DemoError(`no question came to the people of ${this.party} within ${PATIENCE_MS / 1000} s`);
  }
}
