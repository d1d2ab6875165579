// SPDX-License-Identifier: Apache-2.0
// A node of the roster, with its own keys, that sends what it likes: to see that a leak is noticed.
import { randomFillSync } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { admitCharter } from "@koplamp/covenant";
import { nodePrimitives } from "@koplamp/pool";
import type { Folders } from "@koplamp/sdk";
import { readCharter, readKeys } from "@koplamp/store";
import { dialRelay, openPost } from "@koplamp/transport";
import { readNodeConfig } from "../../nodes/src/config.ts";

/** Sends one text twice through a running relay: as it is to another party, and sealed to the relay's own machine. */
export async function leakOnce({ nodes }: Folders, from: string, to: string, text: string): Promise<void> {
  const dir = nodes.get(from) ?? "";
  const primitives = nodePrimitives();
  const { federation } = await readNodeConfig(join(dir, "node.yaml"));
  const { url, pins } = federation.coordinator;
  const [certificate, key, ca] = await Promise.all(
    ["machine.crt", "machine.key", "ca.crt"].map((name) => readFile(join(dir, "tls", name), "utf8")),
  );
  const tls = { certificate: certificate ?? "", key: key ?? "", ca: ca ?? "" };
  await using parts = new AsyncDisposableStack();
  const line = await dialRelay({ party: from, url: url.origin, pins, tls });
  parts.defer(() => line.close());
  await line.post(to, Buffer.from(text));
  const { addresses } = admitCharter(readCharter(federation.charter), primitives);
  const rng = (length: number): Uint8Array => randomFillSync(new Uint8Array(length));
  const post = openPost({ me: from, line, addresses, primitives, rng, ...readKeys(join(dir, "keys")) });
  parts.defer(() => post.close());
  await post.send("coordinator", "test/leak", Buffer.from(text));
}
