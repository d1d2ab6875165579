// SPDX-License-Identifier: Apache-2.0
import { concat, fromHex, hex } from "@koplamp/wire/core";
import { CryptoError } from "./errors.ts";
import { type Group, POINT_BYTES, SCALAR_BYTES, WEIGHT_BYTES } from "./group.ts";
import { finalize, hashToGroup } from "./oprf.ts";
import type { Primitives } from "./primitives.ts";

/** 1·B, 2·B and 3·B (RFC 9496, appendix A.1). */
const MULTIPLES: readonly Uint8Array[] = [
  "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76",
  "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919",
  "94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259",
].map(fromHex);
/**
 * Non-canonical, negative and non-square encodings (RFC 9496, appendix A.2), the identity, which we refuse too, and
 * 1·B with bit 255 set, which libsodium 1.0.18 takes for 1·B.
 */
const REFUSED: readonly Uint8Array[] = [
  "00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2df6",
].map(fromHex);
/** The one-way map (RFC 9496, appendix A.3). */
const UNIFORM: Uint8Array = fromHex(
  "5d1be09e3d0c82fc538112490e35701979d99e06ca3e2b5b54bffe8b4dc772c1" +
    "4d98b696a1bbfb5ca32c436cc61c16563790306c79eaca7705668b47dffe5bb6",
);
const MAPPED = "3066f82a1a747d45120d1740f14358531a8f04bbffe6a819f86dfe50f44a0a46";
/** A test of RFC 9497, appendix A.1.2 (ristretto255-SHA512, VOPRF mode), test vector 1. Its keys are public. */
const OPRF = {
  input: Uint8Array.of(0),
  key: fromHex("e6f73f344b79b379f1a0dd37e07ff62e38d9f71345ce62ae3a9bc60b04ccd909"),
  publicKey: "c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e",
  blind: fromHex("64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706"),
  blinded: "863f330cc1a1259ed5a5998a23acfd37fb4351a793a5b3c090b642ddc439b945",
  evaluated: "aa8fa048764d5623868679402ff6108d2521884fa138cd7f9c7669a9a014267e",
  output:
    "b58cfbe118e0cb94d79b5fd6a6dafb98764dff49c14e1770b566e42402da1a7d" +
    "a4d8527693914139caee5bd03903af43a491351d23b430948dd50cde10d32b3c",
};

/**
 * Runs a backend on published vectors, at every start: one that differs anywhere must not serve.
 * @throws {CryptoError} `backend`, naming what differs.
 */
export function selfTest(group: Group, primitives?: Primitives): void {
  const check = (what: string, given: () => string, expected: string) => {
    if (attempt(given) !== expected) {
      throw new CryptoError("backend", `${group.name} differs from the published vectors: ${what}`);
    }
  };
  checkElements(group, check);
  checkScalars(group, check);
  checkOprf(group, check);
  if (primitives !== undefined) checkHashes(group, primitives, check);
}

type Check = (what: string, given: () => string, expected: string) => void;

const REFUSAL = "refused";

/** The result, or what says that the backend refused. A crash is no refusal. */
function attempt(given: () => string): string {
  try {
    return given();
  } catch (error) {
    return error instanceof CryptoError ? REFUSAL : "failed";
  }
}

function checkElements(group: Group, check: Check): void {
  const [one, two, three] = MULTIPLES.map(hex);
  const [B = OPRF.blind, twoB = OPRF.blind] = MULTIPLES;
  const [first, second, third] = [1, 2, 3].map(small);
  const multiples = concat(...[first, second, third].map((scalar) => scalar ?? OPRF.key));
  check("multiples of the base", () => hex(group.mulBase(multiples)), `${one}${two}${three}`);
  check("multiples of a point", () => hex(group.mulPoint(B, multiples)), `${one}${two}${three}`);
  check("addition", () => hex(group.addEach(B, twoB)), `${three}`);
  check("subtraction", () => hex(group.subEach(twoB, B)), `${one}`);
  check("identity as a sum", () => hex(group.subEach(B, B)), REFUSAL);
  check("identity as a product", () => hex(group.mulSame(new Uint8Array(SCALAR_BYTES), B)), REFUSAL);
  check("one-way map", () => hex(group.hashToGroup(UNIFORM)), MAPPED);
  const weights = concat(small(1).subarray(0, WEIGHT_BYTES), small(1).subarray(0, WEIGHT_BYTES));
  check("multi-scalar sum", () => hex(group.msm(weights, concat(B, twoB))), `${three}`);
  check("valid elements", () => accepted(group, concat(...MULTIPLES)), "accepted");
  for (const bad of REFUSED) {
    check("element not refused", () => accepted(group, concat(B, bad)), REFUSAL);
    check("element not refused in a product", () => hex(group.mulSame(OPRF.key, bad)), REFUSAL);
    check("element not refused in a sum", () => hex(group.addEach(B, bad)), REFUSAL);
  }
}

function accepted(group: Group, points: Uint8Array): string {
  group.decodeCheck(points);
  return "accepted";
}

function checkScalars(group: Group, check: Check): void {
  const { key, blind } = OPRF;
  const one = hex(small(1));
  check("inverse", () => hex(group.scalarMul(blind, group.scalarInvert(blind))), one);
  check("difference", () => hex(group.scalarSub(group.scalarAdd(key, blind), blind)), hex(key));
  check("reduction", () => hex(group.reduce(concat(key, new Uint8Array(SCALAR_BYTES)))), hex(key));
  const large = new Uint8Array(SCALAR_BYTES).fill(0xff);
  check("scalar not refused", () => hex(group.mulBase(large)), REFUSAL);
  check("zero not refused", () => hex(group.reduce(new Uint8Array(2 * SCALAR_BYTES))), REFUSAL);
}

function checkOprf(group: Group, check: Check): void {
  check("public key", () => hex(group.mulBase(OPRF.key)), OPRF.publicKey);
  check("evaluation", () => hex(group.mulSame(OPRF.key, fromHex(OPRF.blinded))), OPRF.evaluated);
}

function checkHashes(group: Group, primitives: Primitives, check: Check): void {
  const { input, blind } = OPRF;
  const blinded = () => group.mulSame(blind, hashToGroup(group, primitives, [input]));
  const unblinded = () => group.mulSame(group.scalarInvert(blind), fromHex(OPRF.evaluated));
  check("hash to group", () => hex(blinded()), OPRF.blinded);
  check("output", () => hex(finalize(primitives, input, unblinded())), OPRF.output);
}

function small(value: number): Uint8Array {
  const bytes = new Uint8Array(POINT_BYTES);
  bytes[0] = value;
  return bytes;
}
