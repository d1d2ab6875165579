// SPDX-License-Identifier: Apache-2.0
// The handshake of one session, pair by pair (channel.md, section 2).
//
//   i                                                      every j
//     hello_i: fresh X25519 and ML-KEM-768 keys, signed ----->
//   a (lower id)                                           b (higher id)
//     ct = Encaps(k_b), signed                          ----->
//   both: prk from both secrets; keys for frames and for the gate; confirmation; exporter
import type { PartyId, Rng } from "@koplamp/protocol";
import { concat, lp, utf8 } from "@koplamp/wire/core";
import { equal, wipe } from "./bytes.ts";
import { CryptoError } from "./errors.ts";
import type { Primitives } from "./primitives.ts";
import {
  agree,
  combine,
  encapsulateTo,
  expectLength,
  ML_KEM_CIPHERTEXT_BYTES,
  ML_KEM_KEY_BYTES,
  ML_KEM_SEED_BYTES,
  type SealKeyPairs,
  sealKeyPairs,
  X25519_BYTES,
} from "./seal.ts";
import { SIGNATURE_BYTES } from "./sign.ts";

/** What a handshake is bound to: the session's id (16 bytes) and its transcript `T` (32 bytes). */
export interface SessionBinding {
  readonly session: Uint8Array;
  readonly transcript: Uint8Array;
}

/** A party's fresh public keys for one session. */
export interface Hello {
  readonly party: PartyId;
  readonly x25519: Uint8Array;
  readonly mlkem768: Uint8Array;
  /** SHA-256 of the hello without its signature: `h(hello)`. */
  readonly hash: Uint8Array;
}

/** Our own hello, the message that carries it, and the secrets behind it. */
export interface OwnHello extends Hello {
  /** The hello and its signature: the same bytes for every peer. */
  readonly message: Uint8Array;
  /** Used once per pair; `wipeHello` when all pairs have their keys. */
  readonly secrets: SealKeyPairs;
}

/** An encapsulation between two parties, as one of them knows it. */
export interface Encapsulation {
  readonly ciphertext: Uint8Array;
  readonly shared: Uint8Array;
}

/** AES-256-GCM key (32 bytes) and the IV (12 bytes) that sequence numbers are added to, for one direction. */
export interface DirectionKeys {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
}

/** Keys for what leaves and for what comes. */
interface TwoWayKeys {
  readonly out: DirectionKeys;
  readonly in: DirectionKeys;
}

/** All keys of one pair in one session, as one side sees them. */
export interface PairKeys {
  readonly frames: TwoWayKeys;
  readonly gate: TwoWayKeys;
  /** 32 bytes: keys the confirmation. */
  readonly confirm: Uint8Array;
  /** 32 bytes that only the two know, for masks and peppers. */
  readonly exporter: Uint8Array;
}

const SESSION_BYTES = 16;
const TRANSCRIPT_BYTES = 32;
const NONCE_BYTES = 32;
const DIRECTION_BYTES = 32 + 12;

/**
 * Fresh keys for a session, signed by `me`'s identity (a 32-byte seed).
 * @throws {CryptoError} `invalid-length` for a session id or a transcript of another length.
 */
export function makeHello(
  primitives: Primitives,
  rng: Rng,
  me: PartyId,
  identity: Uint8Array,
  binding: SessionBinding,
): OwnHello {
  expectLength("a session id", binding.session, SESSION_BYTES, "invalid-length");
  expectLength("a transcript", binding.transcript, TRANSCRIPT_BYTES, "invalid-length");
  const secrets = sealKeyPairs(primitives, rng(X25519_BYTES), rng(ML_KEM_SEED_BYTES));
  const [x25519, mlkem768] = [secrets.x25519.publicKey, secrets.mlkem768.publicKey];
  const hello = concat(binding.session, lp(me), x25519, mlkem768, rng(NONCE_BYTES));
  const hash = primitives.sha256(hello);
  const signature = primitives.ed25519Sign(identity, helloStatement(binding, hash));
  return { party: me, x25519, mlkem768, hash, message: concat(hello, signature), secrets };
}

/**
 * The hello of `from`, if it is one for this session and signed by `identity`, its admitted public key.
 * @throws {CryptoError} `invalid-length` or `invalid-signature`.
 */
export function readHello(
  primitives: Primitives,
  from: PartyId,
  identity: Uint8Array,
  binding: SessionBinding,
  message: Uint8Array,
): Hello {
  const head = concat(binding.session, lp(from));
  const length = head.length + X25519_BYTES + ML_KEM_KEY_BYTES + NONCE_BYTES;
  if (message.length !== length + SIGNATURE_BYTES) {
    throw new CryptoError(
      "invalid-length",
      `expected a hello of ${length + SIGNATURE_BYTES} bytes from ${from}, got ${message.length}`,
    );
  }
  const hello = message.slice(0, length); // attacker-controlled
  const hash = primitives.sha256(hello);
  const signed = primitives.ed25519Verify(identity, helloStatement(binding, hash), message.subarray(length));
  if (!signed || !equal(hello.subarray(0, head.length), head)) throw notSigned("hello", from);
  const x25519 = hello.subarray(head.length, head.length + X25519_BYTES);
  const mlkem768 = hello.subarray(head.length + X25519_BYTES, length - NONCE_BYTES);
  return { party: from, x25519, mlkem768, hash };
}

