// SPDX-License-Identifier: Apache-2.0
// Money flows as one SVG file: origins on the left, destinations on the right, bands as wide as the sums between them. A
// flow that is withheld is a dotted line of its own, so that a reader does not take it for none.
import { cut, escaped, pictureSvg, round, TOP, WIDTH } from "./picture.ts";

/** What went from one place to another. */
export interface Flow {
  readonly from: string;
  readonly to: string;
  /** Absent where all of it is withheld. Not below zero. */
  readonly value?: number;
  /** In words, where all or some of it is withheld. */
  readonly withheld?: string;
}

/** A diagram. All text is plain: it is escaped here. */
export interface FlowDiagram {
  readonly title: string;
  /** What is measured: `sum(amount)`. */
  readonly measure: string;
  /** In the order in which origins and destinations are drawn. */
  readonly flows: readonly Flow[];
  /** A sentence or two under the diagram. */
  readonly note: string;
  /** A number as people read it. */
  readonly format: (value: number) => string;
  /** The word for a place of which every flow is withheld. */
  readonly withheld: string;
}

const LEFT = 132;
const RIGHT = WIDTH - LEFT;
const NODE = 7;
const GAP = 12;
/** Room for a name with its sum under it. */
const LEAST = 34;
/** Height of all bands together, where names do not need more. */
const BANDS = 300;
/** What a withheld flow takes at a node. */
const HIDDEN = 4;
/** Characters of a name, and of a sum under it. */
const LABEL = 14;
const SUM = 16;
const COLOURS = 8;

/** The diagram as the text of an SVG file. At least one flow. */
export function sankeySvg(diagram: FlowDiagram): string {
  const { title, measure, flows, note } = diagram;
  const all = flows.reduce((sum, { value = 0 }) => sum + value, 0);
  const scale = BANDS / (all || 1);
  const [origins, destinations] = [side(flows, "from", scale), side(flows, "to", scale)];
  const bottom = TOP + Math.max(heightOf(origins), heightOf(destinations));
  const drawn = flows.map((flow) => band(flow, origins, destinations, scale, diagram));
  const body = [
    ...drawn.filter(({ hidden }) => !hidden).map(({ text }) => text),
    ...drawn.filter(({ hidden }) => hidden).map(({ text }) => text),
    ...[...origins.values()].map((node) => nodeText(node, LEFT, diagram)),
    ...[...destinations.values()].map((node) => nodeText(node, RIGHT, diagram)),
  ];
  return pictureSvg({
    title,
    subtitle: measure,
    description: described(diagram),
    body: body.join("\n"),
    bottom,
    notes: [note],
  });
}

/** An origin or a destination, and up to where its bands are drawn. */
interface Place {
  readonly name: string;
  readonly sum: number;
  readonly partly: boolean;
  /** Whether anything of it is told. */
  readonly shown: boolean;
  readonly y: number;
  readonly height: number;
  readonly number: number;
  drawn: number;
}

function side(flows: readonly Flow[], end: "from" | "to", scale: number): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  let y = TOP;
  for (const name of new Set(flows.map((flow) => flow[end]))) {
    const own = flows.filter((flow) => flow[end] === name);
    const sum = own.reduce((total, { value = 0 }) => total + value, 0);
    const hidden = own.filter(({ value }) => value === undefined).length;
    const bands = sum * scale + hidden * HIDDEN;
    const height = Math.max(LEAST, bands);
    const partly = own.some(({ withheld }) => withheld !== undefined);
    const shown = hidden < own.length;
    places.set(name, {
      name,
      sum,
      partly,
      shown,
      y,
      height,
      number: places.size,
      drawn: y + (height - bands) / 2,
    });
    y += height + GAP;
  }
  return places;
}

function heightOf(places: ReadonlyMap<string, Place>): number {
  return [...places.values()].reduce((sum, { height }) => sum + height + GAP, -GAP);
}

/** One flow: a band between the next free stretch of its origin and that of its destination. */
function band(
  flow: Flow,
  origins: ReadonlyMap<string, Place>,
  destinations: ReadonlyMap<string, Place>,
  scale: number,
  diagram: FlowDiagram,
): { readonly text: string; readonly hidden: boolean } {
  const [from, to] = [origins.get(flow.from), destinations.get(flow.to)];
  if (from === undefined || to === undefined) return { text: "", hidden: true };
  const { value } = flow;
  const width = value === undefined ? HIDDEN : value * scale;
  const [start, end] = [round(from.drawn + width / 2), round(to.drawn + width / 2)];
  from.drawn += width;
  to.drawn += width;
  const middle = WIDTH / 2;
  const path = `M${LEFT + NODE} ${start}C${middle} ${start} ${middle} ${end} ${RIGHT - NODE} ${end}`;
  const title = `<title>${escaped(flowText(flow, diagram))}</title>`;
  if (value === undefined) return { text: `<path class="hidden" d="${path}">${title}</path>`, hidden: true };
  const colour = `flow flow${from.number % COLOURS}`;
  const shown = value === 0 ? 0 : Math.max(0.5, round(width));
  return {
    text: `<path class="${colour}" stroke-width="${shown}" d="${path}">${title}</path>`,
    hidden: false,
  };
}

function nodeText(place: Place, x: number, diagram: FlowDiagram): string {
  const { name, y, height } = place;
  const left = x === LEFT;
  const at = left ? x - 6 : x + 6;
  const anchor = left ? ' text-anchor="end"' : "";
  const middle = round(y + height / 2);
  const told = sumText(place, diagram);
  return `<g><rect class="node" x="${left ? x : x - NODE}" y="${round(y)}" width="${NODE}" height="${round(height)}"/><text x="${at}" y="${middle - 2}"${anchor}>${escaped(cut(name, LABEL))}</text><text class="quiet" x="${at}" y="${middle + 14}"${anchor}>${escaped(told)}</text></g>`;
}

/** What is known of all flows at a place; in millions where it is too long for the page. */
function sumText({ sum, partly, shown }: Place, { format, withheld }: FlowDiagram): string {
  if (!shown) return withheld;
  const whole = format(sum);
  const told = whole.length > SUM ? `${format(Math.round(sum / 1e6))} M` : whole;
  return partly ? `≥ ${told}` : told;
}

/** The diagram for who does not see it: every flow, in words. */
function described(diagram: FlowDiagram): string {
  const { measure, flows, note } = diagram;
  return `${measure}. ${flows.map((flow) => flowText(flow, diagram)).join("; ")}. ${note}`;
}

function flowText({ from, to, value, withheld }: Flow, { format }: FlowDiagram): string {
  const told = [value === undefined ? [] : format(value), withheld ?? []].flat().join(", ");
  return `${from} → ${to}: ${told}`;
}
