// SPDX-License-Identifier: Apache-2.0
// What an agency looks at, as its desk writes it.

/** What somebody looks at: a target by its number or name, or a place for some time. */
export type Interest = Target | Presence;

/** One of `TARGETS`, by the values of its columns in that order, as they are written. */
export interface Target {
  readonly kind: string;
  readonly values: readonly string[];
}

/** A place, from one instant up to another. */
export interface Presence {
  readonly kind: "presence";
  readonly place: Around | { readonly municipality: string };
  /** `YYYY-MM-DDThh:mm:ssZ`; `to` is the first instant that is not in it. */
  readonly from: string;
  readonly to: string;
}

/** Everything within so many metres of a point, in millionths of a degree (WGS 84). */
interface Around {
  readonly latitudeMicro: number;
  readonly longitudeMicro: number;
  readonly metres: number;
}
