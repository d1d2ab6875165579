// SPDX-License-Identifier: Apache-2.0
// The device authorization grant (RFC 8628): a code on this screen, and the sign-in in a browser anywhere.
import { setTimeout as sleep } from "node:timers/promises";
import { type HttpsAnswer, httpsJson, TransportError } from "@koplamp/transport";
import { SdkError } from "./errors.ts";

/** Where a node's people sign in, as the node says. */
export interface SignInPlace {
  readonly issuer: string;
  readonly client: string;
  readonly scope: string;
  readonly ca?: string;
}

/** What the person is to do. */
export interface DeviceCode {
  readonly place: string;
  readonly code: string;
  /** The same with the code in it, where the provider gives one. */
  readonly whole?: string;
}

interface Endpoints {
  readonly device: URL;
  readonly token: URL;
}

interface Granted {
  readonly shown: DeviceCode;
  readonly secret: string;
  readonly seconds: number;
  readonly interval: number;
}

type Fields = Readonly<Record<string, unknown>>;

/** Signs in, and gives the ID token. @throws {SdkError} `sign-in` with what the provider said; `unreachable`. */
export async function deviceGrant(
  place: SignInPlace,
  show: (code: DeviceCode) => void,
  signal: AbortSignal,
): Promise<string> {
  const endpoints = await endpointsOf(place);
  const granted = await codeOf(place, endpoints);
  show(granted.shown); // the secret by which the token is fetched is not among it
  return await tokenFor(place, endpoints, granted, signal);
}

async function endpointsOf(place: SignInPlace): Promise<Endpoints> {
  const url = new URL(`${place.issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  const { body } = await asked(place, url);
  if (body["issuer"] !== place.issuer) throw wrong("it names itself otherwise than the node does");
  const [device, token] = [body["device_authorization_endpoint"], body["token_endpoint"]].map(httpsIn);
  if (device === undefined || token === undefined) throw wrong("it offers no sign-in for devices (RFC 8628)");
  return { device, token };
}

async function codeOf({ client, scope, ...place }: SignInPlace, { device }: Endpoints): Promise<Granted> {
  const { status, body } = await asked(place, device, { client_id: client, scope });
  if (status !== 200) throw wrong(`it gives this client no code${said(body)}`);
  const [secret, code] = [body["device_code"], body["user_code"]];
  const [uri, whole] = [body["verification_uri"], body["verification_uri_complete"]].map(httpsIn);
  if (typeof secret !== "string" || typeof code !== "string" || !CODE.test(code) || uri === undefined)
    throw wrong("its code is not of the agreed form");
  const seconds = secondsIn(body["expires_in"], 600, 3600);
  const shown = { place: uri.href, code, ...(whole === undefined ? {} : { whole: whole.href }) };
  return { shown, secret, seconds, interval: secondsIn(body["interval"], 5, 60) };
}

/** What goes to a terminal: printable, and short. */
const CODE = /^[\x21-\x7e]{1,64}$/;

async function tokenFor(
  { client, ...place }: SignInPlace,
  { token }: Endpoints,
  { secret, seconds, interval }: Granted,
  signal: AbortSignal,
): Promise<string> {
  const form = { grant_type: GRANT, device_code: secret, client_id: client };
  const until = Date.now() + seconds * 1000;
  for (let wait = interval; Date.now() < until; ) {
    await sleep(wait * 1000, undefined, { signal });
    const { status, body } = await asked(place, token, form);
    const { id_token: id, error } = body;
    if (status === 200 && typeof id === "string") return id;
    if (error === "slow_down") wait += 5;
    else if (error !== "authorization_pending") throw notSignedIn(error);
  }
  throw notSignedIn("expired_token");
}

const GRANT = "urn:ietf:params:oauth:grant-type:device_code";

function notSignedIn(error: unknown): SdkError {
  if (error === "access_denied") return new SdkError("sign-in", "the sign-in was refused", AGAIN);
  if (error === "expired_token")
    return new SdkError("sign-in", "nobody signed in before the code expired", AGAIN);
  return wrong(`it gives no token${said({ error })}`);
}

const AGAIN = "koplamp login again";

async function asked(
  { ca }: Pick<SignInPlace, "ca">,
  url: URL,
  form?: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly body: Fields }> {
  try {
    const ask = { url, ...(ca === undefined ? {} : { ca }), ...(form === undefined ? {} : { form }) };
    const { status, body }: HttpsAnswer = await httpsJson(ask);
    return { status, body: Object(body) };
  } catch (reason) {
    if (!(reason instanceof TransportError)) throw reason;
    throw new SdkError(
      "sign-in",
      `the identity provider cannot be asked: ${reason.message}`,
      "ask the node's operator",
    );
  }
}

function wrong(what: string): SdkError {
  return new SdkError("sign-in", `the identity provider does not do: ${what}`, "ask the node's operator");
}

/** An OAuth error code, which is a word of a registry and nothing else. */
function said({ error }: Fields): string {
  return typeof error === "string" && /^[a-z_]{1,40}$/.test(error) ? ` (${error})` : "";
}

function httpsIn(value: unknown): URL | undefined {
  const url = typeof value === "string" ? URL.parse(value) : null;
  return url?.protocol === "https:" ? url : undefined;
}

function secondsIn(value: unknown, otherwise: number, most: number): number {
  return typeof value === "number" && value > 0 ? Math.min(value, most) : otherwise;
}
