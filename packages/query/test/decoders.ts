// SPDX-License-Identifier: Apache-2.0
import { canonicalBytes, fromUtf8, utf8 } from "@koplamp/wire";
import type { Target } from "../../../test/fuzz/target.ts";
import { readCatalogueEntry } from "../src/catalogue.ts";
import { QueryError } from "../src/errors.ts";
import { readQuestion } from "../src/question.ts";
import { REPORTS, SHIPS } from "./samples.ts";

/** Questions as people write them, and what parties say of their data. */
export function decoders(): readonly Target[] {
  const column = { kind: "integer", min: 0, max: 1000, unit: "euro" };
  const entry = canonicalBytes({
    party: "anna",
    dataset: "reports",
    columns: [
      { name: "amount", ...column },
      { name: "region", kind: "category", min: null, max: null, unit: null },
    ],
    rowsPadded: 256,
    maxRowsPerCell: 256,
    maxRowsPerSubject: null,
    snapshot: `sha256:${"0f".repeat(32)}`,
  });
  return [
    {
      name: "a question",
      samples: [utf8(SHIPS), utf8(REPORTS)],
      inputs: 1_500,
      silent: true,
      again: (bytes) => {
        let text: string;
        try {
          text = fromUtf8(bytes);
        } catch {
          throw new QueryError("invalid-value", "no text: its reader is never asked");
        }
        readQuestion(text, { file: "question.yaml", lab: false });
        return undefined; // many texts say one question: what is hashed and signed is the plan
      },
    },
    {
      name: "a catalogue entry",
      samples: [entry],
      inputs: 5_000,
      again: (bytes) => canonicalBytes(readCatalogueEntry("anna", bytes)),
    },
  ];
}
