// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from "node:crypto";
import { type ConnectionOptions, connect } from "node:tls";
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { Admission } from "../src/admission.ts";
import { createAuthority, issueCertificate } from "../src/certificates.ts";
import { sessionService } from "../src/service.ts";
import { dialCredentials, type TlsFiles } from "../src/tls.ts";
import { frameOf, sessionOf } from "./frames.ts";
import { federation, Net, never, type TestFederation, take, until } from "./net.ts";

let made: TestFederation;
let net: Net;
beforeAll(async () => {
  made = await federation("alice", "bob", "carol");
  net = new Net(made);
});
afterEach(async () => {
  await net.close();
  net = new Net(made);
});

const quick = { connectMs: 300 };
const names = (): string[] => net.events.map(({ event }) => event);

/** How a bare TLS connection to the relay ends: by an error, or by being closed. */
function knock(port: number, options: ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({
      host: "127.0.0.1",
      port,
      servername: "localhost",
      ca: made.authority.certificate,
      ...options,
    });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "error"));
    socket.on("close", () => resolve("closed"));
    socket.on("end", () => socket.destroy());
    // With TLS 1.3 the client has done its part before the server has judged it; with an older one it is let in here.
    socket.on("secureConnect", () => {
      if (socket.getProtocol() === "TLSv1.3") return;
      resolve("spoken to");
      socket.destroy();
    });
    socket.resume();
  });
}

/** A client without our own checks, as a hostile member would write it. */
function rawClient(port: number, party: string, options = {}) {
  const credentials = dialCredentials(net.tls(party), "127.0.0.1", [made.relay.pin]);
  return new sessionService(`127.0.0.1:${port}`, credentials, {
    "grpc.ssl_target_name_override": "relay",
    "grpc.max_send_message_length": -1,
    ...options,
  });
}

describe("the outer skin refuses", () => {
  const issue = async (request: object): Promise<TlsFiles> => ({
    ...(await issueCertificate(made.authority, { federation: "ships-nl", party: "alice", ...request })),
    ca: made.authority.certificate,
  });

  it("a node whose certificate another authority signed", async () => {
    const { port } = await net.serve(net.relay());
    const other = await createAuthority("ships-nl");
    const forged = await issueCertificate(other, { federation: "ships-nl", party: "alice" });
    const tls = { ...forged, ca: made.authority.certificate };
    await expect(net.dial("alice", port, { tls, ...quick })).rejects.toMatchObject({ code: "unreachable" });
    expect(names()).toContain("relay.handshake-refused");
    expect(names()).not.toContain("relay.online");
  });

  it("a node whose key is not pinned, whatever its certificate says", async () => {
    const { port } = await net.serve(net.relay());
    await expect(net.dial("alice", port, { tls: await issue({}), ...quick })).rejects.toThrow(
      "pinned on the roster",
    );
    await expect(
      net.dial("mallory", port, { tls: await issue({ party: "mallory" }), ...quick }),
    ).rejects.toThrow();
    expect(net.events).toContainEqual({ event: "relay.certificate-refused", code: "roster" });
    expect(names()).not.toContain("relay.online");
  });

  it("a node whose pinned key is certified under another party's name", async () => {
    const pins = new Map([["alice", [net.pin("bob")]]]);
    const { port } = await net.serve(net.relay(), { pins });
    await expect(net.dial("bob", port, quick)).rejects.toMatchObject({ code: "unreachable" });
    expect(names()).not.toContain("relay.online");
  });

  it("a certificate that has expired, or does not hold yet", async () => {
    const days = 86_400_000;
    for (const fromMs of [Date.now() - 9 * days, Date.now() + 2 * days]) {
      const certificate = await issueCertificate(made.authority, {
        federation: "ships-nl",
        party: "alice",
        fromMs,
        days: 5,
      });
      const { port } = await net.serve(net.relay(), { pins: new Map([["alice", [certificate.pin]]]) });
      const tls = { ...certificate, ca: made.authority.certificate };
      await expect(net.dial("alice", port, { tls, ...quick })).rejects.toMatchObject({ code: "unreachable" });
    }
    expect(names().filter((name) => name === "relay.handshake-refused").length).toBeGreaterThanOrEqual(2);
  });

  it("whoever shows no certificate, speaks TLS 1.2 or not HTTP/2", async () => {
    const { port } = await net.serve(net.relay());
    const { certificate: cert, key } = net.tls("alice");
    const h2 = { ALPNProtocols: ["h2"] };
    expect(await knock(port, h2)).toBe("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED");
    expect(await knock(port, { ...h2, cert, key, maxVersion: "TLSv1.2" })).toBe(
      "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
    );
    expect(await knock(port, { cert, key, ALPNProtocols: ["http/1.1"] })).toMatch(/APPLICATION_PROTOCOL/);
    expect(await knock(port, { cert, key })).toBe("closed");
    expect(net.events).toContainEqual({ event: "relay.certificate-refused", code: "alpn" });
    await net.dial("alice", port);
  });

  it("a relay with another authority, another name or another key", async () => {
    const { port } = await net.serve(net.relay());
    const other = await createAuthority("ships-nl");
    const tls = { ...net.tls("alice"), ca: other.certificate };
    await expect(net.dial("alice", port, { tls, ...quick })).rejects.toMatchObject({ code: "unreachable" });
    const pins = [net.pin("bob")];
    await expect(net.dial("alice", port, { pins, ...quick })).rejects.toThrow(
      "expected the relay's pinned key",
    );
    const named = await net.serve(net.relay(), { listen: "127.0.0.2:0" });
    await expect(net.dial("alice", named.port, { url: `127.0.0.2:${named.port}`, ...quick })).rejects.toThrow(
      /IP/,
    );
    expect(names()).not.toContain("relay.online");
  });

  it("more connections of one party than agreed", async () => {
    const { port } = await net.serve(net.relay(), { limits: { connectionsPerParty: 1 } });
    const first = await net.dial("alice", port, { stripes: 1 });
    await first.push(frameOf("alice", "bob", { seq: 0 })).catch(() => {});
    await until(() => names().includes("relay.connection-refused"));
    expect(net.events).toContainEqual({ event: "relay.connection-refused", peer: "alice", count: 1 });
    await net.dial("bob", port);
  });
});

