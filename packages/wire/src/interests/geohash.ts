// SPDX-License-Identifier: Apache-2.0
// Places as cells of a grid that everybody divides alike: geohashes (G. Niemeyer, 2008; the bits of longitude and
// latitude by turns, five to a letter).
import { WireError } from "../errors.ts";

/** A point on the earth, in degrees (WGS 84). */
export interface Point {
  readonly latitude: number;
  readonly longitude: number;
}

/** Everything within so many metres of a point. */
export interface Circle extends Point {
  readonly metres: number;
}

const LETTERS = "0123456789bcdefghjkmnpqrstuvwxyz";
/** The mean radius of the earth (IUGG), in metres. */
const EARTH = 6_371_008.8;
const RADIANS = Math.PI / 180;
/** What rounding may cost, in metres: who stands on the edge of a cell touches both. */
const EDGE = 0.01;
/** The finest grid: cells of some five metres. */
const FINEST = 9;

/** The cell in which a point lies. `letters`: 1 to 9; 6 make cells of at most 1.2 by 0.6 km. @throws {WireError} `invalid-value`. */
export function geohash(point: Point, letters: number): string {
  return nameOf(columnOf(point.longitude, gridOf(letters)), rowOf(point.latitude, gridOf(letters)), letters);
}

/**
 * The cells that a circle touches, sorted. A circle and another meet in the sense of the grid when they touch the same
 * cell: they may then be as far apart as a cell is wide, and circles that overlap always touch one in common.
 * @throws {WireError} `invalid-value` for no place on earth, `too-large` beyond `most` cells.
 */
export function cellsTouched(circle: Circle, letters: number, most: number): readonly string[] {
  const grid = gridOf(letters);
  const { latitude, longitude, metres } = placed(circle);
  const high = metres / EARTH / RADIANS;
  const [south, north] = [Math.max(-90, latitude - high), Math.min(90, latitude + high)];
  const wide = widthOf(latitude, high);
  const [first, last] = [unwrapped(longitude - wide, grid), unwrapped(longitude + wide, grid)];
  const across = Math.min(grid.columns, last - first + 1);
  const [bottom, top] = [rowOf(south, grid), rowOf(north, grid)];
  const cells = new Set<string>();
  if (across * (top - bottom + 1) > 16 * (most + 64)) throw tooLarge(most);
  for (let row = bottom; row <= top; row += 1) {
    for (let step = 0; step < across; step += 1) {
      const column = (((first + step) % grid.columns) + grid.columns) % grid.columns;
      if (distance({ latitude, longitude }, nearest(circle, column, row, grid)) <= metres)
        cells.add(nameOf(column, row, letters));
    }
  }
  if (cells.size > most) throw tooLarge(most);
  return [...cells].sort();
}

interface Grid {
  readonly columns: number;
  readonly rows: number;
}

function gridOf(letters: number): Grid {
  if (!Number.isInteger(letters) || letters < 1 || letters > FINEST)
    throw new WireError("invalid-value", `expected 1 to ${FINEST} letters of a geohash, got ${letters}`);
  const bits = 5 * letters;
  return { columns: 2 ** Math.ceil(bits / 2), rows: 2 ** Math.floor(bits / 2) };
}

function placed(circle: Circle): Circle {
  const { latitude, longitude, metres } = circle;
  const onEarth = Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
  if (onEarth && metres >= 0 && metres <= 100_000) return { ...circle, metres: metres + EDGE };
  throw new WireError(
    "invalid-value",
    "expected a latitude of -90 to 90, a longitude of -180 to 180 and 0 to 100,000 metres",
  );
}

/** How many degrees of longitude a circle reaches to either side; all of them, where it reaches a pole. */
function widthOf(latitude: number, high: number): number {
  if (Math.abs(latitude) + high >= 90) return 180;
  return Math.asin(Math.sin(high * RADIANS) / Math.cos(latitude * RADIANS)) / RADIANS;
}

/** The column of a longitude that may lie beyond the date line. */
function unwrapped(longitude: number, { columns }: Grid): number {
  return Math.floor(((longitude + 180) / 360) * columns);
}

function columnOf(longitude: number, grid: Grid): number {
  return Math.min(grid.columns - 1, unwrapped(longitude, grid));
}

function rowOf(latitude: number, { rows }: Grid): number {
  return Math.min(rows - 1, Math.floor(((latitude + 90) / 180) * rows));
}

/** The point of a cell that has the least difference to another point in either direction. */
function nearest(
  { latitude, longitude }: Point,
  column: number,
  row: number,
  { columns, rows }: Grid,
): Point {
  const [west, south] = [(column / columns) * 360 - 180, (row / rows) * 180 - 90];
  const [wide, high] = [360 / columns, 180 / rows];
  const east = (((longitude - west) % 360) + 360) % 360; // from the western edge eastwards to the point
  const within = east <= wide;
  const nearer = east - wide < 360 - east ? west + wide : west;
  return {
    latitude: Math.min(south + high, Math.max(south, latitude)),
    longitude: within ? longitude : nearer,
  };
}

/** Metres between two points along a great circle (haversine). */
function distance(a: Point, b: Point): number {
  const across = Math.sin(((b.longitude - a.longitude) * RADIANS) / 2) ** 2;
  const up = Math.sin(((b.latitude - a.latitude) * RADIANS) / 2) ** 2;
  const chord = up + Math.cos(a.latitude * RADIANS) * Math.cos(b.latitude * RADIANS) * across;
  return 2 * EARTH * Math.asin(Math.min(1, Math.sqrt(chord)));
}

function nameOf(column: number, row: number, letters: number): string {
  const bits = 5 * letters;
  const [columnBits, rowBits] = [Math.ceil(bits / 2), Math.floor(bits / 2)];
  let text = "";
  for (let letter = 0; letter < letters; letter += 1) {
    let value = 0;
    for (let bit = 5 * letter; bit < 5 * letter + 5; bit += 1) {
      const at = bit >> 1;
      const taken = bit % 2 === 0 ? column >> (columnBits - 1 - at) : row >> (rowBits - 1 - at);
      value = 2 * value + (taken & 1);
    }
    text += LETTERS[value] ?? "";
  }
  return text;
}

function tooLarge(most: number): WireError {
  return new WireError(
    "too-large",
    `expected a place of at most ${most} cells: a smaller one, or a coarser grid`,
  );
}
