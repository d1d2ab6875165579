// SPDX-License-Identifier: Apache-2.0
// `@koplamp/wire/core`: what protocols and their jobs need of this package. A worker thread that imports it reads no forms
// of documents and no kinds of columns, which are most of the package and of the time until a thread is ready.
export { cubeOfTrend, measuredColumn, ownColumn } from "./documents/asks.ts";
export {
  INTERCEPT,
  measuredColumns,
  measureText,
  parseMeasure,
  parseRange,
  R_SQUARED,
} from "./documents/measures.ts";
export { concat, i2osp, lp } from "./encoding.ts";
export { headLength } from "./input.ts";
export { selectInputs, stretchOf } from "./input-list.ts";
export { base64, fromBase64, fromHex, fromUtf8, hex, utf8 } from "./text.ts";
