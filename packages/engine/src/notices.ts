// SPDX-License-Identifier: Apache-2.0
import type { PartyId, Sealed } from "@koplamp/protocol";
import { type Entry, hex } from "@koplamp/wire";
import type { ContractLines } from "./contract-lines.ts";
import { EngineError } from "./errors.ts";
import type { NodeLedger } from "./ledger.ts";
import { decodeMessage, encodeMessage, noticeForm } from "./messages.ts";
import type { GateLink } from "./ports.ts";

/** What the notices of one session need. */
export interface NoticeParts {
  readonly me: PartyId;
  readonly session: string;
  readonly lines: ContractLines;
  readonly ledger: NodeLedger;
  readonly link: GateLink;
}

/**
 * The `logged` notices of one session: each disclosing node shows the others, and its recipients, the leaves and
 * proofs of a release before the release leaves (evidence.md, section 7).
 */
export class Notices {
  readonly #parts: NoticeParts;
  readonly #verified = new Map<string, Promise<readonly Entry[]>>();

  constructor(parts: NoticeParts) {
    this.#parts = parts;
  }

  /** Sends ours and waits until those of all other disclosing nodes of the release are here and verified. */
  async exchange(
    release: number,
    indices: readonly number[],
    proofs: readonly Uint8Array[],
    held: readonly Sealed[],
  ): Promise<void> {
    const { me, lines, ledger, link } = this.#parts;
    const others = lines.disclosers(release).filter((party) => party !== me);
    const recipients = held.map(({ to }) => to).filter((to) => to !== "coordinator");
    const body = encodeMessage({ release, leaves: indices.map((index) => ledger.leaf(index)), proofs });
    await Promise.all([...new Set([...others, ...recipients])].map((to) => link.send(to, body)));
    await Promise.all(others.map((party) => this.of(party, release)));
  }

  /** The verified entries of one release of `from`. Notices come in order of release, one reader a peer. */
  of(from: PartyId, release: number): Promise<readonly Entry[]> {
    const name = `${from}/${release}`;
    const found = this.#verified.get(name);
    if (found !== undefined) return found;
    const before = release > 0 && this.#parts.lines.of(from, release - 1).length > 0 ? this.of(from, release - 1) : undefined;
    const next = (before ?? Promise.resolve()).then(() => this.#read(from, release));
    this.#verified.set(name, next);
    return next;
  }

  /**
   * Refuses disclosed bytes that come without leaf and proof: `frame` must stand in an entry that `from` has logged
   * and the quorum has cosigned.
   */
  async requireLogged(from: PartyId, frame: Uint8Array): Promise<void> {
    const { me, lines } = this.#parts;
    const release = lines.releaseOf(from, me);
    const entries = release === undefined ? [] : await this.of(from, release);
    if (entries.some(({ body }) => body["frame"] === `sha256:${hex(frame)}`)) return;
    throw new EngineError(
      "integrity",
      from,
      `${from} disclosed bytes that its ledger does not account for`,
      "the result is not used; compare the ledgers of both parties",
    );
  }

  async #read(from: PartyId, release: number): Promise<readonly Entry[]> {
    const { session, lines, ledger, link } = this.#parts;
    const notice = decodeMessage(noticeForm, from, await link.receive(from));
    const entries = notice.leaves.map((leaf, at) => ledger.verify(from, leaf, notice.proofs[at] ?? new Uint8Array()));
    const named = new Set(entries.map(({ body }) => (body["session"] === session ? body["disclosure"] : undefined)));
    if (notice.release === release && lines.of(from, release).every(({ id }) => named.has(id))) return entries;
    throw new EngineError(
      "integrity",
      from,
      `${from} did not show that it logged release ${release} of this session`,
      "nothing was opened here",
    );
  }
}
