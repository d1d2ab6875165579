// SPDX-License-Identifier: Apache-2.0
import type { Target } from "../../../test/fuzz/target.ts";
import {
  canonicalBytes,
  DOCUMENT_TYPES,
  type DocumentType,
  parseCanonical,
  readDocument,
} from "../src/index.ts";

/** Documents that take several times as long as others. */
const LONG: readonly DocumentType[] = ["covenant/v1", "contract/v1"];

/** Every type of document, and canonical JSON by itself. `samples`: documents of real questions. */
export function decoders(samples: ReadonlyMap<DocumentType, readonly Uint8Array[]>): readonly Target[] {
  const all = [...samples.values()].flat();
  return [
    {
      name: "canonical JSON",
      samples: all,
      inputs: 10_000,
      again: (bytes) => canonicalBytes(parseCanonical(bytes, { maxBytes: 2 ** 16 })),
    },
    ...DOCUMENT_TYPES.map((type) => ({
      name: type,
      samples: samples.get(type) ?? [],
      inputs: LONG.includes(type) ? 1_000 : 4_000,
      again: (bytes: Uint8Array) => canonicalBytes(readDocument(type, bytes)),
    })),
  ];
}
