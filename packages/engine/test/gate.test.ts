// SPDX-License-Identifier: Apache-2.0
// Log, then open: nothing that discloses leaves before it is paid for, logged, cosigned and shown to the others.
import { drive, type Sealed } from "@koplamp/protocol";
import type { Contract, Post } from "@koplamp/wire";
import { afterEach, describe, expect, it } from "vitest";
import { ContractLines } from "../src/contract-lines.ts";
import { type GateParts, logThenOpen } from "../src/gate.ts";
import type { SessionChannel } from "../src/index.ts";
import type { Notices } from "../src/notices.ts";
import {
  changedLedger,
  Federation,
  type Lists,
  matchOf,
  primitives,
  rng,
  type Wishes,
} from "./federation.ts";

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

function open(wishes: Wishes, lists: Lists = LISTS): Federation {
  federation = new Federation(lists, { graceMs: 150, ...wishes });
  return federation;
}

const LISTS: Lists = { anna: ["x", "y", "z"], bert: ["y", "z", "q"], cleo: ["z", "r"] };
const PARTIES = ["anna", "bert", "cleo"];
const question = matchOf(PARTIES, ["anna", "cleo"]);

const contract = {
  disclosures: [
    { id: "one", from: "anna", to: "bert", via: null, release: 0, output: "o", perShard: 1, shards: 1 },
    { id: "two", from: "anna", to: "cleo", via: null, release: 0, output: "o", perShard: 1, shards: 1 },
    { id: "three", from: "anna", to: "bert", via: null, release: 1, output: "o", perShard: 1, shards: 1 },
  ],
  outputs: [],
  egress: [],
} as unknown as Contract; // the gate reads no more of it

function sealed(output: string, to: string): Sealed {
  return { to, output, type: "T", bytes: new Uint8Array(4), frame: new Uint8Array(32), sealedBytes: 100 };
}

/** A gate whose parts write down what they are asked. */
function recorded(changes: Partial<GateParts> = {}): { readonly log: string[]; readonly parts: GateParts } {
  const log: string[] = [];
  const lines = new ContractLines("anna", contract, "sha256:00", { belongs: () => true, prefix: "" });
  const ledger = {
    append: (
      drafts: readonly { readonly body: object }[],
      charges: readonly { readonly amount: bigint }[] = [],
    ) => {
      log.push(`append ${drafts.length}, charge ${charges.map(({ amount }) => amount).join("+")}`);
      return drafts.map((_, at) => at);
    },
    cosigned: async (indices: readonly number[]) => {
      log.push(`cosign ${indices.join(",")}`);
      return indices.map(() => new Uint8Array());
    },
    leaf: () => new Uint8Array(),
  } as unknown as GateParts["ledger"]; // the gate asks no more of it
  const notices = {
    exchange: async (release: number) => void log.push(`notices ${release}`),
  } as unknown as Notices;
  const parts: GateParts = {
    me: "anna",
    session: "0".repeat(32),
    planHash: `sha256:${"0".repeat(64)}`,
    lines,
    ledger,
    notices,
    rng,
    primitives,
    meter: () => void log.push("meter"),
    costOf: ({ id }) => [{ charge: { budget: `elements/${id}`, amount: 5n }, limit: 10n }],
    until: (wait) => wait,
    stillAllowed: () => void log.push("allowed"),
    logged: () => {},
    opening: () => void log.push("opening"),
    ...changes,
  };
  return { log, parts };
}

describe("the gate", () => {
  it("pays and logs in one go, has one checkpoint cosigned, shows it, and checks again before it opens", async () => {
    const { log, parts } = recorded();
    const gate = logThenOpen(parts);
    await gate.open([sealed("one", "bert"), sealed("two", "cleo")]);
    await gate.open([sealed("three", "bert")]);
    expect(log).toEqual([
      ...["meter", "allowed", "append 2, charge 5+5", "cosign 0,1", "notices 0", "allowed", "opening"],
      ...["meter", "allowed", "append 1, charge 5", "cosign 0", "notices 1", "allowed", "opening"],
    ]);
  });

  it.each([
    ["a line that the contract lacks", [sealed("four", "bert")]],
    ["a line to somebody else", [sealed("one", "cleo")]],
    ["a line of a later release", [sealed("three", "bert")]],
    ["a line that was used already", [sealed("one", "bert"), sealed("one", "bert")]],
  ])("stays shut for %s, and nothing is logged", async (_what, held) => {
    const { log, parts } = recorded();
    await expect(logThenOpen(parts).open(held)).rejects.toMatchObject({ code: "integrity" });
    expect(log.filter((step) => step.startsWith("append"))).toEqual([]);
  });

  it("lets nothing out when it does not open, whatever refuses", async () => {
    const refusals: readonly Partial<GateParts>[] = [
      { meter: refuse },
      { stillAllowed: refuse },
      { notices: { exchange: async () => refuse() } as unknown as Notices },
    ];
    for (const changes of refusals) {
      const released: string[] = [];
      const channel = {
        seal: async () => sealed("one", "bert"),
        release: async ({ output }: Sealed) => void released.push(output),
      } as unknown as SessionChannel;
      const disclosing = (function* () {
        yield { kind: "disclose", to: "bert", output: "one", type: "T", bytes: new Uint8Array() } as const;
      })();
      const pool = { run: async () => undefined, wipe: async () => {} };
      const gate = logThenOpen(recorded(changes).parts);
      await expect(drive(disclosing, { channel, pool, gate })).rejects.toThrow("refused");
      expect(released).toEqual([]);
    }
  });
});

