// SPDX-License-Identifier: Apache-2.0
// What a hostile party may do with a message of the control plane: one deviation for each field and each form.
import { canonicalBytes, fromUtf8 } from "@koplamp/wire";

type Json = null | boolean | number | string | readonly Json[] | { readonly [field: string]: Json };

/** One way in which a message is not what an honest party would have sent. */
export interface Deviation {
  /** What was done, to which field. */
  readonly name: string;
  readonly body: Uint8Array;
}

const NOT_JSON = ["ready/", "boots", "channel/"];

/** Every deviation of a message: of each of its fields, or of its bytes where it is no JSON. */
export function deviationsOf(topic: string, body: Uint8Array): readonly Deviation[] {
  const raw = NOT_JSON.some((part) => topic.includes(part)) || body[0] !== 0x7b;
  return raw ? bytesChanged(body) : fieldsChanged(JSON.parse(fromUtf8(body)) as Json);
}

function bytesChanged(body: Uint8Array): readonly Deviation[] {
  const flipped = body.map((byte, at) => (at === 0 ? byte ^ 1 : byte));
  return [
    { name: "a bit turned", body: flipped },
    { name: "one byte short", body: body.slice(0, -1) },
    { name: "one byte long", body: Uint8Array.of(...body, 0) },
    { name: "empty", body: new Uint8Array() },
    { name: "64 KiB of zeros", body: new Uint8Array(2 ** 16) },
  ];
}

function fieldsChanged(message: Json): readonly Deviation[] {
  const fields = pathsOf(message).flatMap((path) =>
    changesOf(at(message, path)).map(([what, value]) => ({
      name: `${path.join(".")}: ${what}`,
      body: canonicalBytes(put(message, path, value)),
    })),
  );
  const more = { ...(message as object), unknown: 1 };
  return [...fields, { name: "a field that nobody knows", body: canonicalBytes(more) }];
}

type Path = readonly (string | number)[];

/** Every place in a message; of a long list the first two. */
function pathsOf(value: Json, path: Path = []): readonly Path[] {
  if (Array.isArray(value)) {
    const inner = value.slice(0, 2).flatMap((one: Json, index) => pathsOf(one, [...path, index]));
    return [path, ...inner];
  }
  if (value === null || typeof value !== "object") return [path];
  const inner = Object.entries(value).flatMap(([field, one]) => pathsOf(one, [...path, field]));
  return path.length === 0 ? inner : [path, ...inner];
}

function at(value: Json, path: Path): Json {
  return path.reduce<Json>((inner, step) => (inner as Record<string | number, Json>)[step] ?? null, value);
}

const ABSENT = Symbol("absent");

function put(value: Json, [step, ...rest]: Path, changed: Json | typeof ABSENT): Json | typeof ABSENT {
  if (step === undefined) return changed;
  const inner = put(at(value, [step]), rest, changed);
  if (Array.isArray(value)) {
    const list: readonly Json[] = value;
    return list.flatMap((one, index) => (index !== step ? [one] : inner === ABSENT ? [] : [inner]));
  }
  const fields = Object.entries(value as Record<string, Json>);
  return Object.fromEntries(
    fields.flatMap(([field, one]) =>
      field !== step ? [[field, one]] : inner === ABSENT ? [] : [[field, inner]],
    ),
  );
}

function changesOf(value: Json): readonly (readonly [string, Json | typeof ABSENT])[] {
  const common = [
    ["absent", ABSENT],
    ["of another type", typeof value === "string" ? 1 : "x"],
  ] as const;
  if (typeof value === "string") {
    const turned = `${value.startsWith("b") ? "c" : "b"}${value.slice(1)}`;
    return [...common, ["changed", turned], ["empty", ""], ["of 3,000 characters", "a".repeat(3000)]];
  }
  if (typeof value === "number") {
    return [...common, ["one more", value + 1], ["negative", -1], ["the largest", Number.MAX_SAFE_INTEGER]];
  }
  if (typeof value === "boolean") return [...common, ["turned", !value]];
  if (Array.isArray(value)) {
    const list: readonly Json[] = value;
    return [...common, ["empty", []], ["doubled", [...list, ...list]]];
  }
  return common;
}
