// SPDX-License-Identifier: Apache-2.0
import type { DisclosureLine, PartyId, Sealed } from "@koplamp/protocol";
import type { Contract, Hash } from "@koplamp/wire";
import { EngineError } from "./errors.ts";

/** A line of the contract as the gate reads it. */
export type Line = Omit<DisclosureLine, "via"> & { readonly via: "coordinator" | null };

/** Which part of a contract one session may use. */
export interface LineChoice {
  /** The session's lines: a query session and each evaluation have their own. */
  readonly belongs: (line: Line) => boolean;
  /** What the session's message types are called in the contract: `evaluate.`, or nothing. */
  readonly prefix: string;
}

/**
 * The lines of a contract that one session may use. A line is taken once; what the contract does not list, or lists
 * for another release, is refused.
 */
export class ContractLines {
  readonly contractHash: Hash;
  readonly #me: PartyId;
  readonly #contract: Contract;
  readonly #prefix: string;
  readonly #lines: readonly Line[];
  readonly #taken = new Set<string>();

  constructor(me: PartyId, contract: Contract, contractHash: Hash, { belongs, prefix }: LineChoice) {
    this.#me = me;
    this.#contract = contract;
    this.#prefix = prefix;
    this.contractHash = contractHash;
    this.#lines = contract.disclosures.filter(belongs);
  }

  /** @throws {EngineError} `integrity` for a line that the contract lacks or that was used already. */
  take(sealed: Sealed, release: number): Line {
    const line = this.#lines.find(({ id, from }) => id === sealed.output && from === this.#me);
    const target = line?.via ?? line?.to;
    if (line === undefined || target !== sealed.to || line.release !== release || this.#taken.has(line.id)) {
      throw new EngineError(
        "integrity",
        this.#me,
        `the contract has no unused line "${sealed.output}" to ${sealed.to} in release ${release}`,
        "this is a fault in Koplamp: nothing was sent",
      );
    }
    this.#taken.add(line.id);
    return line;
  }

  /** The numbers of this node's own releases, in order: its first one may come after another node's. */
  ownReleases(): readonly number[] {
    const own = this.#lines.filter(({ from }) => from === this.#me).map(({ release }) => release);
    return [...new Set(own)].sort((a, b) => a - b);
  }

  /** The parties that disclose in a release, in id order. */
  disclosers(release: number): readonly PartyId[] {
    return [
      ...new Set(this.#lines.filter((line) => line.release === release).map(({ from }) => from)),
    ].sort();
  }

  /** The lines by which `from` discloses in a release. */
  of(from: PartyId, release: number): readonly Line[] {
    return this.#lines.filter((line) => line.from === from && line.release === release);
  }

  /** The parties that become able to learn what a line discloses, whichever way it goes. */
  recipientsOf({ to, output }: Line): readonly PartyId[] {
    if (to !== "coordinator") return [to];
    return this.#contract.outputs.filter(({ id }) => id === output).map((row) => row.to);
  }

  /** The lines of others by which this node learns something, directly or through the coordinator. */
  towardsMe(): readonly Line[] {
    return this.#lines.filter((line) => line.from !== this.#me && this.recipientsOf(line).includes(this.#me));
  }

  /** Whether messages of this type from `from` to this node are disclosures. */
  isDisclosed(from: PartyId, type: string): boolean {
    return this.#contract.egress.some(
      (row) =>
        row.from === from &&
        row.to === this.#me &&
        row.channel === "disclose" &&
        row.what === `${this.#prefix}${type}`,
    );
  }
}
