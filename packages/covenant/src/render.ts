// SPDX-License-Identifier: Apache-2.0
import type { Covenant } from "@koplamp/wire";
import { clausesOf } from "./clauses.ts";

/** How a covenant is written down. */
export interface RenderOptions {
  /** Both: side by side, Dutch first. */
  readonly lang: "nl" | "en" | "both";
  /** Characters in a line; at least 60. */
  readonly width: number;
}

const HEADS: Readonly<Record<string, { readonly nl: string; readonly en: string }>> = {
  id: { nl: "Convenant", en: "Covenant" },
  parties: { nl: "Partijen", en: "Parties" },
  purposes: { nl: "Doelen", en: "Purposes" },
  dataClasses: {
    nl: "Gegevensklassen: wat hier niet staat, mag niet",
    en: "Data classes: what is not listed is denied",
  },
  personLevel: { nl: "Personen", en: "Persons" },
  floors: { nl: "Drempels", en: "Floors" },
  quotas: { nl: "Quota", en: "Quotas" },
  budgets: { nl: "Budgetten", en: "Budgets" },
  protocols: { nl: "Protocollen", en: "Protocols" },
  approval: { nl: "Goedkeuringen", en: "Approvals" },
  witnesses: { nl: "Getuigen", en: "Witnesses" },
  retention: { nl: "Bewaartermijnen", en: "Retention" },
  supervision: { nl: "Toezicht en toetsing", en: "Oversight" },
};

/** A covenant for people: each clause under its id, in one language or in both beside each other. */
export function covenantText(covenant: Covenant, { lang, width }: RenderOptions): readonly string[] {
  const columns: readonly ("nl" | "en")[] = lang === "both" ? ["nl", "en"] : [lang];
  const room = Math.floor((Math.max(60, width) - 2 * columns.length) / columns.length);
  const lines: string[] = [];
  let part = "";
  for (const clause of clausesOf(covenant)) {
    const [top = ""] = clause.id.split("/");
    const head = HEADS[top];
    if (head !== undefined && top !== part) {
      lines.push(
        ...(part === "" ? [] : [""]),
        ...sideBySide(
          columns.map((one) => head[one].toUpperCase()),
          room,
        ),
      );
      part = top;
    }
    lines.push(
      clause.id,
      ...sideBySide(
        columns.map((one) => clause[one]),
        room,
      ).map((line) => `  ${line}`),
    );
  }
  return lines;
}

function sideBySide(texts: readonly string[], room: number): readonly string[] {
  const cells = texts.map((text) => wrapped(text, room));
  const height = Math.max(...cells.map(({ length }) => length));
  return Array.from({ length: height }, (_, line) =>
    cells
      .map((cell) => (cell[line] ?? "").padEnd(room))
      .join("  ")
      .trimEnd(),
  );
}

/** Lines of at most `width` characters, broken between words; a longer word is cut. */
function wrapped(text: string, width: number): readonly string[] {
  const words = text.split(/\s+/).flatMap((word) => word.match(new RegExp(`.{1,${width}}`, "gu")) ?? []);
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
