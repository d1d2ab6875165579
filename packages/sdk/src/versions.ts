// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { labTerms } from "./lab-terms.ts";

/** What has to agree between two nodes before their contracts can. */
export interface Versions {
  readonly koplamp: string;
  readonly node: string;
  /** Protocol id to the parameter sets that this version has of it. */
  readonly protocols: Readonly<Record<string, readonly string[]>>;
}

/** The versions of this copy of Koplamp. */
export async function versions(): Promise<Versions> {
  const text = await readFile(new URL("../package.json", import.meta.url), "utf8");
  const { version } = JSON.parse(text) as { readonly version: string }; // our own file
  const protocols = labTerms([], []).protocols.map(({ id, paramSets }) => [id, paramSets] as const);
  return { koplamp: version, node: process.versions.node, protocols: Object.fromEntries(protocols) };
}
