// SPDX-License-Identifier: Apache-2.0
// The jobs of a sum by hand, step by step: what a coalition could do with what it holds.
import { groupSecretHandle, type Primitives } from "@koplamp/crypto";
import { addPolynomials, type Ciphertext, decodeCiphertext, type HeBackend, type Slots } from "@koplamp/he";
import { type Job, type JobTable, MemoryVault, type PartyId, runJob } from "@koplamp/protocol";
import { utf8 } from "@koplamp/wire";
import {
  addKeyShare,
  addSeconds,
  CHECKS_USE,
  contribute,
  type Measures,
  makeKeyShare,
  makeRecipientKey,
  openBlock,
  releaseShare,
  sumJobs,
} from "../src/sum-jobs.ts";

/** Contributors and one recipient, one block, all honest until a test says otherwise. */
export class Workbench {
  readonly he: HeBackend;
  readonly contributors: readonly PartyId[];
  readonly transcript: Uint8Array;
  readonly ciphertexts = new Map<PartyId, Ciphertext>();
  readonly #primitives: Primitives;
  readonly #jobs: JobTable;
  readonly #vaults = new Map<PartyId, MemoryVault>();
  readonly #recipientKey: Uint8Array;

  constructor(
    he: HeBackend,
    primitives: Primitives,
    values: Readonly<Record<PartyId, readonly number[]>>,
    measures?: Measures,
  ) {
    this.he = he;
    this.#primitives = primitives;
    this.#jobs = new Map(sumJobs({ he, primitives }, measures));
    this.contributors = Object.keys(values).sort();
    this.transcript = primitives.sha256(utf8("workbench"));
    const shares = this.contributors.map((party) => this.run(party, makeKeyShare, this.transcript));
    this.#recipientKey = this.run("r", makeRecipientKey, this.transcript, "r");
    for (const me of this.contributors) {
      for (const share of shares) this.run(me, addKeyShare, share.slice());
      const of = { transcript: this.transcript, contributors: this.contributors, me, block: 0 };
      const { frame } = this.run(me, contribute, of, Float64Array.from(values[me] ?? []));
      this.ciphertexts.set(me, decodeCiphertext(he.set, frame));
    }
  }

  run<Args extends readonly unknown[], Value>(party: PartyId, job: Job<Args, Value>, ...args: Args): Value {
    return runJob(this.#jobs, this.vault(party), job.name, args) as Value;
  }

  vault(party: PartyId): MemoryVault {
    const found = this.#vaults.get(party);
    if (found !== undefined) return found;
    const pair = (peer: PartyId): Uint8Array => this.#primitives.sha256(utf8([party, peer].sort().join("|")));
    const vault = new MemoryVault({
      [groupSecretHandle(CHECKS_USE)]: this.#primitives.sha256(utf8("group")),
      ...Object.fromEntries(this.contributors.map((peer) => [`exporter/${peer}`, pair(peer)])),
    });
    this.#vaults.set(party, vault);
    return vault;
  }

  of(party: PartyId): Ciphertext {
    const found = this.ciphertexts.get(party);
    if (found === undefined) throw new Error(`no ciphertext of ${party}`);
    return found;
  }

  /** The others' c1, with the hashes that were committed to unless a test gives its own. */
  addSeconds(party: PartyId, committed: ReadonlyMap<PartyId, Ciphertext> = this.ciphertexts): boolean {
    this.vault(party).put("sum/c1/0", this.of(party).c1.slice()); // who hands in something else adds that itself
    const others = this.contributors.filter((other) => other !== party);
    const hashes = others.map((other) =>
      this.#primitives.sha256(committed.get(other)?.c1 ?? new Uint8Array()),
    );
    return this.run(
      party,
      addSeconds,
      0,
      others.map((other) => this.of(other).c1),
      hashes,
    );
  }

  /** A frame with the share of a contributor that has added. */
  share(party: PartyId): Uint8Array {
    const seed = this.#primitives.sha256(utf8(`seed of ${party}`));
    return this.run(party, releaseShare, 0, this.transcript, "r", this.#recipientKey, seed);
  }

  /** All shares over whatever the ciphertexts are by now. */
  allShares(): readonly Uint8Array[] {
    for (const party of this.contributors) if (!this.addSeconds(party)) throw new Error("refused");
    return this.contributors.map((party) => this.share(party));
  }

  firsts(parties: readonly PartyId[] = this.contributors): Uint8Array {
    return parties.map((party) => this.of(party).c0).reduce((a, b) => addPolynomials(this.he.set.data, a, b));
  }

  open(c0: Uint8Array, shares: readonly Uint8Array[], cells: number): Float64Array | undefined {
    const of = { transcript: this.transcript, contributors: this.contributors, block: 0 };
    return this.run("r", openBlock, of, c0, shares, cells);
  }

  /** What a recipient reads that does not care for checks. */
  peek(c0: Uint8Array, shares: readonly Uint8Array[]): Slots {
    const { data } = this.he.set;
    const parts = shares.map((frame) => decodeCiphertext(this.he.set, frame));
    const all = parts.reduce((a, b) => ({
      c0: addPolynomials(data, a.c0, b.c0),
      c1: addPolynomials(data, a.c1, b.c1),
    }));
    const key = this.vault("r").get("sum/own-key");
    return this.he.decrypt(key, { c0: addPolynomials(data, c0, all.c0), c1: all.c1 });
  }
}

/** `2^doublings` times a ciphertext. */
export function amplified(he: HeBackend, { c0, c1 }: Ciphertext, doublings: number): Ciphertext {
  const { data } = he.set;
  let scaled = { c0, c1 };
  for (let at = 0; at < doublings; at += 1) {
    scaled = {
      c0: addPolynomials(data, scaled.c0, scaled.c0),
      c1: addPolynomials(data, scaled.c1, scaled.c1),
    };
  }
  return scaled;
}
