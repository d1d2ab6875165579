// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import { type Entry, type Hash, hex } from "@koplamp/wire";
import type { ContractLines } from "./contract-lines.ts";
import { EngineError } from "./errors.ts";
import type { NodeLedger } from "./ledger.ts";
import { decodeMessage, encodeMessage, noticeForm } from "./messages.ts";
import type { GateLink } from "./ports.ts";

/** What the notices of one session need. */
export interface NoticeParts {
  readonly me: PartyId;
  readonly session: string;
  readonly planHash: Hash;
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
  async exchange(release: number, indices: readonly number[], proofs: readonly Uint8Array[]): Promise<void> {
    const { me, lines, ledger, link } = this.#parts;
    const disclosers = lines.disclosers(release);
    const recipients = lines.of(me, release).flatMap((line) => lines.recipientsOf(line));
    const others = [...new Set([...disclosers, ...recipients])].filter((party) => party !== me);
    const body = encodeMessage({ release, leaves: indices.map((index) => ledger.leaf(index)), proofs });
    await Promise.all([
      ...others.map((to) => link.send(to, body)),
      ...disclosers.filter((party) => party !== me).map((party) => this.#of(party, release)),
    ]);
  }

  /**
   * Refuses disclosed bytes that come without leaf and proof: `frame` must stand in an entry that `from` has logged
   * and the quorum has cosigned. Gives the line that the entry names.
   * @throws {EngineError} `integrity`.
   */
  async requireLogged(from: PartyId, frame: Uint8Array): Promise<string> {
    const { me, lines } = this.#parts;
    const own = lines.towardsMe().filter((line) => line.from === from && line.to === me);
    for (const release of [...new Set(own.map((line) => line.release))].sort((a, b) => a - b)) {
      const entries = await this.#of(from, release);
      const entry = entries.find(({ body }) => body["frame"] === `sha256:${hex(frame)}`);
      const line = own.find(({ id }) => id === entry?.body["disclosure"]);
      if (line !== undefined) return line.id;
    }
    throw new EngineError(
      "integrity",
      from,
      `${from} disclosed bytes that its ledger does not account for`,
      "the result is not used; compare the ledgers of both parties",
    );
  }

  /** Waits for the proofs of every line by which this node learns something, also through the coordinator. */
  async requireAll(): Promise<void> {
    await Promise.all(this.#parts.lines.towardsMe().map((line) => this.#of(line.from, line.release)));
  }

  /** The verified entries of one release of `from`. Notices come in order of release, one reader a peer. */
  #of(from: PartyId, release: number): Promise<readonly Entry[]> {
    const name = `${from}/${release}`;
    const found = this.#verified.get(name);
    if (found !== undefined) return found;
    const earlier = Array.from({ length: release }, (_, at) => at).findLast((at) => this.#shows(from, at));
    const before = earlier === undefined ? Promise.resolve() : this.#of(from, earlier);
    const next = before.then(() => this.#read(from, release));
    this.#verified.set(name, next);
    return next;
  }

  /** Whether `from` sends this node a notice of its release. */
  #shows(from: PartyId, release: number): boolean {
    const { me, lines } = this.#parts;
    const own = lines.of(from, release);
    return (
      own.length > 0 &&
      [...lines.disclosers(release), ...own.flatMap((line) => lines.recipientsOf(line))].includes(me)
    );
  }

  async #read(from: PartyId, release: number): Promise<readonly Entry[]> {
    const { session, planHash, lines, ledger, link } = this.#parts;
    const notice = decodeMessage(noticeForm, from, await link.receive(from));
    const entries = notice.leaves.map((leaf, at) =>
      ledger.verify(from, leaf, notice.proofs[at] ?? new Uint8Array()),
    );
    const named = new Set(
      entries
        .filter((entry) => entry.planHash === planHash && entry.body["session"] === session)
        .map(({ body }) => body["disclosure"]),
    );
    if (notice.release === release && lines.of(from, release).every(({ id }) => named.has(id)))
      return entries;
    throw new EngineError(
      "integrity",
      from,
      `${from} did not show that it logged release ${release} of this session`,
      "nothing was opened here",
    );
  }
}
