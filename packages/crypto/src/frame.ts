// SPDX-License-Identifier: Apache-2.0
// A message as sealed frames, and back (channel.md, section 3).
//
//   header (96 bytes, in clear for the relay, bound as associated data):
//     version 1 | kind 1 | flags 1 | reserved 1 | session 16 | from 16 | to 16 | message 4 | block 4 | seq 4 | T 32
//   frame: header ‖ AES-256-GCM(key, nonce = iv XOR seq, ad = header, body [‖ signature 64 on the last]) with its tag
import type { Message, PartyId } from "@koplamp/protocol";
import { concat, i2osp, lp, utf8 } from "@koplamp/wire/core";
import { equal } from "./bytes.ts";
import { CryptoError } from "./errors.ts";
import type { DirectionKeys, SessionBinding } from "./handshake.ts";
import type { Primitives } from "./primitives.ts";
import { SIGNATURE_BYTES } from "./sign.ts";

export const HEADER_BYTES = 96;
/** Most bytes of a message in one frame: 8,192 elements and a proof. */
export const MOST_BODY_BYTES = 262_208;
const TAG_BYTES = 16;
/** Most bytes of a frame, seal and signature included. */
export const MOST_FRAME_BYTES: number = HEADER_BYTES + MOST_BODY_BYTES + SIGNATURE_BYTES + TAG_BYTES;
/** Most bytes of a message: a peer that sends more is up to no good. */
export const MOST_MESSAGE_BYTES: number = 256 * MOST_BODY_BYTES;

/** Message types and their numbers in the header (protocols.md, section 5; aggregation.md, section 4; ours: 0, 14 to 16, 19, 35 to 40). */
export const FRAME_KINDS: Readonly<Record<string, number>> = Object.freeze({
  confirm: 0,
  M: 1,
  E: 2,
  T: 3,
  R: 4,
  K: 5,
  A: 6,
  H: 7,
  V: 8,
  C: 9,
  ready: 10,
  W: 11,
  Tpi: 12,
  dT: 13,
  O: 14,
  U: 15,
  G: 16,
  dealt: 18,
  next: 19,
  commit: 20,
  b: 21,
  alpha: 22,
  ct: 23,
  list: 24,
  c1: 25,
  f: 26,
  sum: 27,
  share: 28,
  sel: 29,
  acc: 30,
  group: 31,
  y: 32,
  seed: 33,
  bits: 34,
  echo: 35,
  "keyset.commit": 36,
  "keyset.echo": 37,
  "keyset.open": 38,
  pkr: 39,
  notice: 40,
});

/** What the relay and the recipient read in clear. Parties stand as their tags. */
export interface FrameHeader {
  readonly kind: number;
  /** Whether the message ends with this frame. */
  readonly last: boolean;
  readonly session: Uint8Array;
  readonly from: Uint8Array;
  readonly to: Uint8Array;
  readonly message: number;
  readonly block: number;
  readonly seq: number;
  readonly transcript: Uint8Array;
}

/** One direction between two parties of a session, under one pair of keys. */
export interface FrameLink {
  readonly keys: DirectionKeys;
  readonly binding: SessionBinding;
  readonly from: PartyId;
  readonly to: PartyId;
}

/** A party's name in a header: SHA-256(lp(id))[0..16). */
export function partyTag(primitives: Primitives, party: PartyId): Uint8Array {
  return primitives.sha256(lp(party)).slice(0, 16);
}

/**
 * The header of a frame. It is not authentic before the frame has been opened.
 * @throws {CryptoError} `invalid-frame` for another version, an unknown kind or flag, or an impossible length.
 */
export function parseHeader(frame: Uint8Array): FrameHeader {
  if (frame.length < HEADER_BYTES + TAG_BYTES || frame.length > MOST_FRAME_BYTES) {
    throw new CryptoError("invalid-frame", `expected a frame of at most ${MOST_FRAME_BYTES} bytes`);
  }
  const view = new DataView(frame.buffer, frame.byteOffset, HEADER_BYTES);
  const [version, kind, flags, reserved] = frame; // attacker-controlled
  const known = kind !== undefined && KIND_NAMES[kind] !== undefined;
  if (version !== 1 || !known || flags === undefined || flags > LAST || reserved !== 0) {
    throw new CryptoError("invalid-frame", "expected a frame of version 1 and a known kind, got another");
  }
  return {
    kind,
    last: flags === LAST,
    session: frame.slice(4, 20),
    from: frame.slice(20, 36),
    to: frame.slice(36, 52),
    message: view.getUint32(52),
    block: view.getUint32(56),
    seq: view.getUint32(60),
    transcript: frame.slice(64, 96),
  };
}

