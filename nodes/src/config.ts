// SPDX-License-Identifier: Apache-2.0
import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Backends } from "@koplamp/pool";
import type { PartyId } from "@koplamp/protocol";
import {
  anyMapOf,
  entriesOf,
  failAt,
  field,
  integerOf,
  listOf,
  mapOf,
  nameIn,
  oneOf,
  PARTY_ID,
  QueryError,
  readDataset,
  readYaml,
  record,
  required,
  textOf,
  type YamlMap,
  type YamlValue,
} from "@koplamp/query";
import type { DatasetSpec, Hash } from "@koplamp/wire";
import { readPeople, type SignInConfig } from "./config-people.ts";
import { LOG_LEVELS, type LogLevel } from "./log.ts";

/** A node's file (experience.md, section 3.1), with every path absolute. */
export interface NodeConfig {
  readonly file: string;
  readonly party: PartyId;
  readonly federation: FederationConfig;
  readonly identity: IdentityConfig;
  /** The folder of the node's state: its ledger, its sealed caches, its socket. */
  readonly state: string;
  readonly sources: Readonly<Record<string, DatasetSpec>>;
  /** The folder of the node's own Cedar policies; absent: the covenant decides alone. */
  readonly policy?: string;
  readonly limits: {
    readonly workers: number | "auto";
    readonly graceMs: number;
    /** What multiplies points: `auto`, the system's libsodium or else our kernel; or one of them alone. */
    readonly backend: Backends;
  };
  /** Who asks and approves: people with keys of their own, or in a trial generated keys that agree to everything. */
  readonly people: "own" | "generated";
  /** Where people sign in before they come to the desk; absent: whoever may open its socket. */
  readonly signIn?: SignInConfig;
  readonly log: { readonly level: LogLevel };
}

/** The one federation that a node serves for now. */
export interface FederationConfig {
  readonly id: string;
  /** The covenant that people agreed on; everything else follows from it. */
  readonly covenant: Hash;
  /** The folder of the signed covenant, cards and roster. */
  readonly charter: string;
  readonly coordinator: { readonly url: URL; readonly pins: readonly Hash[] };
}

/** Where the machine's keys are. */
export interface IdentityConfig {
  readonly keys: string;
  readonly certificate: string;
  readonly key: string;
  readonly ca: string;
}

const HASH = /^sha256:[0-9a-f]{64}$/;
const FEDERATION = /^[a-z][a-z0-9./-]{0,63}$/;
const BACKENDS: readonly Backends[] = ["auto", "native", "kernel", "wasm"];
const SECONDS = /^(\d{1,4}) s$/;

/**
 * Reads a node's file. Relative paths count from the folder it is in.
 * @throws {QueryError} with file, line, column and the nearest known name; `invalid-value` when others may read it.
 */
export async function readNodeConfig(file: string): Promise<NodeConfig> {
  const text = await readPrivate(file);
  const root = mapOf(readYaml(text, file), [
    "koplamp",
    "party",
    "federations",
    "identity",
    "state",
    "sources",
    "limits",
    "people",
    "policy",
    "log",
  ]);
  oneOf(required(root, "koplamp", "a node's file begins with: koplamp: node/v1"), ["node/v1"]);
  const pathOf = (value: YamlValue): string => resolve(dirname(file), textOf(value, 1000));
  const [state, policy] = [field(root, "state"), field(root, "policy")];
  return {
    file,
    party: nameIn(required(root, "party"), PARTY_ID, "a party id ([a-z][a-z0-9-]{0,31})"),
    federation: readFederationPart(required(root, "federations"), pathOf),
    identity: readIdentity(required(root, "identity"), pathOf),
    state: state === undefined ? resolve(dirname(file), "state") : pathOf(state),
    sources: readSources(required(root, "sources", "a node without data has: sources: {}"), pathOf),
    limits: readLimits(field(root, "limits")),
    ...(policy === undefined ? {} : { policy: pathOf(policy) }),
    ...(await readPeople(field(root, "people"), pathOf)),
    log: readLog(field(root, "log")),
  };
}

