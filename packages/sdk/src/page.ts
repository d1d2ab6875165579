// SPDX-License-Identifier: Apache-2.0
// A page without script, font or picture from elsewhere: it reads the same from a disk, in a court and on paper.

/** A piece of HTML that is safe to put on a page. */
export interface Html {
  readonly html: string;
}

/** Text, or pieces made before. */
type Part = string | Html | readonly Part[];

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** An element around parts; text in it is escaped. */
export function element(name: string, ...parts: readonly Part[]): Html {
  return classed(name, "", ...parts);
}

/** An element with a class for its style. */
export function classed(name: string, style: string, ...parts: readonly Part[]): Html {
  const attribute = style === "" ? "" : ` class="${style}"`;
  return { html: `<${name}${attribute}>${parts.map(htmlOf).join("")}</${name}>` };
}

function htmlOf(part: Part): string {
  if (typeof part === "string") return part.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? "");
  return "html" in part ? part.html : part.map(htmlOf).join("");
}

/** A table with a row of headings. Cells that are lists stand under each other. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly (Part | readonly string[])[])[],
): Html {
  const cell = (part: Part): Html =>
    element("td", isLines(part) ? part.map((line) => element("div", line)) : part);
  return element(
    "table",
    headings.every((heading) => heading === "")
      ? ""
      : element("thead", element("tr", ...headings.map((heading) => element("th", heading)))),
    element("tbody", ...rows.map((row) => element("tr", ...row.map(cell)))),
  );
}

function isLines(part: Part): part is readonly string[] {
  return Array.isArray(part) && part.every((line) => typeof line === "string");
}

const STYLE = `
:root { color-scheme: light; }
body { font: 15px/1.5 Georgia, "Times New Roman", serif; color: #1a1a1a; background: #fff; max-width: 52rem; margin: 2rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; border-bottom: 2px solid #1a1a1a; padding-bottom: .15rem; }
p { margin: .4rem 0; } .lead { font-size: 1.05rem; } .quiet { color: #555; } .hash { font: 12px/1.4 ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: .6rem 0; font-size: 14px; } th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid #bbb; }
th { font-weight: 600; border-bottom: 1px solid #1a1a1a; } .PASS { font-weight: 600; } .FAIL { font-weight: 700; color: #9b1c1c; text-decoration: underline; } .SKIP { color: #555; font-style: italic; }
pre { font: 13px/1.45 ui-monospace, Menlo, Consolas, monospace; background: #f4f4f2; padding: .6rem .8rem; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
@media print { body { font-size: 10.5pt; max-width: none; margin: 0; padding: 0; } h2 { break-after: avoid; } tr, pre { break-inside: avoid; } @page { size: A4; margin: 18mm 16mm; } }
`;

/** The whole page: the same bytes for the same content. */
export function page(lang: string, title: string, ...body: readonly Html[]): string {
  const head = [
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    element("title", title).html,
    `<style>${STYLE}</style>`,
  ].join("\n");
  const text = body.map(({ html }) => html).join("\n");
  return `<!doctype html>\n<html lang="${lang}">\n<head>\n${head}\n</head>\n<body>\n${text}\n</body>\n</html>\n`;
}
