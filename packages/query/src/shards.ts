// SPDX-License-Identifier: Apache-2.0
// In how many sessions a match is run: public, so that every node computes the same (docs/protocols/limits.md).
import { fewestShards, MOST_SHARDS, shardLimitOf, shardRows } from "@koplamp/psi";
import type { Input, Plan } from "@koplamp/wire";
import { QueryError } from "./errors.ts";
import { integerOf } from "./yaml-fields.ts";
import { failAt, type YamlValue } from "./yaml-source.ts";

/** Reads `shards` of a question of some kind: a power of two. */
export function readShards(value: YamlValue, kind: string): number {
  if (kind !== "match") {
    throw failAt(value, "invalid-value", '"shards" goes with kind: match', "leave `shards` out");
  }
  const shards = integerOf(value, 1, MOST_SHARDS);
  if (isPower(shards)) return shards;
  throw failAt(value, "invalid-value", `expected a power of two in "shards", got ${shards}`);
}

/** A session of more keys takes more memory than a node has to have: 2^18 and what a shard of so many is padded by. */
const EASY_ROWS: number = shardRows(2 ** 20, 4);
/** More shards than this are for sessions that cannot be longer: each has entries of its own in the evidence. */
const EASY_SHARDS = 256;

/**
 * How many sessions a question takes one after the other: as many as are asked for, or so many that each takes everybody's
 * part of the list in little memory.
 * @throws {QueryError} `invalid-value`, `too-many`.
 */
export function shardsOf(protocol: string, inputs: readonly Input[], asked: number | null): number {
  const shards = asked ?? easyOf(protocol, inputs);
  checkCount(protocol, inputs, shards);
  return shards;
}

/** Refuses a plan that says another number than can be: a node does not take a proposer's word for it. */
export function checkShards({ protocol, inputs }: Pick<Plan, "protocol" | "inputs">): void {
  checkCount(protocol.id, inputs, protocol.shards);
}

function fewestOf(protocol: string, inputs: readonly Input[], most = shardLimitOf(protocol)): number {
  const buckets = inputs.map(({ rowsPadded }) => rowsPadded);
  return most === undefined ? 1 : fewestShards(buckets, most);
}

/** No more than the shortest list fills: a shard has a key of everybody's on average. */
function easyOf(protocol: string, inputs: readonly Input[]): number {
  const fewest = fewestOf(protocol, inputs);
  if (shardLimitOf(protocol) === undefined) return fewest;
  const most = Math.min(EASY_SHARDS, floorPower(shortestOf(inputs)?.rowsPadded ?? 1));
  return Math.max(fewest, Math.min(most, fewestOf(protocol, inputs, EASY_ROWS)));
}

function shortestOf(inputs: readonly Input[]): Input | undefined {
  return [...inputs].sort((a, b) => a.rowsPadded - b.rowsPadded)[0];
}

function checkCount(protocol: string, inputs: readonly Input[], shards: number): void {
  if (shardLimitOf(protocol) === undefined && shards > 1) {
    const message = `${protocol} runs in one session, and ${shards} shards were asked for`;
    throw new QueryError("invalid-value", message, { hint: "leave `shards` out" });
  }
  const fewest = fewestOf(protocol, inputs);
  const shortest = shortestOf(inputs);
  const most = Math.min(MOST_SHARDS, Math.max(fewest, floorPower(shortest?.rowsPadded ?? 1)));
  if (!isPower(shards) || shards < fewest) {
    const message = `these lists take ${fewest} shards or more, a power of two, and ${shards} were asked for`;
    throw new QueryError("invalid-value", message, {
      hint: "leave `shards` out: there are as many as needed",
    });
  }
  if (shards <= most) return;
  const { party = "" } = shortest ?? {};
  const message = `${shards} shards were asked for, and the list of ${party} fills ${most}`;
  throw new QueryError("too-many", message, { party, hint: `ask for ${most} shards at most` });
}

function isPower(count: number): boolean {
  return Number.isSafeInteger(count) && count >= 1 && Number.isInteger(Math.log2(count));
}

function floorPower(count: number): number {
  return 2 ** Math.floor(Math.log2(count));
}
