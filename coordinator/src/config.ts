// SPDX-License-Identifier: Apache-2.0
import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import {
  failAt,
  field,
  integerOf,
  listOf,
  mapOf,
  nameIn,
  oneOf,
  QueryError,
  readYaml,
  required,
  textOf,
  type YamlValue,
} from "@koplamp/query";
import type { Hash } from "@koplamp/wire";
import { LOG_LEVELS, type LogLevel } from "./log.ts";

/** A relay's file (experience.md, section 3.2), with every path absolute. */
export interface CoordinatorConfig {
  readonly listen: { readonly host: string; readonly port: number };
  readonly identity: {
    /** Its identity and seal keys: it signs sums and adds ciphertexts under its own name. */
    readonly keys: string;
    readonly certificate: string;
    readonly key: string;
    readonly ca: string;
  };
  readonly federation: { readonly id: string; readonly covenant: Hash; readonly charter: string };
  readonly workers: number | "auto";
  readonly log: { readonly level: LogLevel };
}

const HASH = /^sha256:[0-9a-f]{64}$/;
const FEDERATION = /^[a-z][a-z0-9./-]{0,63}$/;
const LISTEN = /^(.{1,255}):(\d{1,5})$/;

/**
 * Reads a relay's file. Relative paths count from the folder it is in.
 * @throws {QueryError} with file, line, column and the nearest known name; `invalid-value` when others may read it.
 */
export async function readCoordinatorConfig(file: string): Promise<CoordinatorConfig> {
  const { mode } = await stat(file);
  if ((mode & 0o077) !== 0) {
    const message = `${file} can be read by others (mode ${(mode & 0o777).toString(8)})`;
    throw new QueryError("invalid-value", message, { hint: `chmod 600 ${file}` });
  }
  const root = mapOf(readYaml(await readFile(file, "utf8"), file), [
    "koplamp",
    "listen",
    "identity",
    "federations",
    "compute",
    "log",
  ]);
  oneOf(required(root, "koplamp", "a relay's file begins with: koplamp: coordinator/v1"), ["coordinator/v1"]);
  const pathOf = (value: YamlValue): string => resolve(dirname(file), textOf(value, 1000));
  const log = field(root, "log");
  const level = log === undefined ? undefined : field(mapOf(log, ["level"]), "level");
  return {
    listen: readListen(required(root, "listen", "where nodes dial in: HOST:PORT")),
    identity: readIdentity(required(root, "identity"), pathOf),
    federation: readFederationPart(required(root, "federations"), pathOf),
    workers: readWorkers(field(root, "compute")),
    log: { level: level === undefined ? "info" : oneOf(level, LOG_LEVELS) },
  };
}

function readListen(value: YamlValue): CoordinatorConfig["listen"] {
  const [, host = "", port = ""] = LISTEN.exec(nameIn(value, LISTEN, "HOST:PORT")) ?? [];
  if (Number(port) <= 65_535) return { host, port: Number(port) };
  throw failAt(value, "invalid-value", `expected a port from 0 to 65535, got ${port}`);
}

function readIdentity(value: YamlValue, pathOf: (value: YamlValue) => string): CoordinatorConfig["identity"] {
  const map = mapOf(value, ["keys", "certificate", "key", "ca"]);
  const path = (name: string): string => pathOf(required(map, name));
  return { keys: path("keys"), certificate: path("certificate"), key: path("key"), ca: path("ca") };
}

function readFederationPart(
  value: YamlValue,
  pathOf: (value: YamlValue) => string,
): CoordinatorConfig["federation"] {
  const [first] = listOf(value, 1, 1).items;
  const map = mapOf(first ?? value, ["id", "covenant", "charter"]);
  return {
    id: nameIn(required(map, "id"), FEDERATION, "a federation's id"),
    covenant: nameIn(required(map, "covenant", "which parties may connect"), HASH, "sha256:…"),
    charter: pathOf(required(map, "charter", "the folder of covenant, cards and roster")),
  };
}

function readWorkers(value: YamlValue | undefined): number | "auto" {
  const workers = value === undefined ? undefined : field(mapOf(value, ["workers"]), "workers");
  if (workers === undefined || (workers.kind === "scalar" && workers.value === "auto")) return "auto";
  return integerOf(workers, 1, 256);
}
