// SPDX-License-Identifier: Apache-2.0
import { randomFillSync } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { AGENCY_ROLES } from "@koplamp/covenant";
import { type Backends, nodePrimitives } from "@koplamp/pool";
import type { PartyId } from "@koplamp/protocol";
import type { Federation, FederationParty } from "@koplamp/query";
import { writeCharter, writeCoordinatorKeys, writeKeys, writePersonKey } from "@koplamp/store";
import { createAuthority, issueCertificate, type KeyedCertificate } from "@koplamp/transport";
import { documentHash, type Hash } from "@koplamp/wire";
import { stringify } from "yaml";
import { createCharter, type Founded, type Terms } from "./charter.ts";

/** A federation to set up in one folder, with a subfolder for each machine as it would be at its agency. */
export interface FoundRequest {
  readonly dir: string;
  /** Paths of its files are absolute. */
  readonly federation: Federation;
  /** The covenant's id; real nodes refuse one that begins with `lab/`. */
  readonly covenant: string;
  readonly terms: Terms;
  /** Seconds after which a party whose line is down is given up. */
  readonly graceSeconds?: number;
  /** Threads of each node; one when absent. */
  readonly workers?: number;
  /** What multiplies points at each node; the system's libsodium, or else our kernel, when absent. */
  readonly backend?: Backends;
  /** Parties whose people ask and decide with keys in files of their own, beside the node's folder; others agree to everything. */
  readonly people?: readonly PartyId[];
}

/** Where everything is. */
export interface Folders {
  readonly dir: string;
  readonly covenantHash: Hash;
  /** Party to the folder of its node. */
  readonly nodes: ReadonlyMap<PartyId, string>;
  readonly coordinator: string;
  /** Party to the folder of its people's keys: `analyst.key`, `lawful.key`, `ethical.key`, `officer.key`. */
  readonly people: ReadonlyMap<PartyId, string>;
  /** A file of one line, `covenant sha256:…`: what `koplamp verify --trust` takes. */
  readonly trust: string;
  readonly port: number;
}

interface Machine {
  readonly dir: string;
  readonly certificate: KeyedCertificate & { readonly pin: string };
}

/**
 * Founds a federation as files: keys and certificates for every machine, a covenant that all sign, cards, a roster, and
 * for each daemon the file that an operator would write. One process makes all secrets, so this is for trials only.
 */
export async function foundFolders(request: FoundRequest): Promise<Folders> {
  const { dir, federation, covenant, terms } = request;
  const authority = await createAuthority(federation.id);
  const machines = new Map<PartyId, Machine>();
  for (const party of [...federation.parties.map(({ id }) => id), "coordinator"]) {
    const certificate = await issueCertificate(authority, { federation: federation.id, party });
    machines.set(party, { dir: join(dir, party), certificate });
  }
  const machine = (party: PartyId): Machine =>
    machines.get(party) ?? { dir, certificate: { certificate: "", key: "", pin: "" } };
  const parties = federation.parties.map(({ id, name }) => ({
    id,
    name,
    tlsPins: [machine(id).certificate.pin],
  }));
  const coordinator = { tlsPins: [machine("coordinator").certificate.pin] };
  const rng = (length: number): Uint8Array => randomFillSync(new Uint8Array(length));
  const founded = createCharter({ id: covenant, parties, terms, coordinator, now: Date.now() }, rng);
  const covenantHash = documentHash(nodePrimitives().sha256, founded.charter.covenant.bytes);
  const port = await freePort();
  const common = { federation, covenantHash, port, pin: machine("coordinator").certificate.pin, request };
  await mkdir(dir, { recursive: true, mode: 0o700 });
  for (const party of federation.parties)
    await writeNode(machine(party.id), party, founded, authority, common);
  await writeCoordinator(machine("coordinator"), founded, authority, common);
  const trust = join(dir, "covenant.txt");
  await writeFile(trust, `covenant ${covenantHash}\n`);
  const nodes = new Map(federation.parties.map(({ id }) => [id, machine(id).dir]));
  const people = new Map((request.people ?? []).map((party) => [party, peopleIn(dir, party)]));
  return { dir, covenantHash, nodes, people, coordinator: machine("coordinator").dir, trust, port };
}

interface Common {
  readonly federation: Federation;
  readonly covenantHash: Hash;
  readonly port: number;
  readonly pin: string;
  readonly request: FoundRequest;
}

async function writeNode(
  machine: Machine,
  { id, datasets }: FederationParty,
  founded: Founded,
  authority: KeyedCertificate,
  { federation, covenantHash, port, pin, request }: Common,
): Promise<void> {
  await writeMachine(machine, founded, authority);
  const keys = founded.keys[id];
  const own = request.people?.includes(id) ?? false;
  if (keys !== undefined) writeKeys(join(machine.dir, "keys"), own ? { ...keys, people: {} } : keys);
  if (keys !== undefined && own)
    for (const role of ["analyst", ...AGENCY_ROLES, "officer"] as const)
      writePersonKey(join(peopleIn(request.dir, id), `${role}.key`), keys.people[role]);
  const url = `https://127.0.0.1:${port}`;
  await writeConfig(join(machine.dir, "node.yaml"), {
    koplamp: "node/v1",
    party: id,
    federations: [
      { id: federation.id, covenant: covenantHash, charter: "charter", coordinators: [{ url, pins: [pin] }] },
    ],
    identity: IDENTITY,
    state: "state",
    sources: datasets,
    limits: {
      workers: request.workers ?? 1,
      grace: `${request.graceSeconds ?? 30} s`,
      backend: request.backend ?? "auto",
    },
    people: own ? "own" : "generated",
    log: { level: "info" },
  });
}

function peopleIn(dir: string, party: PartyId): string {
  return join(dir, `${party}-people`);
}

async function writeCoordinator(
  machine: Machine,
  founded: Founded,
  authority: KeyedCertificate,
  { federation, covenantHash, port }: Common,
): Promise<void> {
  await writeMachine(machine, founded, authority);
  writeCoordinatorKeys(join(machine.dir, "keys"), founded.coordinator);
  await writeConfig(join(machine.dir, "coordinator.yaml"), {
    koplamp: "coordinator/v1",
    listen: `127.0.0.1:${port}`,
    identity: IDENTITY,
    federations: [{ id: federation.id, covenant: covenantHash, charter: "charter" }],
    compute: { workers: 1 },
    log: { level: "info" },
  });
}

const IDENTITY = {
  keys: "keys",
  certificate: "tls/machine.crt",
  key: "tls/machine.key",
  ca: "tls/ca.crt",
} as const;

/** What every machine has: its certificate and key, the authority, the signed documents. */
async function writeMachine(
  { dir, certificate }: Machine,
  { charter }: Founded,
  authority: KeyedCertificate,
): Promise<void> {
  const tls = join(dir, "tls");
  await mkdir(tls, { recursive: true, mode: 0o700 });
  await writeFile(join(tls, "machine.crt"), certificate.certificate);
  await writeFile(join(tls, "machine.key"), certificate.key, { mode: 0o600 });
  await writeFile(join(tls, "ca.crt"), authority.certificate);
  writeCharter(join(dir, "charter"), charter);
}

async function writeConfig(file: string, content: object): Promise<void> {
  await writeFile(file, stringify(content), { mode: 0o600 });
}

/** A port of the loopback that nobody uses now. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return address !== null && typeof address === "object" ? address.port : 0;
}
