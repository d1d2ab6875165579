// SPDX-License-Identifier: Apache-2.0
// The jobs of a join of two by hand: what an owner who keeps everything could make of what it gets back.
import type { Primitives } from "@koplamp/crypto";
import {
  addPolynomials,
  type Ciphertext,
  decodeCiphertext,
  decodeSeeded,
  encodeSeeded,
  type HeBackend,
  type PackedPolynomial,
  polynomialBytes,
  type Slots,
  seededUniform,
} from "@koplamp/he";
import { type Job, type JobTable, MemoryVault, type PartyId, runJob } from "@koplamp/protocol";
import { SLOT_GROUPS, SLOT_ROWS } from "@koplamp/psi";
import { utf8 } from "@koplamp/wire";
import {
  addChunk,
  hideTotal,
  type JoinMeasures,
  joinPairJobs,
  makeJoinKey,
  openTotal,
  sealChunk,
  takeJoinKey,
} from "../src/join-pair-jobs.ts";

/** The owner of one chunk of values, a row in each slot in order, and the one who selects of them. */
export class JoinBench {
  readonly he: HeBackend;
  /** What the owner sent: its frame, and in full. */
  frame: Uint8Array;
  readonly #primitives: Primitives;
  readonly #jobs: JobTable;
  readonly #vaults: Readonly<Record<PartyId, MemoryVault>>;