/** Turns messages into frames and numbers them. A number once used is never used again, whether its frame leaves or not. */
export class FrameSealer {
  readonly #primitives: Primitives;
  readonly #link: FrameLink;
  readonly #tags: Tags;
  readonly #identity: Uint8Array;
  #seq = 0;
  #message = 0;

  /** `identity`: the sender's 32-byte seed, which signs each message. */
  constructor(primitives: Primitives, link: FrameLink, identity: Uint8Array) {
    this.#primitives = primitives;
    this.#link = link;
    this.#tags = tagsOf(primitives, link);
    this.#identity = identity;
  }

  /**
   * The frames of one message, in order; at least one.
   * @throws {CryptoError} `invalid-frame` for a type without a number, a message too long, or numbers used up.
   */
  seal(type: string, bytes: Uint8Array): readonly Uint8Array[] {
    const kind = Object.hasOwn(FRAME_KINDS, type) ? FRAME_KINDS[type] : undefined;
    const blocks = Math.max(1, Math.ceil(bytes.length / MOST_BODY_BYTES));
    if (kind === undefined) throw new CryptoError("invalid-frame", `the message type ${type} has no number`);
    if (bytes.length > MOST_MESSAGE_BYTES || this.#seq + blocks > 2 ** 32) {
      throw new CryptoError("invalid-frame", `expected a message of at most ${MOST_MESSAGE_BYTES} bytes`);
    }
    const message = this.#message;
    this.#message += 1;
    const statement = messageStatement(this.#primitives, this.#link, this.#tags, kind, message, bytes);
    const signature = this.#primitives.ed25519Sign(this.#identity, statement);
    return Array.from({ length: blocks }, (_, block) => {
      const last = block === blocks - 1;
      const body = bytes.subarray(block * MOST_BODY_BYTES, (block + 1) * MOST_BODY_BYTES);
      const header = { kind, last, message, block, seq: this.#seq };
      this.#seq += 1;
      return sealFrame(
        this.#primitives,
        this.#link,
        this.#tags,
        header,
        last ? concat(body, signature) : body,
      );
    });
  }
}

/**
 * Turns frames back into messages: exactly the next frame, in its exact form, or nothing. Whatever it throws ends the
 * session.
 */
export class FrameOpener {
  readonly #primitives: Primitives;
  readonly #link: FrameLink;
  readonly #tags: Tags;
  readonly #identity: Uint8Array;
  readonly #bodies: Uint8Array[] = [];
  #seq = 0;
  #message = 0;
  #kind: number | undefined;

  /** `identity`: the sender's admitted public key, 32 bytes. */
  constructor(primitives: Primitives, link: FrameLink, identity: Uint8Array) {
    this.#primitives = primitives;
    this.#link = link;
    this.#tags = tagsOf(primitives, link);
    this.#identity = identity;
  }

  /**
   * Takes the next frame. Gives the message that it completes, or undefined.
   * @throws {CryptoError} `invalid-frame` for a frame out of order or of another session, `invalid-seal` for one that
   * does not open, `invalid-signature` for a message that its sender did not sign.
   */
  open(frame: Uint8Array): Message | undefined {
    const { kind, last, seq } = parseHeader(frame); // attacker-controlled
    const { from } = this.#link;
    if (seq !== this.#seq) {
      throw new CryptoError("invalid-frame", `expected frame ${this.#seq} of ${from}, got frame ${seq}`);
    }
    const block = this.#bodies.length;
    const expected = { kind: this.#kind ?? kind, last, message: this.#message, block, seq };
    const header = encodeHeader(this.#link, this.#tags, expected);
    if (!equal(header, frame.subarray(0, HEADER_BYTES))) {
      throw new CryptoError("invalid-frame", `expected a frame of ${from} in this session, got another`);
    }
    const body = openBody(this.#primitives, this.#link, frame, last);
    this.#seq += 1;
    this.#kind = kind;
    return last ? this.#complete(kind, body) : this.#keep(body);
  }

  #keep(body: Uint8Array): undefined {
    if ((this.#bodies.length + 1) * MOST_BODY_BYTES >= MOST_MESSAGE_BYTES) {
      throw new CryptoError(
        "invalid-frame",
        `expected messages of at most ${MOST_MESSAGE_BYTES} bytes from ${this.#link.from}`,
      );
    }
    this.#bodies.push(body);
  }

  #complete(kind: number, tail: Uint8Array): Message {
    const end = tail.length - SIGNATURE_BYTES;
    const only = this.#bodies.length === 0;
    const bytes = only ? tail.subarray(0, end) : concat(...this.#bodies, tail.subarray(0, end));
    const signature = tail.subarray(end);
    const statement = messageStatement(this.#primitives, this.#link, this.#tags, kind, this.#message, bytes);
    if (!this.#primitives.ed25519Verify(this.#identity, statement, signature)) {
      throw new CryptoError("invalid-signature", `expected a message signed by ${this.#link.from}`);
    }
    this.#bodies.length = 0;
    this.#message += 1;
    this.#kind = undefined;
    return { type: KIND_NAMES[kind] ?? "", bytes };
  }
}

const LAST = 1;
const KIND_NAMES: readonly (string | undefined)[] = Object.entries(FRAME_KINDS).reduce<
  (string | undefined)[]
>((names, [name, kind]) => {
  names[kind] = name;
  return names;
}, []);

interface Tags {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

type Place = Pick<FrameHeader, "kind" | "last" | "message" | "block" | "seq">;

function tagsOf(primitives: Primitives, { from, to }: FrameLink): Tags {
  return { from: partyTag(primitives, from), to: partyTag(primitives, to) };
}

function encodeHeader({ binding }: FrameLink, { from, to }: Tags, place: Place): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  const view = new DataView(header.buffer);
  header.set([1, place.kind, place.last ? LAST : 0, 0]);
  header.set(binding.session, 4);
  header.set(from, 20);
  header.set(to, 36);
  view.setUint32(52, place.message);
  view.setUint32(56, place.block);
  view.setUint32(60, place.seq);
  header.set(binding.transcript, 64);
  return header;
}

function sealFrame(
  primitives: Primitives,
  link: FrameLink,
  tags: Tags,
  place: Place,
  body: Uint8Array,
): Uint8Array {
  const header = encodeHeader(link, tags, place);
  const { key, iv } = link.keys;
  return concat(header, primitives.aesGcmSeal(key, nonceOf(iv, place.seq), header, body));
}

/** The opened body, whose length fits its place: all frames but the last are full. */
function openBody(
  primitives: Primitives,
  { keys, from }: FrameLink,
  frame: Uint8Array,
  last: boolean,
): Uint8Array {
  const header = frame.subarray(0, HEADER_BYTES);
  const seq = new DataView(frame.buffer, frame.byteOffset, HEADER_BYTES).getUint32(60);
  const body = primitives.aesGcmOpen(keys.key, nonceOf(keys.iv, seq), header, frame.subarray(HEADER_BYTES));
  if (body === undefined) {
    throw new CryptoError("invalid-seal", `expected a frame sealed by ${from}, got one that does not open`);
  }
  if (last ? body.length >= SIGNATURE_BYTES : body.length === MOST_BODY_BYTES) return body;
  throw new CryptoError("invalid-frame", `expected a full frame or the end of a message from ${from}`);
}

/** iv XOR seq, big-endian, as in RFC 8446, section 5.3. */
function nonceOf(iv: Uint8Array, seq: number): Uint8Array {
  const nonce = iv.slice();
  const view = new DataView(nonce.buffer);
  view.setUint32(8, view.getUint32(8) ^ seq);
  return nonce;
}

/** What a sender signs, once a message: with the plaintext a complaint that needs no channel key. */
function messageStatement(
  primitives: Primitives,
  { binding }: FrameLink,
  { from, to }: Tags,
  kind: number,
  message: number,
  bytes: Uint8Array,
): Uint8Array {
  const place = concat(Uint8Array.of(kind), i2osp(message, 4));
  const label = utf8("koplamp.frame/v1");
  return concat(label, binding.transcript, from, to, place, primitives.sha256(bytes));
}
