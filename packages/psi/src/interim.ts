// SPDX-License-Identifier: Apache-2.0
import { CryptoError, equal, type Group, type Primitives } from "@koplamp/crypto";
import { concat, i2osp, lp, utf8 } from "@koplamp/wire";

const ctxStr = concat(utf8("OPRFV1-"), Uint8Array.of(1), utf8("-ristretto255-SHA512"));
function xmd(p: Primitives, msg: Uint8Array, dst: Uint8Array): Uint8Array {
  const dstPrime = concat(dst, Uint8Array.of(dst.length));
  const b0 = p.sha512(concat(new Uint8Array(128), msg, i2osp(64, 2), Uint8Array.of(0), dstPrime));
  return p.sha512(concat(b0, Uint8Array.of(1), dstPrime));
}
export function hashToGroup(g: Group, p: Primitives, inputs: readonly Uint8Array[]): Uint8Array {
  const dst = concat(utf8("HashToGroup-"), ctxStr);
  return g.hashToGroup(concat(...inputs.map((i) => xmd(p, i, dst))));
}
export function hashToScalar(g: Group, p: Primitives, input: Uint8Array): Uint8Array {
  return g.reduce(xmd(p, input, concat(utf8("HashToScalar-"), ctxStr)));
}
export function finalize(p: Primitives, input: Uint8Array, n: Uint8Array): Uint8Array {
  return p.sha512(concat(lp(input), lp(n), utf8("Finalize")));
}
export function scalarsFromSeed(g: Group, p: Primitives, seed: Uint8Array, n: number): Uint8Array {
  return g.reduce(p.aes256Ctr(seed, 64 * n));
}
export interface Statement {
  readonly ctx: Uint8Array;
  readonly pk: Uint8Array;
  readonly C: Uint8Array;
  readonly D: Uint8Array;
}
function bars(g: Group, p: Primitives, { ctx, pk, C, D }: Statement): [Uint8Array, Uint8Array] {
  const m = C.length / 32;
  const seed = p.sha512(concat(lp("koplamp/dleq/1"), ctx, pk, i2osp(m, 4), C, D)).slice(0, 32);
  const w = p.aes256Ctr(seed, 16 * m);
  return [g.msm(w, C), g.msm(w, D)];
}
export function proveBatch(
  g: Group,
  p: Primitives,
  k: Uint8Array,
  st: Statement,
  seed: Uint8Array,
): Uint8Array {
  const [M, Z] = bars(g, p, st);
  const u = hashToScalar(g, p, concat(lp("koplamp/dleq/1/nonce"), k, M, seed));
  const c = hashToScalar(
    g,
    p,
    concat(lp("koplamp/dleq/1/challenge"), st.ctx, st.pk, M, Z, g.mulBase(u), g.mulSame(u, M)),
  );
  return concat(c, g.scalarSub(u, g.scalarMul(c, k)));
}
export function verifyBatch(g: Group, p: Primitives, st: Statement, proof: Uint8Array): void {
  const [M, Z] = bars(g, p, st);
  const [c, s] = [proof.slice(0, 32), proof.slice(32)];
  g.scalarCheck(concat(c, s), false);
  const t1 = g.addEach(g.mulBase(s), g.mulPoint(st.pk, c));
  const t2 = g.addEach(g.mulSame(s, M), g.mulSame(c, Z));
  const got = hashToScalar(g, p, concat(lp("koplamp/dleq/1/challenge"), st.ctx, st.pk, M, Z, t1, t2));
  if (!equal(got, c)) throw new CryptoError("invalid-proof", "a proof does not hold");
}
