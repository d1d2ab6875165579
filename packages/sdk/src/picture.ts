// SPDX-License-Identifier: Apache-2.0
// What every picture is made of: one SVG file without a script, a font of its own or anything fetched; the same in light
// and dark, and readable when it is no wider than 400 points.

/** A page is so wide; whoever shows it narrower scales it down. */
export const WIDTH = 480;
/** Room at either side. */
export const MARGIN = 16;
/** Where the drawing begins. */
export const TOP = 62;

/** A picture before it is text. All its words are plain: they are escaped where they are put in. */
export interface Picture {
  readonly title: string;
  /** What is drawn, in a few words. */
  readonly subtitle: string;
  /** For who does not see it: everything that is drawn, in words. */
  readonly description: string;
  /** Elements, without title, frame and notes. */
  readonly body: string;
  /** Where the drawing ends. */
  readonly bottom: number;
  /** Sentences under it. */
  readonly notes: readonly string[];
}

/** Blue, orange, green, purple and red that stay apart for who sees colours otherwise (Okabe and Ito, 2008). */
const STYLE = `
text { font: 14px system-ui, sans-serif; fill: #1b1b1b }
.title { font-weight: 600; font-size: 16px }
.quiet { fill: #545454; font-size: 13px }
.page { fill: #ffffff }
.bar { fill: #8cbbe0; stroke: #005a9c }
.whisker { stroke: #1b1b1b; stroke-width: 1.5; fill: none }
.axis { stroke: #6b6b6b; fill: none }
.grid { stroke: #d9d9d9; fill: none }
.withheld { fill: url(#hatch); stroke: #6b6b6b; stroke-dasharray: 3 3 }
.hatch { stroke: #9a9a9a; stroke-width: 2 }
.node { fill: #1b1b1b }
.flow { fill: none; stroke-opacity: 0.55 }
.flow0 { stroke: #0072b2 } .flow1 { stroke: #e69f00 } .flow2 { stroke: #009e73 } .flow3 { stroke: #cc79a7 }
.flow4 { stroke: #56b4e9 } .flow5 { stroke: #d55e00 } .flow6 { stroke: #7a7a7a } .flow7 { stroke: #a08a00 }
.hidden { fill: none; stroke: #6b6b6b; stroke-width: 2; stroke-dasharray: 2 5 }
.line { fill: none; stroke: #005a9c; stroke-width: 2 }
.dot { fill: #005a9c }
.alarm { fill: #d55e00; stroke: #1b1b1b }
@media (prefers-color-scheme: dark) {
text { fill: #eeeeee } .quiet { fill: #b8b8b8 } .page { fill: #16181b }
.bar { fill: #2f6690; stroke: #8cc4f0 } .whisker { stroke: #eeeeee } .axis { stroke: #9a9a9a } .grid { stroke: #3a3d42 }
.withheld, .hidden { stroke: #a8a8a8 } .hatch { stroke: #6e6e6e } .node { fill: #eeeeee }
.line { stroke: #8cc4f0 } .dot { fill: #8cc4f0 } .alarm { fill: #ff8c42; stroke: #eeeeee }
}
`;

const HATCH =
  '<defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="page" width="7" height="7"/><line class="hatch" x1="0" y1="0" x2="0" y2="7"/></pattern></defs>';

/** The text of an SVG file. */
export function pictureSvg({ title, subtitle, description, body, bottom, notes }: Picture): string {
  const lines = notes.flatMap((note) => wrapped(note, WIDE_LINE));
  const height = round(bottom + 24 + lines.length * 18);
  const under = lines.map(
    (line, at) =>
      `<text class="quiet" x="${MARGIN}" y="${round(bottom + 26 + at * 18)}">${escaped(line)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" style="max-width:100%;height:auto" role="img" aria-labelledby="title description">
<title id="title">${escaped(title)}</title>
<desc id="description">${escaped(description)}</desc>
<style>${STYLE}</style>
${HATCH}
<rect class="page" width="${WIDTH}" height="${height}"/>
<text class="title" x="${MARGIN}" y="26">${escaped(cut(title, 48))}</text>
<text class="quiet" x="${MARGIN}" y="46">${escaped(cut(subtitle, WIDE_LINE))}</text>
${body}
${under.join("\n")}
</svg>
`;
}

/** Characters of a quiet line over the whole page. */
const WIDE_LINE = 62;

/** Words in lines of so many characters at most. */
function wrapped(text: string, most: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && widthOf(line) + 1 + widthOf(word) > most) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? cut(word, most) : `${line} ${word}`;
  }
  return line === "" ? lines : [...lines, line];
}

/** The text in so many characters of Latin width at most. */
export function cut(text: string, most: number): string {
  if (widthOf(text) <= most) return text;
  let [kept, room] = ["", most - 1];
  for (const point of text) {
    room -= widthOf(point);
    if (room < 0) break;
    kept += point;
  }
  return `${kept}…`;
}

/** How many characters of Latin width a text takes: scripts of East Asia take twice as many. */
export function widthOf(text: string): number {
  return [...text].reduce((sum, point) => sum + ((point.codePointAt(0) ?? 0) >= 0x1100 ? 2 : 1), 0);
}

/** A coordinate, to a tenth of a point. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Text inside XML. What XML cannot hold is left out. */
export function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
