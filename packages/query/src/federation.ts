// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import { type DatasetSpec, RESERVED_PARTIES } from "@koplamp/wire";
import { readDataset } from "./dataset.ts";
import { ID, NAME, PARTY_ID, record } from "./names.ts";
import { anyMapOf, entriesOf, field, listOf, mapOf, nameIn, oneOf, required, textOf } from "./yaml-fields.ts";
import { failAt, readYaml, type YamlValue } from "./yaml-source.ts";

/** A federation as its file describes it (federation/v1). */
export interface Federation {
  readonly id: string;
  /** The lab covenant, or a file beside the federation file. */
  readonly covenant: "default" | { readonly file: string };
  /** In the file's order. */
  readonly parties: readonly FederationParty[];
}

/** One organisation and what it has. */
export interface FederationParty {
  readonly id: PartyId;
  readonly name: string;
  /** Datasets by name; paths are relative to the federation file. */
  readonly datasets: Readonly<Record<string, DatasetSpec>>;
  /** What its desks look at, in a lab: a file. A node keeps it in its own register. */
  readonly interests?: string;
}

/**
 * Reads a federation file.
 * @throws {QueryError} with file, line and column.
 */
export function readFederation(text: string, { file }: { readonly file: string }): Federation {
  const root = mapOf(readYaml(text, file), ["koplamp", "id", "covenant", "parties"]);
  oneOf(required(root, "koplamp", "a federation begins with: koplamp: federation/v1"), ["federation/v1"]);
  const covenant = textOf(required(root, "covenant", "covenant: default, or a path to a covenant file"), 500);
  const items = listOf(required(root, "parties"), 2, 64).items;
  const parties = items.map(readParty);
  for (const [at, { id }] of parties.entries()) {
    const item = items[at];
    if (item !== undefined && parties.findIndex((party) => party.id === id) !== at) {
      throw failAt(item, "invalid-value", `party "${id}" stands twice`);
    }
  }
  return Object.freeze({
    id: nameIn(required(root, "id"), ID, "an id ([a-z][a-z0-9./-]*)"),
    covenant: covenant === "default" ? covenant : { file: covenant },
    parties,
  });
}

function readParty(value: YamlValue): FederationParty {
  const map = mapOf(value, ["id", "name", "datasets", "interests"]);
  const at = required(map, "id");
  const id = nameIn(at, PARTY_ID, "a party id ([a-z][a-z0-9-]{0,31})");
  if (RESERVED_PARTIES.includes(id)) {
    throw failAt(
      at,
      "invalid-value",
      `"${id}" cannot be a party's id`,
      `reserved: ${RESERVED_PARTIES.join(", ")}`,
    );
  }
  const datasets = entriesOf(anyMapOf(required(map, "datasets", "a party without data has: datasets: {}")));
  const interests = field(map, "interests");
  return {
    id,
    name: textOf(required(map, "name"), 200),
    ...(interests === undefined ? {} : { interests: textOf(interests, 500) }),
    datasets: record(
      datasets.map(([name, { key, value: dataset }]) => {
        if (NAME.test(name)) return [name, readDataset(dataset)] as const;
        throw failAt(key, "invalid-value", `expected the name of a dataset, got "${name.slice(0, 40)}"`);
      }),
    ),
  };
}
