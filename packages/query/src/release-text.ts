// SPDX-License-Identifier: Apache-2.0
// What a contract says of release rules beyond floors, and of who sees what for them.
import type { AggregateAsk, Plan } from "@koplamp/wire";

/** A sentence in both languages. */
interface Sentence {
  readonly nl: string;
  readonly en: string;
}

/** The end of a sum's contract: its further rules, and what becomes of each party's part. Begins with a blank. */
export function rulesText({ totals }: AggregateAsk, release: Plan["release"]): Sentence {
  const { dominance, rounding, known } = release;
  const said: Sentence[] = [];
  if (totals !== undefined) said.push(TOTALS[totals]);
  if (known !== undefined) said.push(KNOWN);
  if (rounding !== undefined) said.push(roundingText(rounding));
  said.push(dominance === undefined ? NOBODY : dominanceText(dominance));
  return { nl: said.map(({ nl }) => ` ${nl}`).join(""), en: said.map(({ en }) => ` ${en}`).join("") };
}

const NOBODY: Sentence = {
  nl: "Niemand leert wat één partij inbracht.",
  en: "Nobody learns what one party put in.",
};

const TOTALS: Readonly<Record<"total" | "margins", Sentence>> = {
  total: {
    nl: "Het totaal komt erbij waar het geen achtergehouden cel verraadt; zo nodig wordt daarvoor nog een cel achtergehouden.",
    en: "The total is told too where it gives away no withheld cell; if need be one more cell is withheld for it.",
  },
  margins: {
    nl: "Ook de randtotalen komen erbij waar zij geen achtergehouden cel verraden; zo nodig wordt daarvoor nog een cel achtergehouden.",
    en: "Margins are told too where they give away no withheld cell; if need be more cells are withheld for them.",
  },
};

const KNOWN: Sentence = {
  nl: "Met de openbare totalen die de vraag noemt is rekening gehouden.",
  en: "The public totals that the question names are taken into account.",
};

function roundingText(base: number): Sentence {
  return {
    nl: `Elk getal wordt afgerond op een veelvoud van ${base}.`,
    en: `Every number is rounded to a multiple of ${base}.`,
  };
}

function dominanceText({ largest, percent }: NonNullable<Plan["release"]["dominance"]>): Sentence {
  const [nl, en] =
    largest === 1
      ? ["het grootste bedrag", "the largest record makes"]
      : [`de ${largest} grootste bedragen`, `the ${largest} largest records make`];
  return {
    nl: `Een som waarvan ${nl} meer dan ${percent} % uitmaakt, of waarin één partij zo overheerst dat een andere haar deel kan schatten, wordt achtergehouden. Daarvoor ziet de machine van de ontvanger in het geheugen wat elke partij inbracht; zij toont dat niemand.`,
    en: `A sum of which ${en} more than ${percent} %, or in which one party so stands out that another can estimate its part, is withheld. For that the recipient's node sees in its memory what each party put in; it shows nobody.`,
  };
}
