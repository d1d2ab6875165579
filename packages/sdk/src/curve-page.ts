// SPDX-License-Identifier: Apache-2.0

import { percent, shortNumber } from "./curve-chart.ts";
import type { Priced } from "./curve-model.ts";
import type { Curves, MeasuredCurve } from "./curve-record.ts";

/** The models of a run and what they predict, as a page in Markdown. */
export function curvesPage(curves: Curves): string {
  const { machine, operationsUs, curves: all } = curves;
  const operations = Object.entries(operationsUs).map(([name, us]) => `\`${name}\` ${figure(us)}`);
  const [first] = all;
  return `# Curves

Written by \`${machine.command}\`${machine.commit === undefined ? "" : ` at commit \`${machine.commit.slice(0, 12)}\``}: change nothing here by hand. Koplamp
${machine.koplamp}, Node ${machine.node}, ${machine.cores} cores of ${machine.cpuModel}, ${machine.memoryMiB} MiB; load ${machine.load.join(" before, ")} after, so
${machine.load.some((load) => load > 0.3 * machine.cores) ? "**other work ran on the machine**: compare CPU time, and that with care" : "the machine was otherwise idle"}.

Each point is one run in a process of its own, all parties in one thread, without network and ledger; every answer was checked,
and every message counted: at each of the ${all.reduce((sum, { points }) => sum + points.length, 0)} points the bytes are exactly those of the contract's formula. Sizes are in [curves.json](curves.json).

## CPU time

Least squares of relative errors. The floor is what the operations of the group alone cost, counted while they ran, at the prices
of the same run in CPU-µs an element: ${operations.join(", ")}. A session without such operations has no floor here.

| Protocol | CPU time of all parties | Error: typical, worst | Coordinator | Floor, largest point |
| --- | --- | --- | --- | --- |
${all.map(cpuRow).join("\n")}

## Memory

Of one process with all parties in it, their inputs made and their answers checked there; a node holds its own part.

| Protocol | MiB | Error: typical, worst |
| --- | --- | --- |
${all.map(memoryRow).join("\n")}

## ${first?.prediction.agencies} agencies with ${first?.prediction.items.toLocaleString("en")} items each

**Reckoned, not run.** The lists are longer than one session takes: the number of sessions is what they would have to be cut
into, without the padding of shards, and **this release cuts matches only**. CPU time is the model's at the size of one session, which is itself beyond the
measured sizes, times the sessions. Up, down and disk are of one agency, without its own files, ledger and evidence. Wall time is
the CPU time of one agency and that of the coordinator, one after the other, over that many cores, all busy: an ideal, since how
far a node's workers fall short of it was not measured here, and 64 cores were not there. The network is apart: a gigabit carries 450 GB in an hour.

| Protocol | Sessions, items in each | CPU time in all | of it the coordinator | Up, down | Disk | On 2, 64 cores |
| --- | --- | --- | --- | --- | --- | --- |
${all.map(predictionRow).join("\n")}

${all.map(({ curve }) => `- ${curve.title}: ${curve.meant}.`).join("\n")}

## Pictures

${all.map(({ curve }) => `![${curve.title}: CPU time, memory and bytes](${curve.id}.svg)`).join("\n\n")}
`;
}

function cpuRow({ curve, points, model }: MeasuredCurve): string {
  const { nodes, coordinator } = model;
  const largest = points.reduce((most, one) => (one.nodesMs > most.nodesMs ? one : most));
  const floor = largest.floorMs > 0 ? `${percent(largest.floorMs / largest.nodesMs)} of it` : "";
  const search = curve.atCoordinator.length === 0 ? "" : priced(coordinator, 1000, "µs");
  return row(curve.title, priced(nodes, 1000, "µs"), errors(nodes), search, floor);
}

function memoryRow({ curve, model: { memory } }: MeasuredCurve): string {
  const [fixed = 0, each = 0] = memory.prices;
  return row(
    curve.title,
    `${figure(fixed)} + ${figure(each * 2 ** 20)} bytes an item of a party`,
    errors(memory),
  );
}

function predictionRow({ curve, prediction }: MeasuredCurve): string {
  const { sessions, sessionItems, cpuHours, coordinatorHours, bytesUp, bytesDown, diskBytes, wallHours } =
    prediction;
  return row(
    curve.title,
    `${sessions.toLocaleString("en")} of ${sessionItems.toLocaleString("en")}`,
    duration(cpuHours),
    coordinatorHours > 0 ? duration(coordinatorHours) : "",
    `${shortNumber(bytesUp)}B, ${shortNumber(bytesDown)}B`,
    diskBytes > 0 ? `${shortNumber(diskBytes)}B` : "",
    `${duration(wallHours.cores2)}, ${duration(wallHours.cores64)}`,
  );
}

function row(...cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** A model as a sum: the first price, of a session, in ms; the others in a smaller unit. Terms without a price are left out. */
function priced({ prices, terms }: Priced, times: number, unit: string): string {
  const parts = terms.flatMap((name, at) => {
    const price = prices[at] ?? 0;
    if (price === 0) return [];
    return [at === 0 ? `${figure(price)} ms` : `${figure(price * times)} ${unit} × ${name}`];
  });
  return parts.length === 0 ? "" : parts.join(" + ");
}

function errors({ rms, worst }: Priced): string {
  return `${percent(rms)}, ${percent(worst)}`;
}

/** Hours in the unit in which they are at least one. */
function duration(hours: number): string {
  if (hours >= 1) return `${figure(hours)} h`;
  return hours >= 1 / 60 ? `${figure(hours * 60)} min` : `${figure(hours * 3600)} s`;
}

/** Three digits that count. */
function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : `${Number(value.toPrecision(3))}`;
}
