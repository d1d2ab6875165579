// SPDX-License-Identifier: Apache-2.0
import { mkdir, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { commit, load, runCase } from "./bench-process.ts";
import { type BenchCase, type BenchRun, median } from "./bench-record.ts";
import { curveFiles } from "./curve-files.ts";
import { type CurvePoint, contractBytes } from "./curve-model.ts";
import { CURVES, type Curve } from "./curve-protocols.ts";
import { type Curves, type CurvesMachine, measuredCurve } from "./curve-record.ts";
import { SdkError } from "./errors.ts";
import { versions } from "./versions.ts";

/** Which curves are measured, and where. What is absent is as in the whole series. */
export interface CurvesArgs {
  /** One suite of the benchmark, or `all`. */
  readonly suite?: BenchCase["suite"] | "all";
  /** In place of each curve's own; over parties the least of them is taken. */
  readonly sizes?: readonly number[];
  /** The two smallest sizes and the two smallest numbers of parties: whether it works. */
  readonly quick?: boolean;
}

const SEED = 1;
/** Elements of each operation whose price is taken, and runs of it. */
const OPERATION = { size: 2048, quick: 512, runs: 3 };

/**
 * Measures every curve and writes its files into a folder, which is made where it is not there; gives their names. One process
 * and one run for each point, so that its peak of memory is its own, then a model of all points of a curve and what it
 * predicts. Answers and bytes are checked at every point.
 * @throws {SdkError} `state` when an answer is wrong, or when messages are not as long as the contract says.
 */
export async function curvesOnDisk(
  args: CurvesArgs,
  folder: string,
  write: (line: string) => void,
): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true }); // before minutes go into what has no place to go
  const files = curveFiles(await benchCurves(args, write));
  for (const [name, text] of files) await writeFile(join(folder, name), text);
  return [...files.keys()];
}

async function benchCurves(args: CurvesArgs, write: (line: string) => void): Promise<Curves> {
  const before = load();
  const curves = chosen(args);
  if (curves.length === 0)
    throw new SdkError("state", `no curve belongs to the suite "${args.suite}"`, "take another suite");
  const operationsUs = await pricesOf(args.quick === true);
  const results = new Map<string, Awaited<ReturnType<typeof runCase>>>();
  for (const given of curves.flatMap(casesOf)) {
    const key = JSON.stringify(given);
    if (results.has(key)) continue;
    const result = await runCase(given);
    results.set(key, result);
    const parts = Object.entries(result.parts).map(
      ([part, [run]]) => `${part} ${Math.round(run?.cpuMs ?? 0)} CPU-ms`,
    );
    write(
      `${given.suite}, ${given.parties} parties, ${given.size}: ${parts.join(", ")}, peak ${result.rssMiB} MiB`,
    );
  }
  const measured = curves.map((curve) => {
    const points = casesOf(curve).map((given) => {
      const result = results.get(JSON.stringify(given));
      const run = result?.parts[curve.part]?.[0];
      if (result === undefined || run === undefined)
        throw new SdkError("state", `${curve.id} was not measured`, "report it as a bug");
      return pointOf(curve, given, run, result.rssMiB);
    });
    return measuredCurve(curve, points, operationsUs);
  });
  return { machine: await machineOf(args, before), operationsUs, curves: measured };
}

function chosen({ suite = "all", sizes, quick = false }: CurvesArgs): readonly Curve[] {
  return CURVES.filter((curve) => suite === "all" || curve.suite === suite).map((curve) => {
    const own = sizes ?? (quick ? curve.sizes.slice(0, 2) : curve.sizes);
    const least = Math.min(...own);
    return {
      ...curve,
      sizes: own,
      parties: quick ? curve.parties.slice(0, 2) : curve.parties,
      with: sizes === undefined && !quick ? curve.with : least,
    };
  });
}

/** The cases of a curve's points: over sizes, then over parties, none of them twice. */
function casesOf(curve: Curve): readonly BenchCase[] {
  const { suite, backend, only, sizes, among, parties, with: size } = curve;
  const scales = [
    ...sizes.map((items) => ({ size: items, parties: among })),
    ...parties.map((count) => ({ size, parties: count })),
  ];
  const common = { suite, backend, runs: 1, seed: SEED, ...(only === undefined ? {} : { only }) };
  const all = scales.map((scale): BenchCase => ({ ...common, ...scale }));
  return [...new Map(all.map((given) => [JSON.stringify(given), given])).values()];
}

function pointOf(curve: Curve, given: BenchCase, run: BenchRun, rssMiB: number): CurvePoint {
  const scale = { items: given.size, parties: given.parties };
  const expected = contractBytes(curve, scale);
  if (run.bytesAll !== expected) {
    const message = `${curve.id} sent ${run.bytesAll} bytes at ${given.parties} parties of ${given.size}, and its contract says ${expected}`;
    throw new SdkError("state", message, "report it as a bug");
  }
  const coordinatorMs = curve.atCoordinator.reduce((sum, phase) => sum + (run.phasesMs[phase] ?? 0), 0);
  return {
    ...scale,
    nodesMs: run.cpuMs - coordinatorMs,
    coordinatorMs,
    rssMiB,
    bytes: run.bytesAll,
    operations: run.operations ?? {},
    keptBytes: run.bytesKept ?? 0,
  };
}

async function pricesOf(quick: boolean): Promise<Readonly<Record<string, number>>> {
  const size = quick ? OPERATION.quick : OPERATION.size;
  const { parts } = await runCase({
    suite: "group",
    backend: "kernel",
    parties: 1,
    size,
    runs: OPERATION.runs,
    seed: SEED,
  });
  return Object.fromEntries(
    Object.entries(parts).map(([name, runs]) => [
      name,
      (median(runs.map(({ cpuMs }) => cpuMs)) * 1000) / size,
    ]),
  );
}

async function machineOf({ suite, sizes, quick }: CurvesArgs, before: number): Promise<CurvesMachine> {
  const flags = [
    ...(suite === undefined || suite === "all" ? [] : [`--suite ${suite}`]),
    ...(sizes === undefined ? [] : [`--sizes ${sizes.join(",")}`]),
    ...(quick === true ? ["--quick"] : []),
  ];
  return {
    command: ["koplamp bench --curves", ...flags].join(" "),
    koplamp: (await versions()).koplamp,
    ...(await commit()),
    node: process.versions.node,
    cpuModel: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    load: [before, load()],
  };
}
