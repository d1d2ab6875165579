// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from "node:crypto";
import { access, constants, mkdir, readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { connect } from "node:tls";
import { faultOf } from "@koplamp/engine";
import { chooseGroup, nodePrimitives } from "@koplamp/pool";
import { spkiPin } from "@koplamp/transport";
import { type NodeConfig, readNodeConfig } from "./config.ts";
import { StartError } from "./errors.ts";
import { IssuerKeys } from "./issuer-keys.ts";
import { readOwnPolicy } from "./own-policy.ts";
import { sourceReader } from "./source-reader.ts";
import { admitted, machineKeys } from "./start.ts";

/** How a command of the daemon writes. */
export interface Output {
  readonly json: boolean;
  print(text: string): void;
}

/** One line of the doctor. */
interface Finding {
  readonly check: string;
  readonly ok: boolean;
  /** What was found, or what is wrong. */
  readonly found: string;
  readonly hint?: string;
}

const CONNECT_MS = 5000;
const DAY_MS = 86_400_000;

/** Checks what a node needs, one line a check, each failure with its remedy. Gives the exit status. */
export async function examine(file: string, { json, print }: Output): Promise<number> {
  const config = await readNodeConfig(file); // an unreadable file says where, and nothing else can be checked
  const findings = await Promise.all([
    checked("file", () => `${file} can be read by its owner alone`),
    checked("covenant", () => covenant(config)),
    checked("keys", () => {
      machineKeys(config).storage.fill(0);
      return `${config.identity.keys} holds all keys, for its owner alone`;
    }),
    checked("people", () => people(config)),
    ...(config.signIn === undefined ? [] : [checked("sign-in", () => signIn(config.signIn))]),
    checked("policy", () => policy(config)),
    checked("certificate", () => certificate(config)),
    checked("coordinator", () => coordinator(config)),
    checked("state", () => state(config)),
    checked("group", async () => `${(await chooseGroup(config.limits.backend)).name} multiplies points`),
    ...Object.keys(config.sources).map((name) => checked(`source ${name}`, () => source(config, name))),
  ]);
  const failed = findings.filter(({ ok }) => !ok).length;
  if (json) print(JSON.stringify({ party: config.party, findings, failed }));
  else for (const finding of findings) print(findingText(finding));
  return failed === 0 ? 0 : 1;
}

async function checked(check: string, look: () => Promise<string> | string): Promise<Finding> {
  try {
    return { check, ok: true, found: await look() };
  } catch (reason) {
    const { message, hint } = faultOf(reason);
    return { check, ok: false, found: message, ...(hint === "" ? {} : { hint }) };
  }
}

function findingText({ check, ok, found, hint }: Finding): string {
  const line = `${ok ? "ok  " : "FAIL"}  ${check.padEnd(16)}  ${found}`;
  return hint === undefined ? line : `${line}\n      ${" ".repeat(16)}  hint: ${hint}`;
}

async function covenant(config: NodeConfig): Promise<string> {
  const { covenant: agreed, cards } = admitted(config, nodePrimitives());
  const now = new Date().toISOString();
  if (now >= agreed.validUntil)
    throw new StartError("covenant", `covenant "${agreed.id}" ended at ${agreed.validUntil}`);
  return `"${agreed.id}" version ${agreed.version}, signed by ${cards.size} of ${cards.size}`;
}

function people({ people: who }: NodeConfig): string {
  return who === "own"
    ? "people who ask and approve have keys of their own"
    : "generated keys ask and approve everything: for trials only";
}

function policy({ policy: folder }: NodeConfig): string {
  if (folder === undefined) return "no folder of policies is configured: the covenant decides alone";
  const { policies } = readOwnPolicy(folder);
  return `${policies.length} policies in ${folder}, valid; what none permits is refused`;
}

async function signIn(config: NodeConfig["signIn"]): Promise<string> {
  if (config === undefined) return "not configured";
  await new IssuerKeys(config, Date.now).current();
  return `the keys of ${new URL(config.issuer).host} can be read`;
}

async function certificate(config: NodeConfig): Promise<string> {
  const pem = await readFile(config.identity.certificate, "utf8");
  const days = Math.floor((new X509Certificate(pem).validToDate.getTime() - Date.now()) / DAY_MS);
  if (days < 0)
    throw new StartError("files", "the certificate has expired", "issue a new one with the same key");
  const { cards } = admitted(config, nodePrimitives());
  const pin = spkiPin(pem);
  if (cards.get(config.party)?.tlsPins.includes(pin)) return `${days} days left, as the card says`;
  throw new StartError("files", "the certificate's key is not the one on our card", "issue a new card");
}

/** Whether something at the coordinator's address speaks TLS 1.3 with a pinned key. */
async function coordinator({ federation, identity }: NodeConfig): Promise<string> {
  const { url, pins } = federation.coordinator;
  const [ca, cert, key] = await Promise.all(
    [identity.ca, identity.certificate, identity.key].map((file) => readFile(file, "utf8")),
  );
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = {
    ca,
    cert,
    key,
    minVersion: "TLSv1.3",
    ALPNProtocols: ["h2"],
    timeout: CONNECT_MS,
  } as const;
  const socket = connect({
    host: url.hostname,
    port: Number(url.port || 443),
    ...(isIP(url.hostname) === 0 ? { servername: url.hostname } : {}),
    ...options,
  });
  const hint = "ask its operator; nodes dial out only, so a firewall may have to let this one through";
  const unreachable = (): void => reject(new StartError("files", `${url.host} does not answer`, hint));
  socket.once("timeout", unreachable).once("error", unreachable);
  socket.once("secureConnect", () => {
    const pin = spkiPin(socket.getPeerX509Certificate()?.toString() ?? "");
    if (pins.includes(pin)) resolve(`${url.host} answers, TLS 1.3, pinned key`);
    else
      reject(new StartError("files", `${url.host} has another key than the pinned one`, "ask its operator"));
  });
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

async function state({ state: dir }: NodeConfig): Promise<string> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await access(dir, constants.R_OK | constants.W_OK | constants.X_OK);
  return `${dir} can be written`;
}

async function source(config: NodeConfig, name: string): Promise<string> {
  const spec = config.sources[name];
  if (spec === undefined) return "not declared";
  const read = await sourceReader(config);
  const { table } = await read(spec, Object.keys(spec.columns));
  return `${table.rows} rows`;
}