  constructor(
    he: HeBackend,
    primitives: Primitives,
    values: Slots,
    selected: Slots,
    measures?: JoinMeasures,
  ) {
    this.he = he.forSet("bfv-join-46-pq");
    this.#primitives = primitives;
    this.#jobs = new Map(joinPairJobs({ he, primitives }, measures));
    const bytesOf = (numbers: Int32Array | Uint32Array): Uint8Array => new Uint8Array(numbers.slice().buffer);
    this.#vaults = {
      owner: new MemoryVault({ [SLOT_ROWS]: bytesOf(Uint32Array.from(values, (_, slot) => slot)) }),
      selector: new MemoryVault({ [SLOT_GROUPS]: bytesOf(Int32Array.from(selected, (one) => one - 1)) }),
    };
    const transcript = primitives.sha256(utf8("bench"));
    this.run(
      "selector",
      takeJoinKey,
      transcript,
      "owner",
      this.run("owner", makeJoinKey, transcript, "owner"),
    );
    this.frame = this.run("owner", sealChunk, 0, values, undefined, primitives.sha256(utf8("c1")));
  }

  run<Args extends readonly unknown[], Value>(party: PartyId, job: Job<Args, Value>, ...args: Args): Value {
    const vault = this.#vaults[party] ?? new MemoryVault();
    return runJob(this.#jobs, vault, job.name, args) as Value;
  }

  /** What comes back for the only group. */
  reply(open = true, seed = "seed"): Uint8Array {
    if (!this.run("selector", addChunk, 0, 1, 0, [this.frame])) throw new Error("refused");
    return this.run("selector", hideTotal, 0, 0, open, this.#primitives.sha256(utf8(seed)));
  }

  total(reply: Uint8Array): number | undefined {
    return this.run("owner", openTotal, reply);
  }

  /** Every slot of a reply. */
  slots(reply: Uint8Array): Slots {
    return this.he.decrypt(this.secret, decodeCiphertext(this.he.set, reply));
  }

  get secret(): Uint8Array {
    return this.#vaults["owner"]?.get("join/secret") ?? new Uint8Array();
  }

  /** What the owner sent, in full. */
  get sent(): Ciphertext {
    const { seed, c0 } = decodeSeeded(this.he.set, this.frame);
    return { c0, c1: seededUniform(this.#primitives, this.he.set.data, seed) };
  }

  /** An owner that sends another c0 under the same seed. */
  replace(c0: PackedPolynomial): void {
    const { seed } = decodeSeeded(this.he.set, this.frame);
    this.frame = encodeSeeded(this.he.set, { seed, c0 });
  }

  /** A polynomial in coefficient form, in NTT form: the error of an encryption under a key of zeros. */
  toNtt(polynomial: PackedPolynomial): PackedPolynomial {
    const { data, key, slots } = this.he.set;
    const zeros = new Uint8Array(polynomialBytes(key));
    const one = ones(polynomialBytes(data));
    const randomness = { u: one, e0: one, e1: polynomial };
    return this.he.encryptWith({ b: zeros, a: zeros }, new Float64Array(slots), randomness).c1;
  }

  /** c0 + c1·s, in coefficient form. */
  withSecret({ c0, c1 }: Ciphertext): PackedPolynomial {
    return addPolynomials(this.he.set.data, c0, this.he.timesSecret(c1, this.secret));
  }

  /** The coefficients of slots as a factor, in (-t/2, t/2). */
  coefficients(slots: Slots): bigint[] {
    const factor = this.he.factor(slots);
    return this.integers(this.he.fromNtt({ c0: factor, c1: factor }).c0);
  }

  /** t times what a ciphertext in coefficient form is off Q/t times its message, coefficient by coefficient. */
  errors(ciphertext: Ciphertext): bigint[] {
    const { data, t } = this.he.set;
    const message = this.coefficients(this.he.decrypt(this.secret, ciphertext));
    const q = data.primes.reduce((all, prime) => all * BigInt(prime), 1n);
    return this.integers(this.withSecret(ciphertext)).map((value, at) =>
      centred(value * BigInt(t) - (message[at] ?? 0n) * q, q * BigInt(t)),
    );
  }

  /** Each coefficient in (-Q/2, Q/2), by the Chinese remainder theorem. */
  integers(polynomial: PackedPolynomial): bigint[] {
    const { n, primes } = this.he.set.data;
    const residues = new BigUint64Array(polynomial.slice().buffer);
    const q = primes.reduce((all, prime) => all * BigInt(prime), 1n);
    const lifts = primes.map((prime) => {
      const rest = q / BigInt(prime);
      return rest * inverse(rest % BigInt(prime), BigInt(prime));
    });
    return Array.from({ length: n }, (_, at) => {
      return centred(
        lifts.reduce((sum, lift, row) => sum + lift * (residues[row * n + at] ?? 0n), 0n),
        q,
      );
    });
  }
}

/** The representative of a residue that is nearest to zero. */
function centred(value: bigint, modulus: bigint): bigint {
  const rest = ((value % modulus) + modulus) % modulus;
  return 2n * rest > modulus ? rest - modulus : rest;
}

/** The product of two polynomials mod x^n + 1. */
export function product(left: readonly bigint[], right: readonly bigint[]): bigint[] {
  const all = left.map(() => 0n);
  left.forEach((a, i) => {
    right.forEach((b, j) => {
      const at = (i + j) % left.length;
      all[at] = (all[at] ?? 0n) + (i + j < left.length ? a * b : -a * b);
    });
  });
  return all;
}

/** Residue by residue, `left / right`. */
export function quotient(he: HeBackend, left: PackedPolynomial, right: PackedPolynomial): PackedPolynomial {
  const { n, primes } = he.set.data;
  const [a, b] = [new BigUint64Array(left.slice().buffer), new BigUint64Array(right.slice().buffer)];
  const divided = a.map((residue, at) => {
    const prime = BigInt(primes[Math.floor(at / n)] ?? 1);
    return (residue * inverse(b[at] ?? 1n, prime)) % prime;
  });
  return new Uint8Array(divided.buffer);
}

function ones(bytes: number): PackedPolynomial {
  return new Uint8Array(new BigUint64Array(bytes / 8).fill(1n).buffer);
}

function inverse(value: bigint, prime: bigint): bigint {
  let result = 1n;
  let square = value;
  for (let exponent = prime - 2n; exponent > 0n; exponent /= 2n) {
    if (exponent % 2n === 1n) result = (result * square) % prime;
    square = (square * square) % prime;
  }
  return result;
}
