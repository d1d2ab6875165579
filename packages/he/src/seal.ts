// SPDX-License-Identifier: Apache-2.0
// The fence around SEAL. Objects of the library live inside one call, but for the context and what hangs on it; bytes
// go in behind headers that our own context made and come out as bare residues.
import { concat } from "@koplamp/wire/core";
import type * as Seal from "node-seal";
import { type Arena, arena } from "./arena.ts";
import type { KeyShare, PublicKey, Randomness, SetBackend, Slots } from "./backend.ts";
import { HeError, opaque, refused } from "./errors.ts";
import type { Ciphertext } from "./frames.ts";
import { type ParameterSet, polynomialBytes, type Ring } from "./parameters.ts";
import {
  addPolynomials,
  multiplyPolynomials,
  type PackedPolynomial,
  subtractPolynomials,
} from "./polynomial.ts";

type Library = Seal.MainModule;

/** What stands before the residues in SEAL's own form, taken from objects of our own making. */
interface Headers {
  readonly ciphertext: Uint8Array;
  readonly ciphertextNtt: Uint8Array;
  readonly plainNtt: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}

/** One context of one parameter set. It lives as long as its worker. */
export class SealBackend implements SetBackend {
  readonly set: ParameterSet;
  readonly #seal: Library;
  readonly #context: Seal.SEALContext;
  readonly #encoder: Seal.BatchEncoder;
  readonly #evaluator: Seal.Evaluator;
  readonly #headers: Headers;
  /** An encryptor under a secret wants a public key too, and does not use it. */
  readonly #anyKey: Seal.PublicKey;

  constructor(seal: Library, set: ParameterSet) {
    this.set = set;
    this.#seal = seal;
    this.#context = contextOf(seal, set);
    this.#encoder = new seal.BatchEncoder(this.#context);
    this.#evaluator = new seal.Evaluator(this.#context);
    this.#anyKey = opaque(() => this.#makeKey());
    this.#headers = opaque(() => this.#makeHeaders());
  }