function refuse(): never {
  throw new Error("refused");
}

describe("in a real question", () => {
  it("every frame that discloses leaves after its entry and one checkpoint a release", async () => {
    const steps: string[] = [];
    const all = open({
      ports: (ports, { party }) => {
        if (party !== "bert") return ports;
        const ledger = changedLedger(ports.ledger, {
          append: (drafts, charges, limits) => {
            const told = drafts.filter(({ type }) => type === "disclose" || type === "allow");
            if (told.length > 0) steps.push(`log ${told.map(({ body }) => body["disclosure"]).join("+")}`);
            return ports.ledger.append(drafts, charges, limits);
          },
          cosigned: async (indices) => {
            const proofs = await ports.ledger.cosigned(indices);
            steps.push("cosigned");
            return proofs;
          },
        });
        const openChannel: typeof ports.openChannel = async (request) => {
          const channel = await ports.openChannel(request);
          return {
            ...channel,
            release: async (held) => {
              steps.push(`leave ${held.output}`);
              await channel.release(held);
            },
          };
        };
        return { ...ports, ledger, openChannel };
      },
    });
    expect(await all.ask("anna", question)).toMatchObject({ status: "released" });
    await all.outcomes(["bert"]);
    for (const id of ["tests.bert.anna", "tests.bert.cleo", "tokens.bert.anna", "tokens.bert.cleo"]) {
      const logged = steps.findIndex((step) => step.startsWith("log") && step.includes(id));
      const left = steps.indexOf(`leave ${id}`);
      expect(logged).toBeGreaterThanOrEqual(0);
      expect(steps.slice(logged, left)).toContain("cosigned");
    }
    // The query session opens once for both lists; the last checkpoint is that of the evidence.
    expect(steps.slice(-5)).toEqual([
      "log tokens.bert.anna+tokens.bert.cleo",
      "cosigned",
      ...["leave tokens.bert.anna", "leave tokens.bert.cleo"],
      "cosigned",
    ]);
  });

  it("a witness that does not sign keeps every gate shut", async () => {
    let signs = true;
    const all = open({
      post: (post, party) => {
        if (party !== "cleo") return post;
        const send: Post["send"] = async (to, topic, body) => {
          if (signs || !topic.startsWith("witness/answer/")) await post.send(to, topic, body);
        };
        return { ...post, send };
      },
    });
    expect(await all.ask("anna", question)).toMatchObject({ status: "released" });
    await all.outcomes(["bert", "cleo"]);
    signs = false;
    const outcome = await all.ask("anna", matchOf(PARTIES, ["anna", "cleo"], { id: "unwitnessed" }));
    expect(outcome).toMatchObject({ status: "failed", code: "unreachable" });
    const ends = await all.outcomes(["bert", "cleo"], 2);
    expect(ends.map(({ status }) => status)).toEqual(["failed", "failed"]);
    for (const party of PARTIES) expect(received(all, party, outcome.planHash ?? "")).toBe(0);
    signs = true;
    expect(await all.ask("anna", matchOf(PARTIES, ["anna"], { id: "again" }))).toMatchObject({
      status: "released",
    });
  }, 20_000);

  it("tokens without their proof are not used", async () => {
    const all = open({
      ports: (ports, { party }) => {
        if (party !== "bert") return ports;
        // A node that lets go before it has logged: its channel releases what it seals.
        const openChannel: typeof ports.openChannel = async (request) => {
          const channel = await ports.openChannel(request);
          return {
            ...channel,
            seal: async (disclosure) => {
              const held = await channel.seal(disclosure);
              if (disclosure.type === "T") await channel.release(held);
              return held;
            },
          };
        };
        const ledger = changedLedger(ports.ledger, {
          append: (drafts, charges, limits) => {
            if (drafts.some(({ type }) => type === "disclose")) throw new Error("never logged");
            return ports.ledger.append(drafts, charges, limits);
          },
        });
        return { ...ports, ledger, openChannel };
      },
    });
    const outcome = await all.ask("anna", question);
    expect(outcome).toMatchObject({ status: "failed", party: "bert" });
    expect(received(all, "anna", outcome.planHash ?? "")).toBe(0);
  });
});

/** How many disclosures of tokens a party acknowledges. */
function received(all: Federation, party: string, planHash: string): number {
  return all
    .machine(party)
    .ports.ledger.entriesOf(planHash)
    .filter(({ entry }) => entry.type === "receive").length;
}