describe("a changed roster", () => {
  it("cuts those who left, keeps the others, and lets back in who returns", async () => {
    const server = await net.serve(net.relay());
    const alice = await net.dial("alice", server.port);
    const bob = await net.dial("bob", server.port);
    const seen: string[] = [];
    alice.onPresence((party, online) => seen.push(`${party} ${online}`));
    server.replacePins(net.pins("bob"));
    await until(() => seen.includes("bob false"));
    expect(net.events).toContainEqual({ event: "relay.certificate-refused", peer: "bob", code: "roster" });
    await expect(net.dial("bob", server.port, quick)).rejects.toMatchObject({ code: "unreachable" });
    await alice.post("carol", new Uint8Array(1));
    await expect(
      Promise.race([bob.post("alice", new Uint8Array(1)), net.dial("bob", server.port, quick)]),
    ).rejects.toThrow();
    server.replacePins(net.pins());
    await until(() => seen.at(-1) === "bob true");
  });
});

describe("calls are held to their limits", () => {
  const statusOfPush = (port: number, frames: readonly Uint8Array[], metadata = new Metadata()) =>
    new Promise<number>((resolve) => {
      const client = rawClient(port, "alice");
      const call = client.push(metadata, (error: ServiceError | null) => {
        client.close();
        resolve(error?.code ?? status.OK);
      });
      call.on("error", () => {});
      for (const frame of frames) call.write({ frame: Buffer.from(frame) });
      call.end();
    });

  it("messages of 1 MiB, frames of 262,384 B, well-formed headers", async () => {
    const { port } = await net.serve(net.relay());
    expect(await statusOfPush(port, [new Uint8Array(2 ** 20 + 1)])).toBe(status.RESOURCE_EXHAUSTED);
    expect(await statusOfPush(port, [frameOf("alice", "bob", { seq: 0, body: 262_384 })])).toBe(
      status.OUT_OF_RANGE,
    );
    expect(await statusOfPush(port, [new Uint8Array(300)])).toBe(status.INVALID_ARGUMENT);
    expect(await statusOfPush(port, [frameOf("bob", "carol", { seq: 0 })])).toBe(status.PERMISSION_DENIED);
    expect(await statusOfPush(port, [frameOf("alice", "bob", { seq: 0 })])).toBe(status.OK);
  });

  it("metadata of 8 KiB", async () => {
    const { port } = await net.serve(net.relay());
    const withBytes = (bytes: number): Metadata => {
      const metadata = new Metadata();
      for (let at = 0; at < bytes / 1024; at += 1) metadata.set(`x-${at}`, "x".repeat(1024));
      return metadata;
    };
    expect(await statusOfPush(port, [], withBytes(6 * 1024))).toBe(status.OK);
    expect(await statusOfPush(port, [], withBytes(9 * 1024))).toBe(status.RESOURCE_EXHAUSTED);
    expect(await statusOfPush(port, [], withBytes(100 * 1024))).not.toBe(status.OK);
    expect(net.events).toContainEqual(
      expect.objectContaining({ event: "relay.metadata-refused", peer: "alice" }),
    );
  });

  it("letters: from the start, in order, not too large, not too many at once, to members only", async () => {
    const { port } = await net.serve(net.relay({ postBytes: 1 }));
    const start = { start: { line: Buffer.alloc(16, 1), epoch: Buffer.alloc(0), taken: 0 } };
    const letter = (number: number, to = "bob", bytes = 1) => ({
      letter: { to, number, envelope: Buffer.alloc(bytes) },
    });
    const attach = (...requests: object[]) =>
      new Promise<number>((resolve) => {
        const client = rawClient(port, "alice");
        const call = client.attach();
        call.on("error", (error: ServiceError) => {
          client.close();
          resolve(error.code);
        });
        call.resume();
        for (const request of requests) call.write(request);
      });
    const other = (byte: number) => ({ start: { ...start.start, line: Buffer.alloc(16, byte) } });
    expect(await attach(letter(1))).toBe(status.PERMISSION_DENIED);
    expect(await attach({ start: { line: Buffer.alloc(3) } })).toBe(status.PERMISSION_DENIED);
    expect(await attach(start, letter(1), letter(3))).toBe(status.PERMISSION_DENIED);
    expect(await attach(other(2), letter(1, "mallory"))).toBe(status.PERMISSION_DENIED);
    expect(await attach(other(3), letter(1, "alice"))).toBe(status.PERMISSION_DENIED);
    expect(await attach(other(4), { taken: 9 })).toBe(status.PERMISSION_DENIED);
    expect(await attach(other(5), letter(1, "carol", 262_145))).toBe(status.OUT_OF_RANGE);
    const many = Array.from({ length: 8 }, (_, at) => letter(at + 1, "bob", 262_144));
    expect(await attach(other(6), ...many)).toBe(status.RESOURCE_EXHAUSTED);
  });

  it("sessions of 16 bytes, and nobody reads what is not for him", async () => {
    const { port } = await net.serve(net.relay());
    const [alice, carol] = [await net.dial("alice", port), await net.dial("carol", port)];
    await expect(take(carol.pull(new Uint8Array(15), never), 1)).rejects.toMatchObject({ code: "refused" });
    await alice.push(frameOf("alice", "bob", { seq: 0, fill: 1 }));
    await alice.push(frameOf("alice", "carol", { seq: 0, fill: 2 }));
    const [only] = await take(carol.pull(sessionOf(1), never), 1);
    expect(only?.at(-1)).toBe(2);
  });
});

describe("admission", () => {
  const callOf = (certificate?: string, metadata = new Metadata()) => ({
    metadata,
    getAuthContext: () =>
      ({ sslPeerCertificate: certificate && { raw: new X509Certificate(certificate).raw } }) as never,
  });

  it("asks the roster at every call", async () => {
    const admission = new Admission(
      net.pins(),
      (tag) => tag === "",
      () => {},
    );
    const certificate = net.tls("alice").certificate;
    expect(admission.admit(callOf(certificate))).toBe("alice");
    expect(() => admission.admit(callOf())).toThrow("expected a certificate on the roster");
    admission.replace(net.pins("alice"));
    expect(() => admission.admit(callOf(certificate))).toThrow("expected a certificate on the roster");
    expect(() => admission.expectRecipient("bob", "alice")).toThrow(
      "expected a recipient on the roster from bob",
    );
    expect(() => admission.expectFrame("bob", frameOf("bob", "alice", { seq: 0 }))).toThrow("recipient");
    admission.expectFrame("bob", frameOf("bob", "carol", { seq: 0 }));
  });
});
