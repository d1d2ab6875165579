// SPDX-License-Identifier: Apache-2.0
// One envelope: sealed to the recipient's machine, signed by the sender's identity key.
//
//   sealed { lp(from) ‖ lp(topic) ‖ run 16 ‖ number 4 ‖ part 4 ‖ parts 4 ‖ body ‖ signature 64 }
//   signature over koplamp.post/v1 ‖ lp(from) ‖ lp(to) ‖ lp(topic) ‖ run ‖ number ‖ part ‖ parts ‖ SHA-256(body)
import {
  CryptoError,
  openSealed,
  type Primitives,
  type SealAddress,
  type SealKeyPairs,
  sealFor,
} from "@koplamp/crypto";
import type { PartyId, Rng } from "@koplamp/protocol";
import { concat, fromUtf8, lp, utf8 } from "@koplamp/wire";
import { TransportError } from "./errors.ts";

/** Most bytes of a body in one envelope; with seal, names and signature it stays below 256 KiB. */
export const PART_BYTES = 260_000;
/** Most bytes of a topic. */
export const TOPIC_BYTES = 200;

/** The public keys of a machine: what it is sealed to, and whose signature it answers with. */
export interface Address extends SealAddress {
  readonly identity: Uint8Array;
}

/** One part of a message, and its place among all that the sender's process has sent to this recipient. */
export interface Letter {
  readonly from: PartyId;
  readonly topic: string;
  /** 16 random bytes, drawn when the sender's post was opened. */
  readonly run: Uint8Array;
  /** Strictly rising within a run. */
  readonly number: number;
  readonly part: number;
  readonly parts: number;
  readonly body: Uint8Array;
}

/** Who writes and reads letters here. */
export interface LetterParts {
  readonly me: PartyId;
  /** 32-byte seed of the identity key. */
  readonly identity: Uint8Array;
  readonly addresses: ReadonlyMap<PartyId, Address>;
  readonly primitives: Primitives;
  readonly rng: Rng;
}

const RUN_BYTES = 16;
const PLACE_BYTES = 12;
const SIGNATURE_BYTES = 64;
const LABEL = utf8("koplamp.post/v1");

/** The envelope of one letter of ours. @throws {TransportError} `refused` for a party that is not on the roster. */
export function sealLetter(parts: LetterParts, to: PartyId, letter: Letter): Uint8Array {
  const { identity, addresses, primitives, rng } = parts;
  const address = addresses.get(to);
  if (address === undefined) throw new TransportError("refused", `expected a party on the roster, got ${to}`);
  const { from, topic, run, body } = letter;
  const signature = primitives.ed25519Sign(identity, statement(primitives, to, letter));
  const text = concat(lp(from), lp(topic), run, placeOf(letter), body, signature);
  return sealFor(primitives, rng, address, contextOf(to), text);
}

/**
 * The letter in an envelope for us, if somebody on the roster signed it.
 * @throws {CryptoError | TransportError | RangeError} for anything else.
 */
export function openLetter(parts: LetterParts, keys: SealKeyPairs, envelope: Uint8Array): Letter {
  const { me, addresses, primitives } = parts;
  const text = openSealed(primitives, keys, contextOf(me), envelope); // attacker-controlled
  const letter = parseLetter(text);
  const address = addresses.get(letter.from);
  if (address === undefined || letter.from === me) {
    throw new TransportError("refused", "expected a letter of a party on the roster, got one of another");
  }
  const signature = text.subarray(text.length - SIGNATURE_BYTES);
  if (!primitives.ed25519Verify(address.identity, statement(primitives, me, letter), signature)) {
    throw new CryptoError("invalid-signature", `expected a letter signed by ${letter.from}`);
  }
  return letter;
}

function parseLetter(text: Uint8Array): Letter {
  const [from, afterFrom] = lengthPrefixed(text, 0);
  const [topic, afterTopic] = lengthPrefixed(text, afterFrom);
  const afterRun = afterTopic + RUN_BYTES;
  const [begin, end] = [afterRun + PLACE_BYTES, text.length - SIGNATURE_BYTES];
  if (begin > end || topic.length > TOPIC_BYTES) throw notALetter();
  const place = new DataView(text.buffer, text.byteOffset + afterRun, PLACE_BYTES);
  const [number, part, parts] = [place.getUint32(0), place.getUint32(4), place.getUint32(8)];
  if (part >= parts) throw notALetter();
  const run = text.slice(afterTopic, afterRun);
  const body = text.slice(begin, end);
  return { from: fromUtf8(from), topic: fromUtf8(topic), run, number, part, parts, body };
}

/** The bytes behind a two-byte length, and where they end. */
function lengthPrefixed(text: Uint8Array, at: number): readonly [Uint8Array, number] {
  const length = ((text[at] ?? 0) << 8) | (text[at + 1] ?? 0);
  const end = at + 2 + length;
  if (end > text.length) throw notALetter();
  return [text.subarray(at + 2, end), end];
}

function placeOf({ number, part, parts }: Letter): Uint8Array {
  const place = new Uint8Array(PLACE_BYTES);
  const view = new DataView(place.buffer);
  [number, part, parts].forEach((value, at) => {
    view.setUint32(4 * at, value);
  });
  return place;
}

function statement(primitives: Primitives, to: PartyId, letter: Letter): Uint8Array {
  const { from, topic, run, body } = letter;
  return concat(LABEL, lp(from), lp(to), lp(topic), run, placeOf(letter), primitives.sha256(body));
}

function contextOf(to: PartyId): Uint8Array {
  return concat(LABEL, lp(to));
}

function notALetter(): TransportError {
  return new TransportError("refused", "expected a letter, got other bytes");
}
