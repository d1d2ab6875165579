// SPDX-License-Identifier: Apache-2.0
// Asks a server outside the federation for a small JSON document: an agency's identity provider.
import { request as httpsRequest } from "node:https";
import { TransportError } from "./errors.ts";

/** What is asked of whom. */
export interface HttpsAsk {
  readonly url: URL;
  /** The authorities whose certificates count, as PEM text; absent: those that the runtime knows. */
  readonly ca?: string;
  /** Fields of a form to post; absent: a GET. */
  readonly form?: Readonly<Record<string, string>>;
}

/** What came: the status, and the JSON, whatever it is. */
export interface HttpsAnswer {
  readonly status: number;
  readonly body: unknown;
}

const ASK_MS = 5_000;
const MOST_BYTES = 2 ** 18;

/**
 * One question and its answer over TLS. No redirect is followed, and no answer above 256 KiB or after five seconds read.
 * @throws {TransportError} `unreachable`, `too-large`, or `invalid-frame` for what is no JSON; with host and port only.
 */
export async function httpsJson({ url, ca, form }: HttpsAsk): Promise<HttpsAnswer> {
  if (url.protocol !== "https:") throw new TransportError("refused", `expected https, got ${url.protocol}`);
  const body = form === undefined ? undefined : new URLSearchParams(form).toString();
  const { promise, resolve, reject } = Promise.withResolvers<HttpsAnswer>();
  const asking = httpsRequest(url, {
    method: body === undefined ? "GET" : "POST",
    headers: { accept: "application/json", ...(body === undefined ? {} : FORM) },
    signal: AbortSignal.timeout(ASK_MS),
    minVersion: "TLSv1.2",
    agent: false,
    ...(ca === undefined ? {} : { ca }),
  });
  asking.once("error", () =>
    reject(new TransportError("unreachable", `${url.host} does not answer over TLS as it should`)),
  );
  asking.once("response", (answer) => {
    textOf(answer, url.host).then((text) => resolve({ status: answer.statusCode ?? 0, body: text }), reject);
  });
  asking.end(body);
  return await promise;
}

const FORM = { "content-type": "application/x-www-form-urlencoded" } as const;

async function textOf(answer: AsyncIterable<Buffer>, host: string): Promise<unknown> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of answer) {
      bytes += part.length;
      if (bytes > MOST_BYTES) break;
      parts.push(part);
    }
  } catch {
    throw new TransportError("unreachable", `${host} ended before its answer was whole`);
  }
  if (bytes > MOST_BYTES)
    throw new TransportError("too-large", `expected at most ${MOST_BYTES} bytes of ${host}`);
  try {
    return JSON.parse(Buffer.concat(parts).toString("utf8")); // attacker-controlled: its reader checks every field
  } catch {
    throw new TransportError("invalid-frame", `expected JSON of ${host}, got something else`);
  }
}
