// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import {
  type Channel,
  disclose,
  drive,
  type Gate,
  type Message,
  type Party,
  PeerLost,
  type Ports,
  receive,
  type Sealed,
  send,
} from "../src/index.ts";
import { ANSWER, byte, HELLO } from "./codecs.ts";

/** Ports that write down what happens to them. */
function recordingPorts(
  inbox: readonly (Message | Error)[],
  refuse = false,
): Ports & { readonly log: string[] } {
  const log: string[] = [];
  const waiting = [...inbox];
  const channel: Channel = {
    send: async (to, type) => void log.push(`send ${to} ${type}`),
    receive: async () => {
      const next = waiting.shift();
      if (next === undefined || next instanceof Error) throw next ?? new Error("nothing comes");
      return next;
    },
    seal: async (disclosure): Promise<Sealed> => {
      log.push(`seal ${disclosure.to} ${disclosure.output}`);
      return { ...disclosure, frame: new Uint8Array(32), sealedBytes: disclosure.bytes.length };
    },
    release: async ({ to, output }) => void log.push(`release ${to} ${output}`),
  };
  const gate: Gate = {
    open: async (held) => {
      log.push(`gate ${held.map(({ to, output }) => `${to} ${output}`).join(",")}`);
      if (refuse) throw new PeerLost("witness", "no quorum");
    },
  };
  const pool = { run: async () => undefined, wipe: async () => void log.push("wipe") };
  return { channel, gate, pool, log };
}

function* teller(ended: string[]): Party<string> {
  try {
    yield* disclose("bob", "one", ANSWER, byte(1));
    yield* disclose("carol", "two", ANSWER, byte(2));
    yield* send("bob", HELLO, byte(3));
    yield* disclose("bob", "last", ANSWER, byte(4));
    return "done";
  } finally {
    ended.push("finally");
  }
}

function* patient(): Party<string> {
  try {
    yield* receive("bob", HELLO);
    return "heard";
  } catch (reason) {
    if (reason instanceof PeerLost) return `without ${reason.peer}`;
    throw reason;
  }
}

describe("drive", () => {
  it("opens the gate once per release, before the wire, and wipes at the end", async () => {
    const ports = recordingPorts([]);
    await expect(drive(teller([]), ports)).resolves.toBe("done");
    expect(ports.log).toEqual([
      "seal bob one",
      "seal carol two",
      "gate bob one,carol two",
      "release bob one",
      "release carol two",
      "send bob hello",
      "seal bob last",
      "gate bob last",
      "release bob last",
      "wipe",
    ]);
  });

  it("lets nothing out when the gate refuses; the party ends and its secrets are wiped", async () => {
    const ports = recordingPorts([], true);
    const ended: string[] = [];
    await expect(drive(teller(ended), ports)).rejects.toThrow("no quorum");
    expect(ports.log).toEqual(["seal bob one", "seal carol two", "gate bob one,carol two", "wipe"]);
    expect(ended).toEqual(["finally"]);
  });

  it("offers a lost peer to the party, and only at the receive that waits for it", async () => {
    await expect(drive(patient(), recordingPorts([new PeerLost("bob", "gone")]))).resolves.toBe(
      "without bob",
    );
    await expect(drive(patient(), recordingPorts([new Error("disk full")]))).rejects.toThrow("disk full");
  });

  it("refuses a message of another type", async () => {
    const ports = recordingPorts([{ type: "answer", bytes: byte(1) }]);
    await expect(drive(patient(), ports)).rejects.toThrow("expected hello from bob, got answer");
    expect(ports.log).toEqual(["wipe"]);
  });
});
