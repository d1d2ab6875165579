// SPDX-License-Identifier: Apache-2.0
import type { DisclosureLine, PartyId, Sealed } from "@koplamp/protocol";
import type { Contract, Hash } from "@koplamp/wire";
import { EngineError } from "./errors.ts";

/** Messages of one type that have left for one party, counted by the channel. */
export interface EgressCount {
  readonly to: PartyId;
  readonly channel: "send" | "disclose";
  readonly what: string;
  readonly messages: number;
  readonly bytes: number;
}

type Line = Omit<DisclosureLine, "via"> & { readonly via: "coordinator" | null };

/**
 * The lines of a contract that one session may use. A line is taken once; what the contract does not list, or lists
 * for another release, is refused.
 */
export class ContractLines {
  readonly contractHash: Hash;
  readonly #me: PartyId;
  readonly #lines: readonly Line[];
  readonly #taken = new Set<string>();

  /** `belongs` picks the session's lines: a query session and each evaluation have their own. */
  constructor(me: PartyId, contract: Contract, contractHash: Hash, belongs: (line: Line) => boolean) {
    this.#me = me;
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

  /** The parties that disclose in a release, in id order. */
  disclosers(release: number): readonly PartyId[] {
    return [...new Set(this.#lines.filter((line) => line.release === release).map(({ from }) => from))].sort();
  }

  /** The lines by which `from` discloses in a release. */
  of(from: PartyId, release: number): readonly Line[] {
    return this.#lines.filter((line) => line.from === from && line.release === release);
  }

  /** Whether a message of `from` to `to` is a disclosure of this session. */
  discloses(from: PartyId, to: PartyId): boolean {
    return this.releaseOf(from, to) !== undefined;
  }

  /** The release in which `from` discloses to `to`, if it does. */
  releaseOf(from: PartyId, to: PartyId): number | undefined {
    return this.#lines.find((line) => line.from === from && (line.via ?? line.to) === to)?.release;
  }
}

/**
 * Compares what has left with what the contract lists. Rows of evaluations and of the key ceremony are upper bounds,
 * since a node evaluates only what it has not evaluated before.
 * @throws {EngineError} `integrity` when one message or one byte more has left than listed.
 */
export function checkEgress(me: PartyId, contract: Contract, counted: readonly EgressCount[], prefix: string): void {
  for (const row of counted.filter(({ what }) => what !== "confirm")) {
    const listed = contract.egress.find(
      ({ from, to, channel, what }) =>
        from === me && to === row.to && channel === row.channel && what === `${prefix}${row.what}`,
    );
    if (listed !== undefined && row.messages <= listed.messages && row.bytes <= listed.bytes) continue;
    throw new EngineError(
      "integrity",
      me,
      `more ${prefix}${row.what} left for ${row.to} than the contract lists (${row.messages} messages, ${row.bytes} bytes)`,
      "this is a fault in Koplamp: nothing was disclosed",
    );
  }
}
