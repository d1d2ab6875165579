// SPDX-License-Identifier: Apache-2.0
// The jobs of a hub by hand, step by step: what a coalition could do with what it holds.
import { groupSecretHandle, type Primitives } from "@koplamp/crypto";
import {
  addPolynomials,
  type Ciphertext,
  decodeCiphertext,
  type HeBackend,
  type PackedPolynomial,
  type Slots,
} from "@koplamp/he";
import { type Job, type JobTable, MemoryVault, type PartyId, runJob } from "@koplamp/protocol";
import { utf8 } from "@koplamp/wire";
import {
  accumulateChunk,
  encryptSelection,
  type HubMeasures,
  hubJobs,
  sealBlock,
  showCollectiveKey,
  takeCollectiveKey,
} from "../src/join-hub-jobs.ts";
import { geometryOf } from "../src/join-hub-layout.ts";
import {
  addKeyShare,
  addSeconds,
  makeKeyShare,
  makeRecipientKey,
  releaseShare,
  sumJobs,
} from "../src/sum-jobs.ts";

const PARTIES: readonly PartyId[] = ["alice", "oscar", "victim"];

/** The victim's numbers in one chunk of one group, of which the coordinator selects some; the others bring masks. */
export class HubBench {
  readonly he: HeBackend;
  /** What the coordinator sent the victim, and what that made of it. */
  readonly selection: Ciphertext;
  readonly sealed: Ciphertext;
  readonly #primitives: Primitives;
  readonly #jobs: JobTable;
  readonly #vaults = new Map<PartyId, MemoryVault>();
  readonly #all = new Map<PartyId, Ciphertext>();
  readonly #recipientKey: Uint8Array;
  readonly #transcript: Uint8Array;

  constructor(
    he: HeBackend,
    primitives: Primitives,
    numbers: Slots,
    selected: Slots,
    measures?: HubMeasures,
  ) {
    this.he = he;
    this.#primitives = primitives;
    this.#transcript = primitives.sha256(utf8("workbench"));
    this.#jobs = new Map([...sumJobs({ he, primitives }), ...hubJobs({ he, primitives }, measures)]);
    const transcript = this.#transcript;
    const shares = PARTIES.map((party) => this.run(party, makeKeyShare, transcript));
    this.#recipientKey = this.run("r", makeRecipientKey, transcript, "r");
    for (const me of PARTIES) for (const share of shares) this.run(me, addKeyShare, share.slice());
    this.run("coordinator", takeCollectiveKey, this.run("victim", showCollectiveKey));
    const of = { transcript, party: "victim", chunk: 0 };
    const frame = this.run("coordinator", encryptSelection, of, selected, primitives.sha256(utf8("seed")));
    this.selection = decodeCiphertext(he.set, frame, "ntt");
    if (!this.run("victim", accumulateChunk, frame, [numbers])) throw new Error("refused");
    const geometry = geometryOf(he.set, 1);
    for (const me of PARTIES) {
      const block = { transcript, contributors: PARTIES, me, block: 0 };
      const seed = primitives.sha256(utf8(`seal of ${me}`));
      const sealed = this.run(me, sealBlock, block, me === "victim" ? geometry : undefined, undefined, seed);
      this.#all.set(me, decodeCiphertext(he.set, sealed.frame));
    }
    this.sealed = this.#of("victim");
  }

  run<Args extends readonly unknown[], Value>(party: PartyId, job: Job<Args, Value>, ...args: Args): Value {
    return runJob(this.#jobs, this.vault(party), job.name, args) as Value;
  }

  vault(party: PartyId): MemoryVault {
    const found = this.#vaults.get(party);
    if (found !== undefined) return found;
    const pair = (peer: PartyId): Uint8Array => this.#primitives.sha256(utf8([party, peer].sort().join("|")));
    const exporters = PARTIES.map((peer) => [`exporter/${peer}`, pair(peer)]);
    const vault = new MemoryVault({
      [groupSecretHandle("unused")]: new Uint8Array(32),
      ...Object.fromEntries(exporters),
    });
    this.#vaults.set(party, vault);
    return vault;
  }

  #of(party: PartyId): Ciphertext {
    const found = this.#all.get(party);
    if (found === undefined) throw new Error(`no ciphertext of ${party}`);
    return found;
  }

  /** The collective secret, which exists nowhere: all three shares of it. */
  secret(): PackedPolynomial {
    const { key } = this.he.set;
    return PARTIES.map((party) => this.vault(party).get("sum/secret")).reduce((a, b) =>
      addPolynomials(key, a, b),
    );
  }

  /** What the recipient reads that does not care for checks, with the shares of these parties. */
  peek(parties: readonly PartyId[] = PARTIES): Slots {
    const { data } = this.he.set;
    const c0 = PARTIES.map((party) => this.#of(party).c0).reduce((a, b) => addPolynomials(data, a, b));
    const parts = parties.map((party) => decodeCiphertext(this.he.set, this.#share(party)));
    const all = parts.reduce((a, b) => ({
      c0: addPolynomials(data, a.c0, b.c0),
      c1: addPolynomials(data, a.c1, b.c1),
    }));
    return this.he.decrypt(this.vault("r").get("sum/own-key"), {
      c0: addPolynomials(data, c0, all.c0),
      c1: all.c1,
    });
  }

  #share(party: PartyId): Uint8Array {
    const others = PARTIES.filter((other) => other !== party).map((other) => this.#of(other).c1);
    if (
      !this.run(
        party,
        addSeconds,
        0,
        others,
        others.map((c1) => this.#primitives.sha256(c1)),
      )
    )
      throw new Error("refused");
    const seed = this.#primitives.sha256(utf8(`share of ${party}`));
    return this.run(party, releaseShare, 0, this.#transcript, "r", this.#recipientKey, seed);
  }
}
