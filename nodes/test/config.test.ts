// SPDX-License-Identifier: Apache-2.0
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errorText, QueryError } from "@koplamp/query";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readNodeConfig } from "../src/config.ts";
import { openOwnPolicy } from "../src/own-policy.ts";

const HASH = `sha256:${"0a".repeat(32)}`;
const GOOD = `koplamp: node/v1
party: kmar
federations:
  - id: ships-nl
    covenant: ${HASH}
    charter: charter
    coordinators:
      - url: https://relay.example.nl:7443
        pins: [${HASH}]
identity: { keys: keys, certificate: tls/machine.crt, key: tls/machine.key, ca: tls/ca.crt }
sources:
  vessels:
    file: vessels.csv
    columns: { imo: { kind: imo } }
`;

let dir = "";

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "koplamp-config-"));
});

afterEach(() => rm(dir, { recursive: true, force: true }));

async function written(text: string, mode = 0o600): Promise<string> {
  const file = join(dir, "node.yaml");
  await writeFile(file, text, { mode });
  await chmod(file, mode);
  return file;
}

/** What a person would read, with the folder's name taken out. */
async function refusal(text: string, mode?: number): Promise<string> {
  try {
    await readNodeConfig(await written(text, mode));
  } catch (reason) {
    if (reason instanceof QueryError) return errorText(reason).replaceAll(dir, "DIR");
    throw reason;
  }
  throw new Error("expected the file to be refused");
}

test("a node's file is read, with every path absolute and defaults filled in", async () => {
  const config = await readNodeConfig(await written(GOOD));
  expect(config).toEqual({
    file: join(dir, "node.yaml"),
    party: "kmar",
    federation: {
      id: "ships-nl",
      covenant: HASH,
      charter: join(dir, "charter"),
      coordinator: { url: new URL("https://relay.example.nl:7443"), pins: [HASH] },
    },
    identity: {
      keys: join(dir, "keys"),
      certificate: join(dir, "tls/machine.crt"),
      key: join(dir, "tls/machine.key"),
      ca: join(dir, "tls/ca.crt"),
    },
    state: join(dir, "state"),
    sources: { vessels: { file: join(dir, "vessels.csv"), nulls: [], columns: { imo: { kind: "imo" } } } },
    limits: { workers: "auto", graceMs: 30_000, backend: "auto" },
    people: "own",
    log: { level: "info" },
  });
});

test("workers, grace and backend are read as the node takes them", async () => {
  const config = await readNodeConfig(
    await written(`${GOOD}limits: { workers: 3, grace: 5 s, backend: kernel }\n`),
  );
  expect(config.limits).toEqual({ workers: 3, graceMs: 5000, backend: "kernel" });
});

test("a folder of policies is named from where the file is", async () => {
  const config = await readNodeConfig(await written(`${GOOD}policy: policy/\n`));
  expect(config.policy).toBe(join(dir, "policy"));
  await mkdir(join(dir, "policy"));
  await writeFile(join(dir, "policy/a.cedar"), "\npermit (principal action);", { mode: 0o600 });
  expect(() => openOwnPolicy(config)).toThrow(/policy\/a\.cedar:2:19: unexpected token/);
});

test("an unknown field is refused with its line and the nearest known name", async () => {
  expect(await refusal(GOOD.replace("party: kmar", "party: kmar\npartty: kmar"))).toMatchInlineSnapshot(`
    "error: unknown field "partty"; did you mean "party"?
      DIR/node.yaml:3:1
      3 | partty: kmar
        | ^
    hint:  fields here: koplamp, party, federations, identity, state, sources, limits, people, policy, log"
  `);
});

