// SPDX-License-Identifier: Apache-2.0
export type * from "./documents/types.ts";
export { concat, i2osp, lp } from "./encoding.ts";
export { KINDS, type KindSpec } from "./kind-table.ts";
export type { Line, Post, Posted } from "./line.ts";
export type { Cell, ColumnKind, ColumnQuality, ColumnSpec, DatasetSpec, Quality, Table } from "./table.ts";
export { base64, fromBase64, fromHex, fromUtf8, hex, utf8 } from "./text.ts";
