// SPDX-License-Identifier: Apache-2.0
// The proof of RFC 9497, section 2.2, for its vectors only. Its weights depend on one pair each: not for us.
import { concat, hex, i2osp, lp, utf8 } from "@koplamp/wire";
import type { Group } from "../src/group.ts";
import { hashToScalar } from "../src/oprf.ts";
import type { Primitives } from "../src/primitives.ts";

interface RfcStatement {
  readonly pk: Uint8Array;
  readonly C: Uint8Array;
  readonly D: Uint8Array;
}

/** `GenerateProof` with a given nonce. */
export function proveAsRfc(
  group: Group,
  primitives: Primitives,
  key: Uint8Array,
  statement: RfcStatement,
  nonce: Uint8Array,
): Uint8Array {
  const M = composite(group, primitives, statement, statement.C);
  const Z = group.mulSame(key, M);
  const c = challenge(group, primitives, [statement.pk, M, Z, group.mulBase(nonce), group.mulSame(nonce, M)]);
  return concat(c, group.scalarSub(nonce, group.scalarMul(c, key)));
}

/** `VerifyProof`. */
export function verifyAsRfc(
  group: Group,
  primitives: Primitives,
  statement: RfcStatement,
  proof: Uint8Array,
): boolean {
  const [M, Z] = [statement.C, statement.D].map((points) => composite(group, primitives, statement, points));
  if (M === undefined || Z === undefined) return false;
  const [c, s] = [proof.subarray(0, 32), proof.subarray(32)];
  const first = group.addEach(group.mulBase(s), group.mulSame(c, statement.pk));
  const second = group.addEach(group.mulSame(s, M), group.mulSame(c, Z));
  return hex(challenge(group, primitives, [statement.pk, M, Z, first, second])) === hex(c);
}

function composite(
  group: Group,
  primitives: Primitives,
  { pk, C, D }: RfcStatement,
  points: Uint8Array,
): Uint8Array {
  const seed = primitives.sha512(concat(lp(pk), lp("Seed-OPRFV1-\u0001-ristretto255-SHA512")));
  const terms = Array.from({ length: C.length / 32 }, (_, at) => {
    const [from, to] = [at * 32, at * 32 + 32];
    const pair = concat(lp(C.subarray(from, to)), lp(D.subarray(from, to)));
    const input = concat(lp(seed), i2osp(at, 2), pair, utf8("Composite"));
    return group.mulSame(hashToScalar(group, primitives, input), points.subarray(from, to));
  });
  return terms.reduce((sum, term) => group.addEach(sum, term));
}

function challenge(group: Group, primitives: Primitives, elements: readonly Uint8Array[]): Uint8Array {
  return hashToScalar(
    group,
    primitives,
    concat(...elements.map((element) => lp(element)), utf8("Challenge")),
  );
}
