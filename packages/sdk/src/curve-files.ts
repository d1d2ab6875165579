// SPDX-License-Identifier: Apache-2.0
// A run of curves as files: all figures as JSON, one picture for each curve, and a page with the models in words.
import { bucket } from "@koplamp/wire";
import type { Scale } from "./curve-bytes.ts";
import { type ChartPanel, type ChartPoint, curveSvg, percent } from "./curve-chart.ts";
import { type CurvePoint, contractBytes, cpuAt, floorMs, memoryAt } from "./curve-model.ts";
import { curvesPage } from "./curve-page.ts";
import type { Curves, MeasuredCurve } from "./curve-record.ts";

/** The files of a run, by name: the same text for the same run. */
export function curveFiles(curves: Curves): ReadonlyMap<string, string> {
  return new Map([
    ["curves.json", curvesJson(curves)],
    ["curves.md", curvesPage(curves)],
    ...curves.curves.map((one) => [`${one.curve.id}.svg`, curvePicture(one, curves)] as const),
  ]);
}

function curvesJson({ machine, operationsUs, curves }: Curves): string {
  const all = curves.map(({ curve, points, model, prediction }) => {
    const { id, title, unit, suite, backend, part } = curve;
    return { id, title, unit, suite, backend, part, points, model, prediction };
  });
  const short = (_key: string, value: unknown): unknown =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
  return `${JSON.stringify({ machine, operationsUs, curves: all }, short, 1)}\n`;
}

/** CPU, memory and bytes over sizes, and the same over parties. */
function curvePicture(measured: MeasuredCurve, { operationsUs }: Pick<Curves, "operationsUs">): string {
  const { curve, points, model } = measured;
  const overSizes = points.filter(({ parties }) => parties === curve.among);
  const overParties = points.filter(({ items }) => items === curve.with);
  const sizes = bucketsBetween(overSizes.map(({ items }) => items)).map((items) => ({
    items,
    parties: curve.among,
  }));
  const counts = numbersBetween(overParties.map(({ parties }) => parties)).map((parties) => ({
    items: curve.with,
    parties,
  }));
  const among = curve.parties.length === 0 ? "" : ` of ${curve.among} parties`;
  return curveSvg({
    title: curve.title,
    subtitle: "measured points, the model as a line, its floor dotted",
    panels: [
      ...panelsOf(measured, operationsUs, `by ${curve.unit}${among}`, overSizes, sizes, ({ items }) => items),
      ...(curve.parties.length === 0
        ? []
        : panelsOf(
            measured,
            operationsUs,
            `by parties, ${curve.with} ${curve.unit}`,
            overParties,
            counts,
            ({ parties }) => parties,
          )),
    ],
    notes: [
      `CPU time of the parties lies ${percent(model.nodes.rms)} from the model, at most ${percent(model.nodes.worst)}; memory ${percent(model.memory.rms)}, at most ${percent(model.memory.worst)}. Bytes are those of the contract at every point.`,
    ],
  });
}

function panelsOf(
  { curve, model }: MeasuredCurve,
  operationsUs: Curves["operationsUs"],
  over: string,
  points: readonly CurvePoint[],
  scales: readonly Scale[],
  place: (scale: Scale) => number,
): readonly ChartPanel[] {
  const panel = (
    label: string,
    measuredOf: (point: CurvePoint) => number,
    modelAt: (scale: Scale) => number,
    floorAt: (scale: Scale) => number = () => 0,
  ): ChartPanel => {
    const line = (at: (scale: Scale) => number): readonly ChartPoint[] =>
      scales.map((scale) => ({ x: place(scale), y: at(scale) })).filter(({ y }) => y > 0);
    const measured = points.map((point) => ({ x: place(point), y: measuredOf(point) }));
    return { label: `${label}, ${over}`, measured, model: line(modelAt), floor: line(floorAt) };
  };
  const cpuOf = ({ nodesMs, coordinatorMs }: { nodesMs: number; coordinatorMs: number }): number =>
    nodesMs + coordinatorMs;
  return [
    panel(
      "CPU-ms",
      cpuOf,
      (scale) => cpuOf(cpuAt(curve, model, scale)),
      (scale) => floorMs(curve.operations(scale), operationsUs),
    ),
    panel(
      "MiB at the peak",
      ({ rssMiB }) => rssMiB,
      (scale) => memoryAt(model, scale),
    ),
    panel(
      "bytes sent",
      ({ bytes }) => bytes,
      (scale) => contractBytes(curve, scale),
    ),
  ];
}

/** Every bucket from the least to the most of these. */
function bucketsBetween(sizes: readonly number[]): readonly number[] {
  const most = Math.max(...sizes);
  const all = [Math.min(...sizes)];
  for (let next = bucket((all[0] ?? 0) + 1); next < most; next = bucket(next + 1)) all.push(next);
  return all[0] === most ? all : [...all, most];
}

function numbersBetween(numbers: readonly number[]): readonly number[] {
  const least = Math.min(...numbers);
  return numbers.length === 0
    ? []
    : Array.from({ length: Math.max(...numbers) - least + 1 }, (_, at) => least + at);
}