  keyShare(a: PackedPolynomial): KeyShare {
    return opaque(() => {
      using scope = arena();
      const generator = scope.own(new this.#seal.KeyGenerator(this.#context));
      const secret = this.#residues(scope.own(generator.secretKey()), this.#headers.secretKey);
      const own = this.#residues(scope.own(generator.createPublicKey()), this.#headers.publicKey);
      const { key } = this.set;
      const [b0, a0] = [own.subarray(0, own.length / 2), own.subarray(own.length / 2)];
      // -(a0·s + e) + (a0 - a)·s = -(a·s + e): the library's own sampler makes the error
      const moved = multiplyPolynomials(key, subtractPolynomials(key, a0, a), secret);
      return { secret, share: addPolynomials(key, b0, moved) };
    });
  }

  encrypt(key: PublicKey, slots: Slots): Ciphertext {
    return opaque(() => {
      using scope = arena();
      const plain = this.#encode(scope, slots);
      const to = scope.own(new this.#seal.Ciphertext());
      this.#encryptor(scope, key).encrypt(plain, to);
      return this.#save(to);
    });
  }

  encryptZero(key: PublicKey): Ciphertext {
    return opaque(() => {
      using scope = arena();
      const to = scope.own(new this.#seal.Ciphertext());
      this.#encryptor(scope, key).encryptZero(to);
      return this.#save(to);
    });
  }

  timesSecret(c1: PackedPolynomial, secret: Uint8Array): PackedPolynomial {
    return opaque(() => {
      using scope = arena();
      const { data } = this.set;
      const lifted = this.#load(scope, { c0: c1, c1 });
      const { c0: transformed } = this.#toNtt(lifted);
      const product = multiplyPolynomials(data, transformed, this.#dataPart(secret));
      return this.#fromNtt(scope, { c0: product, c1: product }).c0;
    });
  }

  decrypt(secret: Uint8Array, ciphertext: Ciphertext): Slots {
    return opaque(() => {
      using scope = arena();
      const decryptor = scope.own(new this.#seal.Decryptor(this.#context, this.#secret(scope, secret)));
      const plain = scope.own(new this.#seal.Plaintext());
      decryptor.decrypt(this.#load(scope, ciphertext), plain);
      const slots: BigUint64Array = this.#encoder.decodeBigUint64(plain);
      return Float64Array.from(slots, Number);
    });
  }

  encryptUnder(secret: Uint8Array, a: PackedPolynomial, slots: Slots): PackedPolynomial {
    return opaque(() => {
      using scope = arena();
      const { data } = this.set;
      const own = this.#secret(scope, secret);
      const encryptor = scope.own(new this.#seal.Encryptor(this.#context, this.#anyKey, own));
      const to = scope.own(new this.#seal.Ciphertext());
      encryptor.encryptSymmetric(this.#encode(scope, slots), to);
      const { c0, c1 } = this.#toNtt(to);
      // -(c1·s + e) + m + (c1 - a)·s = -(a·s + e) + m: the library's own sampler makes the error
      const moved = multiplyPolynomials(data, subtractPolynomials(data, c1, a), this.#dataPart(secret));
      return addPolynomials(data, c0, moved);
    });
  }

  encryptWith({ b, a }: PublicKey, slots: Slots, { u, e0, e1 }: Randomness): Ciphertext {
    return opaque(() => {
      using scope = arena();
      const { data } = this.set;
      const first = this.#load(scope, { c0: e0, c1: u });
      this.#evaluator.addPlainInplace(first, this.#encode(scope, slots));
      const { c0: message, c1: factor } = this.#toNtt(first);
      const { c0: error } = this.#toNtt(this.#load(scope, { c0: e1, c1: u }));
      return {
        c0: addPolynomials(data, multiplyPolynomials(data, this.#dataPart(b), factor), message),
        c1: addPolynomials(data, multiplyPolynomials(data, this.#dataPart(a), factor), error),
      };
    });
  }

  factor(slots: Slots): PackedPolynomial {
    return opaque(() => {
      using scope = arena();
      const plain = this.#encode(scope, slots);
      this.#evaluator.plainTransformToNttInplace(plain, scope.own(this.#context.firstParmsId()));
      return this.#residues(plain, this.#headers.plainNtt).slice();
    });
  }

  // The library ends in an error where c1 is zero, as the sum of products with zeros is. So it never sees that c1: in the
  // one case it sees c1 + 1, in the other 1 alone.

  fromNtt({ c0, c1 }: Ciphertext): Ciphertext {
    return opaque(() => {
      using scope = arena();
      const { data } = this.set;
      const more = this.#fromNtt(scope, { c0, c1: addPolynomials(data, c1, onesOf(data)) });
      return { c0: more.c0, c1: subtractPolynomials(data, more.c1, oneOf(data)) };
    });
  }

  addPlain({ c0, c1 }: Ciphertext, slots: Slots): Ciphertext {
    return opaque(() => {
      using scope = arena();
      const to = this.#load(scope, { c0, c1: oneOf(this.set.data) });
      this.#evaluator.addPlainInplace(to, this.#encode(scope, slots));
      return { c0: this.#save(to).c0, c1 };
    });
  }

  #encode(scope: Arena, slots: Slots): Seal.Plaintext {
    if (!slots.every((slot) => slot >= 0 && slot < this.set.t)) throw refused(); // else it would wrap in silence
    const plain = scope.own(new this.#seal.Plaintext());
    this.#encoder.encode(wordsOf(slots), plain);
    return plain;
  }

  #toNtt(ciphertext: Seal.Ciphertext): Ciphertext {
    this.#evaluator.cipherTransformToNttInplace(ciphertext);
    return this.#save(ciphertext);
  }

  #fromNtt(scope: Arena, ciphertext: Ciphertext): Ciphertext {
    const back = this.#load(scope, ciphertext, this.#headers.ciphertextNtt);
    this.#evaluator.cipherTransformFromNttInplace(back);
    return this.#save(back);
  }

  /** The data primes stand first. */
  #dataPart(key: Uint8Array): PackedPolynomial {
    return key.subarray(0, polynomialBytes(this.set.data));
  }

  #encryptor(scope: Arena, { b, a }: PublicKey): Seal.Encryptor {
    const key = scope.own(new this.#seal.PublicKey());
    key.loadFromArray(this.#context, concat(this.#headers.publicKey, b, a));
    return scope.own(new this.#seal.Encryptor(this.#context, key));
  }

  #secret(scope: Arena, secret: Uint8Array): Seal.SecretKey {
    const key = scope.own(new this.#seal.SecretKey());
    key.loadFromArray(this.#context, concat(this.#headers.secretKey, secret));
    return key;
  }

  #load(scope: Arena, { c0, c1 }: Ciphertext, header = this.#headers.ciphertext): Seal.Ciphertext {
    const ciphertext = scope.own(new this.#seal.Ciphertext());
    ciphertext.loadFromArray(this.#context, concat(header, c0, c1));
    return ciphertext;
  }

  #save(ciphertext: Seal.Ciphertext): Ciphertext {
    const both = this.#residues(ciphertext, this.#headers.ciphertext);
    return { c0: both.slice(0, both.length / 2), c1: both.slice(both.length / 2) };
  }

  #residues(saved: Saved, header: Uint8Array): Uint8Array {
    return this.#bytes(saved).subarray(header.length);
  }

  #bytes(saved: Saved): Uint8Array {
    return saved.saveToArray(this.#seal.ComprModeType.none); // no compression, ever
  }

  #makeKey(): Seal.PublicKey {
    using scope = arena();
    return scope.own(new this.#seal.KeyGenerator(this.#context)).createPublicKey();
  }

  #makeHeaders(): Headers {
    using scope = arena();
    const { data, key } = this.set;
    const generator = scope.own(new this.#seal.KeyGenerator(this.#context));
    const encryptor = scope.own(new this.#seal.Encryptor(this.#context, this.#anyKey));
    const plain = scope.own(new this.#seal.Plaintext());
    this.#encoder.encode(wordsOf(new Float64Array(this.set.slots).fill(1)), plain);
    this.#evaluator.plainTransformToNttInplace(plain, scope.own(this.#context.firstParmsId()));
    const zero = scope.own(new this.#seal.Ciphertext());
    encryptor.encryptZero(zero);
    const ciphertext = headerOf(this.#bytes(zero), 2 * polynomialBytes(data));
    this.#evaluator.cipherTransformToNttInplace(zero);
    return {
      ciphertext,
      ciphertextNtt: headerOf(this.#bytes(zero), 2 * polynomialBytes(data)),
      plainNtt: headerOf(this.#bytes(plain), polynomialBytes(data)),
      publicKey: headerOf(this.#bytes(this.#anyKey), 2 * polynomialBytes(key)),
      secretKey: headerOf(this.#bytes(scope.own(generator.secretKey())), polynomialBytes(key)),
    };
  }
}

/** The polynomial 1 in NTT form, where it is 1 at every root. */
function onesOf({ n, primes }: Ring): PackedPolynomial {
  return new Uint8Array(new BigUint64Array(n * primes.length).fill(1n).buffer);
}

/** The polynomial 1 in coefficient form. */
function oneOf({ n, primes }: Ring): PackedPolynomial {
  const words = new BigUint64Array(n * primes.length);
  primes.forEach((_, row) => {
    words[row * n] = 1n;
  });
  return new Uint8Array(words.buffer);
}

/** Numbers below 2^53 as 64-bit words (a tenth of the time that BigInt takes). */
function wordsOf(slots: Slots): BigUint64Array {
  const words = new Uint32Array(2 * slots.length);
  slots.forEach((slot, at) => {
    words[2 * at] = slot % 2 ** 32;
    words[2 * at + 1] = Math.floor(slot / 2 ** 32);
  });
  return new BigUint64Array(words.buffer);
}

interface Saved {
  saveToArray(mode: Seal.ComprModeType): Uint8Array;
}

function headerOf(saved: Uint8Array, residues: number): Uint8Array {
  return saved.slice(0, saved.length - residues);
}

/** A context at 128 bits of security, and of exactly our primes. */
function contextOf(seal: Library, { slots, t, key }: ParameterSet): Seal.SEALContext {
  using scope = arena();
  const parameters = scope.own(new seal.EncryptionParameters(seal.SchemeType.bfv));
  const primes = key.primes.map((prime) => scope.own(new seal.Modulus(BigInt(prime))));
  parameters.setPolyModulusDegree(slots);
  parameters.setCoeffModulus(scope.own(seal.vecFromArrayModulus(primes)));
  parameters.setPlainModulus(scope.own(new seal.Modulus(BigInt(t))));
  const context = new seal.SEALContext(parameters, true, seal.SecLevelType.tc128);
  if (context.parametersSet()) return context;
  context.delete();
  throw new HeError("self-test", "expected parameters that the library accepts, got a refusal");
}
