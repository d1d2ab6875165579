// SPDX-License-Identifier: Apache-2.0
// The part of a node's file about its people: whose keys ask and approve, and where they sign in.
import { readFile } from "node:fs/promises";
import {
  anyMapOf,
  entriesOf,
  failAt,
  field,
  listOf,
  mapOf,
  oneOf,
  required,
  textOf,
  type YamlValue,
} from "@koplamp/query";
import { DESK_ROLES, type DeskRole } from "./desk-routes.ts";

/** Where people sign in, and what their groups make of them. */
export interface SignInConfig {
  /** Exactly as the tokens name it. */
  readonly issuer: string;
  readonly client: string;
  /** The claim that lists somebody's groups. */
  readonly roleClaim: string;
  /** What is asked of the issuer, besides `openid`. */
  readonly scope: string;
  /** PEM text; absent: the authorities that the runtime knows. */
  readonly ca?: string;
  readonly roles: Readonly<Record<DeskRole, readonly string[]>>;
  /** Subject of a token to person on the card; absent: any person with the role. */
  readonly subjects?: ReadonlyMap<string, string>;
}

interface PeopleConfig {
  readonly people: "own" | "generated";
  readonly signIn?: SignInConfig;
}

/** Reads `own`, `generated`, or `{ oidc, roles, subjects }`, which means own keys as well. @throws {QueryError}. */
export async function readPeople(
  value: YamlValue | undefined,
  pathOf: (value: YamlValue) => string,
): Promise<PeopleConfig> {
  if (value === undefined) return { people: "own" };
  if (value.kind !== "map") return { people: oneOf(value, ["own", "generated"]) };
  const map = mapOf(value, ["oidc", "roles", "subjects"]);
  const subjects = field(map, "subjects");
  const signIn: SignInConfig = {
    ...(await readIssuer(required(map, "oidc", "people who do not sign in: people: own"), pathOf)),
    roles: readRoles(required(map, "roles", "which group has which role: analyst, lawful, ethical, …")),
    ...(subjects === undefined ? {} : { subjects: readSubjects(subjects) }),
  };
  return { people: "own", signIn };
}

async function readIssuer(
  value: YamlValue,
  pathOf: (value: YamlValue) => string,
): Promise<Omit<SignInConfig, "roles" | "subjects">> {
  const map = mapOf(value, ["issuer", "client", "roleClaim", "scope", "ca"]);
  const at = required(map, "issuer");
  const issuer = textOf(at, 500);
  const url = URL.parse(issuer);
  if (url?.protocol !== "https:" || url.search !== "" || url.hash !== "")
    throw failAt(at, "invalid-value", `expected https://… in "${at.path}", as the issuer's tokens name it`);
  const [scope, ca] = [field(map, "scope"), field(map, "ca")];
  return {
    issuer,
    client: textOf(required(map, "client", "the name under which the issuer knows this desk"), 200),
    roleClaim: textOf(required(map, "roleClaim", "the claim that lists somebody's groups"), 200),
    scope: scope === undefined ? "openid" : textOf(scope, 200),
    ...(ca === undefined ? {} : { ca: await readFile(pathOf(ca), "utf8") }),
  };
}

function readRoles(value: YamlValue): SignInConfig["roles"] {
  const map = mapOf(value, DESK_ROLES);
  const groups = (role: DeskRole): readonly string[] => {
    const list = field(map, role);
    return list === undefined ? [] : listOf(list, 1, 64).items.map((group) => textOf(group, 200));
  };
  return {
    analyst: groups("analyst"),
    lawful: groups("lawful"),
    ethical: groups("ethical"),
    officer: groups("officer"),
    operator: groups("operator"),
    auditor: groups("auditor"),
  };
}

function readSubjects(value: YamlValue): ReadonlyMap<string, string> {
  return new Map(
    entriesOf(anyMapOf(value)).map(([subject, { value: person }]) => [subject, textOf(person, 64)]),
  );
}
