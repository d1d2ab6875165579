// SPDX-License-Identifier: Apache-2.0
// Bytes that once broke HTTP/2 implementations, at the relay's port: bare, and inside TLS with a member's certificate.
import { readdirSync, readFileSync } from "node:fs";
import { connect as connectTcp, type Socket } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { fromHex } from "@koplamp/wire";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasShared, sharedPath } from "../../../test/shared.ts";
import { federation, Net, take } from "./net.ts";

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const SETTINGS = Buffer.from("000000040000000000", "hex");

let net: Net;
let port: number;
beforeAll(async () => {
  net = new Net(await federation("alice", "bob"));
  ({ port } = await net.serve(net.relay()));
});
afterAll(() => net.close());

function filesIn(folder: string): string[] {
  return readdirSync(sharedPath(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function corpus(): Uint8Array[] {
  return filesIn("vectors/nghttp2-corpus/corpus").map((path) => readFileSync(path));
}

function frames(): Uint8Array[] {
  const paths = filesIn("vectors/http2-frames").filter((path) => path.endsWith(".json"));
  return paths.map((path) =>
    fromHex((JSON.parse(readFileSync(path, "utf8")) as { wire: string }).wire.toLowerCase()),
  );
}

/** Throws bytes at the port and waits for what comes of it, a moment at most. */
function throwAt(socket: Socket, ready: "connect" | "secureConnect", bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.destroy(), 40);
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      resolve();
    });
    socket.resume();
    socket.once(ready, () => socket.write(bytes));
  });
}

function bare(bytes: Uint8Array): Promise<void> {
  return throwAt(connectTcp(port, "127.0.0.1"), "connect", bytes);
}

function inside(bytes: Uint8Array): Promise<void> {
  const { certificate: cert, key, ca } = net.tls("alice");
  const socket = connectTls({
    host: "127.0.0.1",
    port,
    servername: "localhost",
    cert,
    key,
    ca,
    ALPNProtocols: ["h2"],
  });
  return throwAt(socket, "secureConnect", bytes);
}

async function throwAll(
  inputs: readonly Uint8Array[],
  at: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const rest = [...inputs];
  const lane = async (): Promise<void> => {
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) await at(next);
  };
  await Promise.all(Array.from({ length: 16 }, lane));
}

async function stillServes(): Promise<void> {
  const [alice, bob] = [await net.dial("alice", port), await net.dial("bob", port)];
  await alice.post("bob", new Uint8Array(9));
  expect(await take(bob.posts(), 1)).toHaveLength(1);
  await Promise.all([alice.close(), bob.close()]);
}

describe.skipIf(!hasShared)("hostile bytes leave the relay alive and serving", () => {
  it("nghttp2's corpus, 136 inputs", async () => {
    const inputs = corpus();
    expect(inputs).toHaveLength(136);
    await throwAll(inputs, bare);
    await throwAll(inputs, inside);
    await throwAll(
      inputs.map((bytes) => Buffer.concat([PREFACE, SETTINGS, bytes])),
      inside,
    );
    await stillServes();
  }, 15_000);

  it("34 frames, most of them malformed", async () => {
    const inputs = frames();
    expect(inputs).toHaveLength(34);
    await throwAll(inputs, bare);
    await throwAll(
      inputs.map((bytes) => Buffer.concat([PREFACE, SETTINGS, bytes])),
      inside,
    );
    await stillServes();
  }, 15_000);
});

describe("hostile connections", () => {
  it("that say nothing, reset streams without end or send one byte at a time leave the relay serving", async () => {
    const silent = Array.from({ length: 50 }, () => connectTcp(port, "127.0.0.1").on("error", () => {}));
    const resets = Array.from({ length: 5_000 }, (_, at) => {
      const id = 2 * at + 1;
      const header = Buffer.from("000001010400000000820000040300000000000000000008".slice(0, 20), "hex");
      header.writeUInt32BE(id, 5);
      const reset = Buffer.from("00000403000000000000000008", "hex");
      reset.writeUInt32BE(id, 5);
      return Buffer.concat([header, reset]);
    });
    await inside(Buffer.concat([PREFACE, SETTINGS, ...resets]));
    await inside(Buffer.concat([PREFACE, Buffer.alloc(2 ** 20)]));
    await stillServes();
    for (const socket of silent) socket.destroy();
  }, 15_000);
});
