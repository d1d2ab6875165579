// SPDX-License-Identifier: Apache-2.0
// An index as an asker keeps it: in sealed pages, of which a question opens one.
import { MemoryVault } from "@koplamp/protocol";
import { concat, hex } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodePrimitives } from "../../pool/src/index.ts";
import { ascending, distinctRows } from "../src/ascending.ts";
import type { PsiError } from "../src/errors.ts";
import { IndexPages, sealPages } from "../src/lookup-pages.ts";

const primitives = nodePrimitives();
const ROUTE = { context: new Uint8Array(32).fill(7), holder: "holder", asker: "asker" };
const vault = (cacheKey = 1): MemoryVault => new MemoryVault({ cacheKey: new Uint8Array(32).fill(cacheKey) });
const seeded = (seed: number): Uint8Array => new Uint8Array(32).fill(seed);

/** Ascending tokens, each once. */
function tokensOf(count: number, seed: number): Uint8Array {
  const random = primitives.aes256Ctr(seeded(seed), count * 16);
  return distinctRows(random, 16, ascending(random, 16));
}

const LIST = tokensOf(10_000, 3); // two whole pages, and a part of a third
const SEALED = sealPages(primitives, vault(), ROUTE, { tokens: LIST, seed: seeded(1) });
const PAGE = 4096 * 16 + 28;
const FIRST = SEALED.length - 2 * PAGE - (10_000 - 8192) * 16 - 28;

function opened(sealed: Uint8Array, route = ROUTE, cacheKey = 1): IndexPages {
  return new IndexPages(primitives, vault(cacheKey), route, sealed);
}

/** What opening all pages throws. */
function codeOf(sealed: Uint8Array, route = ROUTE, cacheKey = 1): string {
  try {
    opened(sealed, route, cacheKey).all();
    return "none";
  } catch (error) {
    return (error as PsiError).code;
  }
}

describe("an index in pages", () => {
  it("has the tokens that were sealed, in their order, and no others", () => {
    expect(opened(SEALED).tokens).toBe(10_000);
    expect(opened(SEALED).all()).toEqual(LIST);
    const listed = new Set(
      Array.from({ length: 10_000 }, (_, at) => hex(LIST.subarray(16 * at, 16 * at + 16))),
    );
    const pages = opened(SEALED);
    const token = fc.oneof(
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc
        .tuple(fc.constantFrom(0, 1, 4094, 4095, 4096, 4097, 8191, 8192, 9999), fc.constantFrom(-1, 0, 1))
        .map(([at, step]) => stepped(LIST.slice(16 * at, 16 * at + 16), step)),
    );
    fc.assert(
      fc.property(token, (one) => {
        expect(pages.has(concat(new Uint8Array(5), one), 5)).toBe(listed.has(hex(one)));
      }),
      { numRuns: 500 },
    );
    pages.close();
  });

  it.each([0, 1, 4095, 4096, 4097])("may have %i tokens", (count) => {
    const tokens = tokensOf(count, 5);
    const sealed = sealPages(primitives, vault(), ROUTE, { tokens, seed: seeded(2) });
    expect(opened(sealed).all()).toEqual(tokens);
    expect(opened(sealed).has(seeded(9), 0)).toBe(false);
  });

  it("is of no use under another node's key, or for another index", () => {
    expect(codeOf(SEALED)).toBe("none");
    expect(codeOf(SEALED, ROUTE, 2)).toBe("index");
    expect(codeOf(SEALED, { ...ROUTE, context: new Uint8Array(32) })).toBe("index");
  });

  it("is refused with a page of another place or of an earlier sealing, a byte more or less, or another byte", () => {
    const earlier = sealPages(primitives, vault(), ROUTE, { tokens: LIST, seed: seeded(4) });
    const [first, second] = [SEALED.slice(FIRST, FIRST + PAGE), SEALED.slice(FIRST + PAGE, FIRST + 2 * PAGE)];
    const changed = (at: number, bytes: Uint8Array): Uint8Array =>
      concat(SEALED.subarray(0, at), bytes, SEALED.subarray(at + bytes.length));
    const damaged = [
      changed(FIRST, concat(second, first)),
      changed(FIRST, earlier.subarray(FIRST, FIRST + PAGE)),
      changed(0, earlier.subarray(0, FIRST)),
      SEALED.subarray(1),
      SEALED.subarray(0, -1),
      concat(SEALED, new Uint8Array(1)),
      SEALED.subarray(0, FIRST + PAGE),
      ...[0, 19, 30, 70, FIRST + 20, SEALED.length - 1].map((at) =>
        changed(at, Uint8Array.of((SEALED[at] ?? 0) ^ 1)),
      ),
      new Uint8Array(),
    ];
    expect(damaged.map((bytes) => codeOf(bytes))).toEqual(damaged.map(() => "index"));
  });
});

/** The token after or before this one, as numbers. */
function stepped(token: Uint8Array, step: number): Uint8Array {
  const value = BigInt.asUintN(128, BigInt(`0x${hex(token)}`) + BigInt(step));
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(32, "0"), "hex"));
}