/**
 * The lower party's part: a secret for the higher one, and the signed message that carries it.
 * @throws {CryptoError} `invalid-key` when the peer's encapsulation key is none.
 */
export function encapsulate(
  primitives: Primitives,
  own: OwnHello,
  peer: Hello,
  identity: Uint8Array,
  binding: SessionBinding,
): Encapsulation & { readonly message: Uint8Array } {
  const { ciphertext, shared } = encapsulateTo(primitives, peer.mlkem768);
  const statement = encapsStatement(primitives, binding, own, peer, ciphertext);
  return { ciphertext, shared, message: concat(ciphertext, primitives.ed25519Sign(identity, statement)) };
}

/**
 * The higher party's part: the secret in the message of the lower one, whose admitted public key is `identity`.
 * @throws {CryptoError} `invalid-length` or `invalid-signature`.
 */
export function decapsulate(
  primitives: Primitives,
  own: OwnHello,
  peer: Hello,
  identity: Uint8Array,
  binding: SessionBinding,
  message: Uint8Array,
): Encapsulation {
  if (message.length !== ML_KEM_CIPHERTEXT_BYTES + SIGNATURE_BYTES) {
    throw new CryptoError(
      "invalid-length",
      `expected a key encapsulation of ${ML_KEM_CIPHERTEXT_BYTES + SIGNATURE_BYTES} bytes from ${peer.party}, got ${message.length}`,
    );
  }
  const ciphertext = message.slice(0, ML_KEM_CIPHERTEXT_BYTES); // attacker-controlled
  const statement = encapsStatement(primitives, binding, peer, own, ciphertext);
  if (!primitives.ed25519Verify(identity, statement, message.subarray(ML_KEM_CIPHERTEXT_BYTES))) {
    throw notSigned("key encapsulation", peer.party);
  }
  const shared = primitives.mlKemDecapsulate(own.secrets.mlkem768.secretKey, ciphertext);
  return { ciphertext, shared };
}

/**
 * All keys between `own` and `peer`; wipes the encapsulated secret.
 * @throws {CryptoError} `invalid-key` when the peer's X25519 key is of low order.
 */
export function pairKeys(
  primitives: Primitives,
  own: OwnHello,
  peer: Hello,
  binding: SessionBinding,
  { ciphertext, shared }: Encapsulation,
): PairKeys {
  const s2 = agree(primitives, own.secrets.x25519.secretKey, peer.x25519);
  const lower = own.party < peer.party;
  const [a, b] = lower ? [own, peer] : [peer, own];
  const salt = primitives.sha256(concat(binding.transcript, a.hash, b.hash, primitives.sha256(ciphertext)));
  const publicKeys = [a.x25519, b.x25519] as const;
  const prk = combine(primitives, salt, { s1: shared, s2, ciphertext, publicKeys });
  const expand = (label: string, length: number) => primitives.hkdfExpand(prk, utf8(label), length);
  try {
    return {
      frames: twoWay(expand("koplamp.channel/v1", 2 * DIRECTION_BYTES), lower),
      gate: twoWay(expand("koplamp.gate/v1", 2 * DIRECTION_BYTES), lower),
      confirm: expand("koplamp.confirm/v1", 32),
      exporter: expand("koplamp.exporter/v1", 32),
    };
  } finally {
    wipe(prk);
  }
}

/** What `sender` says first, to show that it has the keys: HMAC(confirm, lp(sender) ‖ T). */
export function confirmation(
  primitives: Primitives,
  { confirm }: PairKeys,
  sender: PartyId,
  { transcript }: SessionBinding,
): Uint8Array {
  return primitives.hmacSha256(confirm, concat(lp(sender), transcript));
}

/** Overwrites the ephemeral secrets: without them and the pair keys no frame of the session opens again. */
export function wipeHello({ secrets }: OwnHello): void {
  wipe(secrets.x25519.secretKey, secrets.mlkem768.secretKey);
}

/** Overwrites the keys of a pair. */
export function wipePairKeys({ frames, gate, confirm, exporter }: PairKeys): void {
  for (const { key, iv } of [frames.out, frames.in, gate.out, gate.in]) wipe(key, iv);
  wipe(confirm, exporter);
}

/** key_ab ‖ iv_ab ‖ key_ba ‖ iv_ba, as `a` (the lower one) or `b` uses them. */
function twoWay(bytes: Uint8Array, lower: boolean): TwoWayKeys {
  const [ab, ba] = [
    direction(bytes.subarray(0, DIRECTION_BYTES)),
    direction(bytes.subarray(DIRECTION_BYTES)),
  ];
  return lower ? { out: ab, in: ba } : { out: ba, in: ab };
}

function direction(bytes: Uint8Array): DirectionKeys {
  return { key: bytes.subarray(0, 32), iv: bytes.subarray(32) };
}

function helloStatement({ transcript }: SessionBinding, hash: Uint8Array): Uint8Array {
  return concat(utf8("koplamp.hello/v1"), transcript, hash);
}

function encapsStatement(
  primitives: Primitives,
  { transcript }: SessionBinding,
  lower: Hello,
  higher: Hello,
  ciphertext: Uint8Array,
): Uint8Array {
  const label = utf8("koplamp.encaps/v1");
  return concat(label, transcript, lower.hash, higher.hash, primitives.sha256(ciphertext));
}

function notSigned(what: string, from: PartyId): CryptoError {
  return new CryptoError(
    "invalid-signature",
    `expected a ${what} for this session, signed by ${from}, got another`,
  );
}
