// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from "node:http";
import { QueryError } from "@koplamp/query";

const MAX_BODY = 2 ** 20;

/** The text that somebody sent to the desk. @throws {QueryError} `too-large`. */
export async function readBody(request: IncomingMessage, most: number = MAX_BODY): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    const buffer = Buffer.from(part);
    bytes += buffer.length;
    if (bytes > most) throw new QueryError("too-large", `expected a body of at most ${most} bytes`);
    parts.push(buffer);
  }
  return Buffer.concat(parts).toString("utf8");
}
