// SPDX-License-Identifier: Apache-2.0
// The bytes of the messages that only hubs have. Every length follows from the plan.
import { hashCodec } from "@koplamp/crypto";
import { ciphertextBytes, type ParameterSet, polynomialBytes } from "@koplamp/he";
import { type Codec, type PartyId, ProtocolError } from "@koplamp/protocol";
import { TOKEN_BYTES } from "@koplamp/psi";
import { groupChoices } from "./join-hub-layout.ts";
import { type Hub, tokenCount } from "./join-hub-session.ts";
import { NO_GROUP, type SentTokens } from "./join-hub-tokens.ts";
import { bytesCodec } from "./messages.ts";

/** The root of a party's salted inputs. */
export const ROOT: Codec<Uint8Array> = hashCodec("R");
/** SHA-256 of the collective key as a contributor made it, for the coordinator. */
export const KEY_HASH: Codec<Uint8Array> = hashCodec("b");
/** Bytes of a group's pseudonym, or of their number. */
export const GROUP_BYTES: number = 4;

/** The collective key, for the coordinator: its b, for a follows from the session. */
export function collectiveKeyCodec({ key }: ParameterSet): Codec<Uint8Array> {
  return bytesCodec("b", polynomialBytes(key));
}

/** Bytes of what a contributor sends the coordinator. */
export function tokensBytes(hub: Hub, party: PartyId): number {
  return tokenCount(hub, party) * (TOKEN_BYTES + (party === hub.groupOwner ? GROUP_BYTES : 0));
}

/** Tokens in slot order, list by list, each strictly ascending; behind them, at a group owner, a group for each. */
export function tokensCodec(hub: Hub, party: PartyId): Codec<SentTokens> {
  const plain = bytesCodec("Tpi", tokensBytes(hub, party));
  const count = tokenCount(hub, party);
  const named = party === hub.groupOwner;
  return {
    type: plain.type,
    encode: ({ tokens, groups }) => {
      const bytes = new Uint8Array(tokensBytes(hub, party));
      bytes.set(tokens);
      const view = new DataView(bytes.buffer, tokens.length);
      groups?.forEach((group, at) => void view.setUint32(at * GROUP_BYTES, group, true));
      return plain.encode(bytes);
    },
    decode: (got) => {
      const bytes = plain.decode(got); // attacker-controlled
      const tokens = expectAscending(bytes.slice(0, count * TOKEN_BYTES), count / hub.lists, party);
      if (!named) return { tokens };
      const groups = Uint32Array.from(numbersAt(bytes, count * TOKEN_BYTES, count));
      if (groups.every((group) => group < hub.cells)) return { tokens, groups };
      throw new ProtocolError("invalid-message", `expected groups below ${hub.cells} in Tpi of ${party}`);
    },
  };
}

function expectAscending(tokens: Uint8Array, rows: number, party: PartyId): Uint8Array {
  for (let at = 1; at < tokens.length / TOKEN_BYTES; at += 1) {
    if (at % rows === 0 || compareTokens(tokens, at - 1, at) < 0) continue;
    throw new ProtocolError("invalid-message", `expected strictly ascending tokens in Tpi of ${party}`);
  }
  return tokens;
}

function compareTokens(tokens: Uint8Array, left: number, right: number): number {
  for (let byte = 0; byte < TOKEN_BYTES; byte += 1) {
    const difference = (tokens[left * TOKEN_BYTES + byte] ?? 0) - (tokens[right * TOKEN_BYTES + byte] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** How many groups the selections are for: one of the numbers that the plan leaves open. */
export function groupNumberCodec(hub: Hub): Codec<number> {
  const plain = bytesCodec("group", GROUP_BYTES);
  return {
    type: plain.type,
    encode: (groups) => plain.encode(packed([groups])),
    decode: (bytes) => {
      const [groups = 0] = numbersAt(plain.decode(bytes), 0, 1); // attacker-controlled
      if (groupChoices(hub).includes(groups)) return groups;
      throw new ProtocolError("invalid-message", "expected a number of groups that the plan leaves open");
    },
  };
}

/** Bytes of `orderCodec`. */
export function orderBytes(hub: Hub): number {
  return (1 + (groupChoices(hub).at(-1) ?? 0)) * GROUP_BYTES;
}

/** By block, which pseudonymous group it stands for; filled up to the most that there could be. */
export function orderCodec(hub: Hub): Codec<Int32Array> {
  const plain = bytesCodec("group", orderBytes(hub));
  return {
    type: plain.type,
    encode: (order) => {
      const bytes = new Uint8Array(orderBytes(hub)).fill(0xff); // NO_GROUP
      bytes.set(packed([order.length, ...order]));
      return plain.encode(bytes);
    },
    decode: (got) => {
      const bytes = plain.decode(got); // attacker-controlled
      const [groups = 0] = numbersAt(bytes, 0, 1);
      const order = groupChoices(hub).includes(groups)
        ? Int32Array.from(numbersAt(bytes, GROUP_BYTES, groups))
        : [];
      const real = [...order].filter((group) => group !== NO_GROUP);
      const known = real.every((group) => group >= 0 && group < hub.cells);
      if (order instanceof Int32Array && known && new Set(real).size === real.length) return order;
      throw new ProtocolError("invalid-message", "expected each group at most once in the order of blocks");
    },
  };
}

/** The group owner's table: by cell, its pseudonym. */
export function tableCodec({ cells }: Hub): Codec<Int32Array> {
  const plain = bytesCodec("group", cells * GROUP_BYTES);
  return {
    type: plain.type,
    encode: (table) => plain.encode(packed([...table])),
    decode: (bytes) => {
      const table = Int32Array.from(numbersAt(plain.decode(bytes), 0, cells)); // attacker-controlled
      if (new Set(table).size === cells && table.every((group) => group >= 0 && group < cells)) return table;
      throw new ProtocolError("invalid-message", "expected each pseudonym once in the table of groups");
    },
  };
}

/** One ciphertext with selections. */
export function selectionCodec(set: ParameterSet): Codec<Uint8Array> {
  return bytesCodec("sel", ciphertextBytes(set));
}

function packed(numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(numbers.length * GROUP_BYTES);
  const view = new DataView(bytes.buffer);
  numbers.forEach((number, at) => void view.setInt32(at * GROUP_BYTES, number, true));
  return bytes;
}

function numbersAt(bytes: Uint8Array, from: number, count: number): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: count }, (_, at) => view.getInt32(from + at * GROUP_BYTES, true));
}
