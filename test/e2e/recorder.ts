// SPDX-License-Identifier: Apache-2.0
// Loaded before a relay's own program (`--import`): writes down what the process receives and opens. The program runs
// as it is. Below every line of ours: headers and bodies as HTTP/2 hands them up, after TLS; and what each AES-GCM
// opening gave. A stream has a file, so that what came in pieces stands together.
import crypto from "node:crypto";
import { subscribe } from "node:diagnostics_channel";
import { closeSync, openSync, writeSync } from "node:fs";
import type { ServerHttp2Stream } from "node:http2";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";

const to = new URL(import.meta.url).searchParams.get("to") ?? "";
const open = (name: string): number => openSync(join(to, name), "a", 0o600);

const headersFile = open("headers");
let streams = 0;
subscribe("http2.server.stream.start", (message) => {
  // The shape is that of Node's documentation of the channel.
  const { stream, headers } = message as { readonly stream: ServerHttp2Stream; readonly headers: object };
  streams += 1;
  writeSync(headersFile, `${JSON.stringify(headers)}\n`);
  const file = open(`received-${streams}`);
  const push = stream.push.bind(stream);
  stream.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (chunk instanceof Uint8Array) writeSync(file, chunk);
    return push(chunk, encoding);
  };
  stream.once("close", () => closeSync(file));
});

const openedFile = open("opened");
const createDecipheriv = crypto.createDecipheriv;
crypto.createDecipheriv = ((...args: Parameters<typeof createDecipheriv>) => {
  const decipher = createDecipheriv(...args);
  const update = decipher.update.bind(decipher) as (data: Uint8Array) => Buffer;
  decipher.update = ((data: Uint8Array) => {
    const plaintext = update(data);
    writeSync(openedFile, plaintext);
    writeSync(openedFile, "\n");
    return plaintext;
  }) as typeof decipher.update; // the one form that the relay's program uses; another would fail loudly
  return decipher;
}) as typeof createDecipheriv;
syncBuiltinESMExports();
