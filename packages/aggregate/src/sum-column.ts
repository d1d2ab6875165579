// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import type { Noise } from "./calibration.ts";
import type { Moment } from "./moments.ts";
import type { Range } from "./session.ts";
import type { Limb } from "./sum-limbs.ts";

/** One number of every cell. */
export interface SumColumn {
  /**
   * `count`: rows. `contributors`: parties with a row. `sum`: the sum of a column of the dataset. `values`: rows with a
   * value in it. `moment`: the sum of a product, for statistics. `part` and `top`: what one party put in, and one of its
   * largest records, for the rules alone.
   */
  readonly kind: "count" | "contributors" | "sum" | "values" | "moment" | "part" | "top";
  /** The dataset's column, or the name of the moment; empty for `count` and `contributors`. */
  readonly of: string;
  /** Present with kind `moment`. */
  readonly moment?: Moment;
  /** Whose part it is, and with kind `top` how many of its records are larger. */
  readonly party?: PartyId;
  readonly rank?: number;
  /** Which part of the sum it is, where one slot could not hold the whole. */
  readonly limb?: Limb;
  /** By contributor, what it can be at most and at least. */
  readonly ranges: Readonly<Record<PartyId, Range>>;
  /** What each contributor adds to it in every cell; absent where it is summed as it is. */
  readonly noise?: Noise;
}
