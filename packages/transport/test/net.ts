// SPDX-License-Identifier: Apache-2.0
import { connect, createServer, type Socket } from "node:net";
import type { Line } from "@koplamp/wire";
import { createAuthority, issueCertificate, type KeyedCertificate } from "../src/certificates.ts";
import { type DialParts, dialRelay } from "../src/client.ts";
import type { TransportEvent } from "../src/log.ts";
import { Relay, type RelayLimits } from "../src/relay.ts";
import { type RelayServer, type RelayServerParts, startRelayServer } from "../src/server.ts";
import type { TlsFiles } from "../src/tls.ts";

export type Issued = KeyedCertificate & { readonly pin: string };

/** The certificates of a federation, made once for a file of tests. */
export interface TestFederation {
  readonly authority: KeyedCertificate;
  readonly relay: Issued;
  readonly parties: Readonly<Record<string, Issued>>;
}

export async function federation(...parties: string[]): Promise<TestFederation> {
  const authority = await createAuthority("ships-nl");
  const issue = (party: string) => issueCertificate(authority, { federation: "ships-nl", party });
  const issued = await Promise.all(parties.map(async (party) => [party, await issue(party)] as const));
  return { authority, relay: await issue("coordinator"), parties: Object.fromEntries(issued) };
}

/** Everything that a test opens, closed in the reverse order. */
export class Net {
  readonly federation: TestFederation;
  readonly events: TransportEvent[] = [];
  readonly #closers: (() => Promise<void> | void)[] = [];

  constructor(made: TestFederation) {
    this.federation = made;
  }

  tls(party: string): TlsFiles {
    const { certificate, key } = this.#issued(party);
    return { certificate, key, ca: this.federation.authority.certificate };
  }

  pin(party: string): string {
    return this.#issued(party).pin;
  }

  /** Everybody's pins but those who left. */
  pins(...left: string[]): Map<string, string[]> {
    const all = Object.entries(this.federation.parties).filter(([party]) => !left.includes(party));
    return new Map(all.map(([party, { pin }]) => [party, [pin]]));
  }

  relay(limits: Partial<RelayLimits> = {}): Relay {
    const relay = new Relay(limits, (event) => this.events.push(event));
    this.#closers.push(() => relay.close());
    return relay;
  }

  async serve(relay: Relay, parts: Partial<RelayServerParts> = {}): Promise<RelayServer> {
    const log = (event: TransportEvent): void => void this.events.push(event);
    const common = {
      relay,
      listen: "127.0.0.1:0",
      tls: this.tls("coordinator"),
      pins: this.pins(),
      limits: { aliveMs: 150 },
      log,
    };
    const server = await startRelayServer({ ...common, ...parts });
    this.#closers.push(() => server.close());
    return server;
  }

  async dial(party: string, port: number, parts: Partial<DialParts> = {}): Promise<Line> {
    const common = {
      party,
      url: `127.0.0.1:${port}`,
      pins: [this.federation.relay.pin],
      tls: this.tls(party),
    };
    const line = await dialRelay({ ...common, connectMs: 5_000, flushMs: 500, aliveMs: 150, ...parts });
    this.#closers.push(() => line.close());
    return line;
  }

  /** A port before another one, whose connections can be cut, and are `delayMs` long each way. */
  async proxy(port: number, delayMs = 0): Promise<{ port: number; cut(): void; block(on: boolean): void }> {
    const sockets = new Set<Socket>();
    let blocked = false;
    const server = createServer((near) => {
      if (blocked) return void near.destroy();
      const far = connect(port, "127.0.0.1");
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => {
          sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        if (delayMs === 0) from.pipe(to);
        else from.on("data", (bytes) => setTimeout(() => to.write(bytes), delayMs));
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const cut = (): void => {
      for (const socket of sockets) socket.destroy();
    };
    this.#closers.push(() => {
      cut();
      server.close();
    });
    const address = server.address();
    return {
      port: typeof address === "object" && address !== null ? address.port : 0,
      cut,
      block: (on) => {
        blocked = on;
      },
    };
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }

  #issued(party: string): Issued {
    const found = party === "coordinator" ? this.federation.relay : this.federation.parties[party];
    if (found === undefined) throw new RangeError(`no certificate for ${party}`);
    return found;
  }
}

export const never = new Promise<void>(() => {});

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export async function take<Item>(items: AsyncIterable<Item>, count: number): Promise<Item[]> {
  const taken: Item[] = [];
  if (count === 0) return taken;
  for await (const item of items) {
    taken.push(item);
    if (taken.length === count) break;
  }
  return taken;
}

/** Asks until `question` gives yes, for two seconds at most. */
export async function until(question: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200 && !question(); tries += 1) await pause(10);
  if (!question()) throw new Error("expected a yes within two seconds");
}
