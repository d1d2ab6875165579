// SPDX-License-Identifier: Apache-2.0
import { epsilonOf, rhoMicroOf } from "@koplamp/aggregate";
import type { PartyId } from "@koplamp/protocol";
import type { NoisePlan } from "@koplamp/wire";
import type { CatalogueEntry } from "./catalogue.ts";
import { QueryError } from "./errors.ts";
import { decimalOf, field, integerOf, mapOf, oneOf, required } from "./yaml-fields.ts";
import type { YamlValue } from "./yaml-source.ts";

/** Noise as an analyst asks for it. */
export interface AskedNoise {
  /** The ε of the whole answer. */
  readonly epsilon: number;
  readonly mechanism: NoisePlan["mechanism"];
  /** Of how many contributors a recipient may know the noise, its own included; null: of all but one. */
  readonly colluders: number | null;
}

/** The δ with which Gaussian noise is read as (ε, δ): 10^-6, as no agreement names another. */
const DELTA_EXPONENT = 6;

/** `release.noise` of a question's file. @throws {QueryError} with its place. */
export function readNoise(value: YamlValue): AskedNoise {
  const map = mapOf(value, ["epsilon", "mechanism", "colluders"]);
  const [mechanism, colluders] = [field(map, "mechanism"), field(map, "colluders")];
  return {
    epsilon: decimalOf(
      required(map, "epsilon", "how much an answer may tell of one row: 0.1 little, 1 usual"),
      0.001,
      20,
    ),
    mechanism: mechanism === undefined ? "gaussian" : oneOf(mechanism, ["gaussian", "laplace"]),
    colluders: colluders === undefined ? null : integerOf(colluders, 0, 63),
  };
}

/**
 * Noise as every node checks it: for subjects where all datasets bound how often one counts, otherwise for rows.
 * @throws {QueryError} `invalid-value` when all contributors may collude, or a recipient that brings data is not counted.
 */
export function noisePlan(
  { epsilon, mechanism, colluders }: AskedNoise,
  inputs: readonly CatalogueEntry[],
  recipients: readonly PartyId[],
): NoisePlan {
  const most = inputs.length - 1;
  const least = inputs.some(({ party }) => recipients.includes(party)) ? 1 : 0; // it knows its own noise
  if (colluders !== null && (colluders < least || colluders > most)) {
    throw new QueryError(
      "invalid-value",
      `expected ${least} to ${most} colluders among ${inputs.length} contributors, a recipient that brings data included, got ${colluders}`,
      { hint: "leave `colluders` out: then each contributor's own noise keeps the promise" },
    );
  }
  const delta = mechanism === "gaussian" ? 10 ** -DELTA_EXPONENT : undefined;
  return {
    mechanism,
    ...unitOf(inputs),
    rhoMicro: rhoMicroOf(epsilon, delta),
    deltaExponent: DELTA_EXPONENT,
    colluders: colluders ?? most,
  };
}

function unitOf(entries: readonly CatalogueEntry[]): Pick<NoisePlan, "unit" | "most"> {
  const most = entries.flatMap(({ party, maxRowsPerSubject: rows }) =>
    rows === null ? [] : [{ party, rows }],
  );
  return most.length === entries.length ? { unit: "subject", most } : { unit: "row", most: [] };
}

/** What noise promises, in the form in which people compare promises. */
export function promiseOf({ mechanism, rhoMicro, deltaExponent }: NoisePlan): string {
  if (mechanism === "laplace") return `ε = ${Math.sqrt(rhoMicro / 500_000).toFixed(3)}`;
  return `ε = ${epsilonOf(rhoMicro, 10 ** -deltaExponent)}, δ = 10^-${deltaExponent}`;
}