/** The text of a file that only its owner may read. @throws {QueryError} when others may. */
export async function readPrivate(file: string): Promise<string> {
  const { mode } = await stat(file);
  if ((mode & 0o077) === 0) return await readFile(file, "utf8");
  throw new QueryError(
    "invalid-value",
    `${file} can be read by others (mode ${(mode & 0o777).toString(8)})`,
    {
      hint: `chmod 600 ${file}`,
    },
  );
}

function readFederationPart(value: YamlValue, pathOf: (value: YamlValue) => string): FederationConfig {
  const [first] = listOf(value, 1, 1).items;
  const map = mapOf(first ?? value, ["id", "covenant", "charter", "coordinators"]);
  const coordinators = required(map, "coordinators", "where the relay is: url and pins");
  return {
    id: nameIn(required(map, "id"), FEDERATION, "a federation's id"),
    covenant: nameIn(
      required(map, "covenant", "the hash that people read out to each other"),
      HASH,
      "sha256:…",
    ),
    charter: pathOf(required(map, "charter", "the folder of covenant, cards and roster")),
    coordinator: readCoordinator(listOf(coordinators, 1, 1).items[0] ?? coordinators),
  };
}

function readCoordinator(value: YamlValue): FederationConfig["coordinator"] {
  const map = mapOf(value, ["url", "pins"]);
  const at = required(map, "url");
  const text = textOf(at, 500);
  const pins = listOf(required(map, "pins", "a certificate authority alone is not enough"), 1, 4).items;
  const url = URL.parse(text);
  if (url === null || url.protocol !== "https:" || url.pathname !== "/") {
    throw failAt(at, "invalid-value", `expected https://HOST:PORT in "${at.path}", got "${text}"`);
  }
  return { url, pins: pins.map((pin) => nameIn(pin, HASH, "a pin: sha256:…")) };
}

function readIdentity(value: YamlValue, pathOf: (value: YamlValue) => string): IdentityConfig {
  const map = mapOf(value, ["keys", "certificate", "key", "ca"]);
  const path = (name: string): string => pathOf(required(map, name));
  return { keys: path("keys"), certificate: path("certificate"), key: path("key"), ca: path("ca") };
}

function readSources(
  value: YamlValue,
  pathOf: (value: YamlValue) => string,
): Readonly<Record<string, DatasetSpec>> {
  const entries = entriesOf(anyMapOf(value)).map(([name, { value: dataset }]) => {
    const spec = readDataset(dataset);
    return [name, { ...spec, file: pathOf(required(asMap(dataset), "file")) }] as const;
  });
  return record(entries);
}

function asMap(value: YamlValue): YamlMap {
  return anyMapOf(value);
}

function readLimits(value: YamlValue | undefined): NodeConfig["limits"] {
  if (value === undefined) return { workers: "auto", graceMs: 30_000, backend: "auto" };
  const map = mapOf(value, ["workers", "grace", "backend"]);
  const [workers, grace, backend] = [field(map, "workers"), field(map, "grace"), field(map, "backend")];
  const auto = workers === undefined || (workers.kind === "scalar" && workers.value === "auto");
  return {
    workers: auto ? "auto" : integerOf(workers, 1, 256),
    graceMs: grace === undefined ? 30_000 : secondsOf(grace) * 1000,
    backend: backend === undefined ? "auto" : oneOf(backend, BACKENDS),
  };
}

function secondsOf(value: YamlValue): number {
  return Number(SECONDS.exec(nameIn(value, SECONDS, "seconds, e.g. 30 s"))?.[1] ?? 30);
}

function readLog(value: YamlValue | undefined): NodeConfig["log"] {
  const level = value === undefined ? undefined : field(mapOf(value, ["level"]), "level");
  return { level: level === undefined ? "info" : oneOf(level, LOG_LEVELS) };
}
