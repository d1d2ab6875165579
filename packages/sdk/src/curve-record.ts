// SPDX-License-Identifier: Apache-2.0
import {
  type CurveModel,
  type CurvePoint,
  floorMs,
  modelOf,
  type Prediction,
  predicted,
} from "./curve-model.ts";
import type { Curve } from "./curve-protocols.ts";

/** On what, and of what, curves were measured. */
export interface CurvesMachine {
  readonly command: string;
  readonly koplamp: string;
  readonly commit?: string;
  readonly node: string;
  readonly cpuModel: string;
  readonly cores: number;
  readonly memoryMiB: number;
  /** One-minute load before and after: above 0.3 a core, other work disturbed the figures. */
  readonly load: readonly [before: number, after: number];
}

/** One curve as it was measured, with its model and what that predicts. */
export interface MeasuredCurve {
  readonly curve: Curve;
  readonly points: readonly (CurvePoint & { readonly floorMs: number })[];
  readonly model: CurveModel;
  readonly prediction: Prediction;
}

/** All curves of a run. */
export interface Curves {
  readonly machine: CurvesMachine;
  /** CPU-µs of one element, by operation of the group, in this run. */
  readonly operationsUs: Readonly<Record<string, number>>;
  readonly curves: readonly MeasuredCurve[];
}

/** What the model is asked about. */
const QUESTION = { agencies: 10, items: 100_000_000 };

/** A curve with its model. */
export function measuredCurve(
  curve: Curve,
  points: readonly CurvePoint[],
  operationsUs: Readonly<Record<string, number>>,
): MeasuredCurve {
  const model = modelOf(curve, points);
  return {
    curve,
    points: points.map((point) => ({ ...point, floorMs: floorMs(point.operations, operationsUs) })),
    model,
    prediction: predicted(curve, model, QUESTION),
  };
}
