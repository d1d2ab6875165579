// SPDX-License-Identifier: Apache-2.0
// What the module exports. Operands are packed at LEFT and RIGHT, results at RESULT.
import { initField } from "./field";
import { initHash } from "./hash";
import { initProduct } from "./product";

export { expand } from "./hash";
export { hashBegin, hashEach, hashWipe } from "./batch-hash";
export { foldEach, foldEnd, scaleBegin, scaleEach, scaleWipe } from "./gf128";
export { combine, decodeCheck, hashToGroup, makeTable, mulSame, mulTable, wipe } from "./batch";
export { BAND, MOST_BAND, MOST_SUMS, PICKS, pickEach, picksWipe, SUMS } from "./picks";
export { macBegin, macEach, macWipe } from "./mac";
export { msmAdd, msmBegin, msmEnd } from "./msm";
export { LEFT, MESSAGE, MOST, MOST_MESSAGE, RESULT, RIGHT } from "./memory";

initProduct();
initField();
initHash();