test.each([
  ["another document", GOOD.replace("node/v1", "node/v2"), /unknown value "node\/v2" in "koplamp"/],
  ["no covenant", GOOD.replace(/ {4}covenant.*\n/, ""), /expected a field "covenant" in "federations\[0\]"/],
  ["a covenant that is no hash", GOOD.replace(HASH, "sha256:1234"), /expected sha256:… in/],
  ["a relay without TLS", GOOD.replace("https:", "http:"), /expected https:\/\/HOST:PORT/],
  [
    "no pin",
    GOOD.replace(`[${HASH}]`, "[]"),
    /expected 1 to 4 items in "federations\[0\].coordinators\[0\].pins"/,
  ],
  [
    "two federations",
    GOOD.replace("identity:", "  - id: other\nidentity:"),
    /expected 1 to 1 items in "federations"/,
  ],
  ["an unknown kind", GOOD.replace("kind: imo", "kind: imoo"), /unknown value "imoo" .*did you mean "imo"\?/],
  ["a party that is no id", GOOD.replace("kmar", "KMar"), /expected a party id/],
  ["a grace of no unit", `${GOOD}limits: { grace: 30 }\n`, /expected seconds, e\.g\. 30 s/],
  ["an unknown backend", `${GOOD}limits: { backend: portable }\n`, /unknown value "portable"/],
  ["people of another kind", `${GOOD}people: nobody\n`, /unknown value "nobody"/],
  ["a log level", `${GOOD}log: { level: loud }\n`, /unknown value "loud"/],
])("%s is refused, at its line", async (_, text, expected) => {
  const said = await refusal(text);
  expect(said).toMatch(expected);
  expect(said).toMatch(/DIR\/node\.yaml:\d+:\d+/);
});

test.each([0o640, 0o604, 0o666])("a file of mode %o is refused: others can read it", async (mode) => {
  expect(await refusal(GOOD, mode)).toBe(
    `error: DIR/node.yaml can be read by others (mode ${mode.toString(8)})\nhint:  chmod 600 DIR/node.yaml`,
  );
});

const OIDC = 'oidc: { issuer: "https://login.example.nl/a", client: koplamp, roleClaim: groups }';

test("where people sign in is read with their roles; they have keys of their own all the same", async () => {
  await writeFile(join(dir, "login.crt"), "an authority");
  const oidc = OIDC.replace(" }", ", scope: openid groups, ca: login.crt }");
  const people = `people:\n  ${oidc}\n  roles: { analyst: [g-a, g-b], auditor: [g-c] }\n  subjects: { "s 1": p1 }\n`;
  const { people: whose, signIn } = await readNodeConfig(await written(`${GOOD}${people}`));
  expect(whose).toBe("own");
  expect(signIn).toEqual({
    issuer: "https://login.example.nl/a",
    client: "koplamp",
    roleClaim: "groups",
    scope: "openid groups",
    ca: "an authority",
    roles: { analyst: ["g-a", "g-b"], lawful: [], ethical: [], officer: [], operator: [], auditor: ["g-c"] },
    subjects: new Map([["s 1", "p1"]]),
  });
  const least = await readNodeConfig(await written(`${GOOD}people: { ${OIDC}, roles: { lawful: [g] } }\n`));
  expect(least.signIn).toMatchObject({ scope: "openid" });
  expect(least.signIn).not.toHaveProperty("subjects");
});

test.each([
  [`{ ${OIDC} }`, 'expected a field "roles" in "people"'],
  ["{ roles: { lawful: [g] } }", 'expected a field "oidc" in "people"'],
  [`{ ${OIDC.replace("https", "http")}, roles: {} }`, 'expected https://… in "people.oidc.issuer"'],
  [`{ ${OIDC.replace("/a", "/a?b=c")}, roles: {} }`, 'expected https://… in "people.oidc.issuer"'],
  [`{ ${OIDC.replace("client", "cliant")}, roles: {} }`, 'unknown field "cliant"; did you mean "client"?'],
  [`{ ${OIDC}, roles: { lawfull: [g] } }`, 'unknown field "lawfull"; did you mean "lawful"?'],
  [`{ ${OIDC}, roles: { lawful: g } }`, 'expected a list in "people.roles.lawful", got text'],
  [`{ ${OIDC}, roles: { lawful: [] } }`, "expected 1 to 64 items"],
  [`{ ${OIDC}, roles: {}, trust: all }`, 'unknown field "trust"'],
  ["everybody", 'unknown value "everybody" in "people"'],
])("people: %s is refused", async (people, message) => {
  const said = await refusal(`${GOOD}people: ${people}\n`);
  expect(said).toContain(message);
  expect(said).toMatch(/node\.yaml:\d+:\d+/);
});
