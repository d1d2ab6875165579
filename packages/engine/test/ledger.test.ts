// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readNote, readProof, signCheckpoint } from "@koplamp/ledger";
import type { PartyId } from "@koplamp/protocol";
import { documentHash, fromUtf8, hex, utf8 } from "@koplamp/wire";
import { describe, expect, it } from "vitest";
import { openStore } from "../../store/src/index.ts";
import { EngineError } from "../src/errors.ts";
import type { Draft } from "../src/ledger-entries.ts";
import {
  federation,
  keysOf,
  membershipOf,
  type Node,
  nodeOf,
  Office,
  originOf,
  PLAN,
  primitives,
  TestClock,
} from "./ledger-federation.ts";

const hash = (digit: string): string => `sha256:${digit.repeat(64)}`;
const planned = (purpose: string): Draft => ({
  type: "plan",
  verb: "none",
  planHash: PLAN,
  body: { contractHash: hash("2"), class: "F", purpose },
});
const disclosed = (to: readonly PartyId[]): Draft => ({
  type: "disclose",
  verb: "disclosure",
  planHash: PLAN,
  body: {
    session: "0".repeat(32),
    disclosure: "tokens.a",
    output: "o1",
    to,
    frame: hash("3"),
    commitment: `hmac-${hash("4")}`,
    bytes: 64,
    debits: [],
    contractHash: hash("2"),
  },
  kept: { salt: "a secret salt" },
});

async function rejection(wait: Promise<unknown>): Promise<EngineError> {
  const reason = await wait.then(
    () => new Error("expected a rejection"),
    (error: unknown) => error,
  );
  if (reason instanceof EngineError) return reason;
  throw reason;
}

function refusal(act: () => unknown): EngineError {
  try {
    act();
  } catch (reason) {
    if (reason instanceof EngineError) return reason;
    throw reason;
  }
  return expect.unreachable("expected a refusal");
}

const first = (proofs: readonly Uint8Array[]): Uint8Array => proofs[0] ?? new Uint8Array();
const checkpointOf = (proof: Uint8Array): string => fromUtf8(readProof(proof).checkpoint);
/** Sizes of the checkpoints that `to` was asked to cosign. */
const asked = (office: Office, to: PartyId): readonly number[] =>
  office.seen
    .filter((letter) => letter.to === to && letter.topic.startsWith("witness/add/"))
    .map(({ topic }) => Number(topic.split("/")[2]));

describe("a cosigned entry", () => {
  it("is proven to the others, by one checkpoint for all", async () => {
    const { of, office } = federation(["a", "b", "c"], 2);
    const indices = of("a").ledger.append([planned("x"), disclosed(["b"])]);
    const proofs = await of("a").ledger.cosigned(indices);
    const entries = indices.map((index, at) =>
      of("b").ledger.verify("a", of("a").ledger.leaf(index), proofs[at] ?? new Uint8Array()),
    );
    expect(entries.map(({ type, ledger }) => [type, ledger])).toEqual([
      ["plan", originOf("a")],
      ["disclose", originOf("a")],
    ]);
    expect(new Set(proofs.map(checkpointOf)).size).toBe(1);
    expect([asked(office, "b"), asked(office, "c")]).toEqual([[2], [2]]);
  });

  it("is not there before the quorum has signed", async () => {
    const { of, office } = federation(["a", "b", "c"], 2);
    const gate = Promise.withResolvers<void>();
    office.route = async (letter) => {
      if (letter.from === "c") await gate.promise;
      return letter;
    };
    let done = false;
    const wait = of("a")
      .ledger.cosigned(of("a").ledger.append([planned("x")]))
      .then(() => {
        done = true;
      });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(done).toBe(false);
    gate.resolve();
    await wait;
  });

  it("does without the witnesses that the quorum does not need", async () => {
    const { of, office } = federation(["a", "b", "c", "d", "e"], 3);
    office.route = (letter) => (letter.to === "e" ? undefined : letter);
    const { ledger } = of("a");
    const proof = first(await ledger.cosigned(ledger.append([planned("x")])));
    expect(readNote(readProof(proof).checkpoint).signatures.length).toBe(4);
    expect(of("e").ledger.verify("a", ledger.leaf(0), proof).type).toBe("plan");
  });

  it("is refused at the deadline, and the message names who did not sign", async () => {
    const { of, office } = federation(["a", "b", "c"], 2);
    office.route = (letter) => (letter.to === "c" ? undefined : letter);
    const error = await rejection(of("a").ledger.cosigned(of("a").ledger.append([planned("x")])));
    expect([error.code, error.party]).toEqual(["unreachable", "c"]);
    expect(error.message).toBe("the ledger of a needs 2 witnesses and has 1: c did not sign");
    office.route = (letter) => letter;
    expect((await of("a").ledger.cosigned([0])).length).toBe(1);
  });

  it("is refused at once when the quorum cannot be reached any more", async () => {
    const { of, office, membership } = federation(["a", "b"], 1);
    const post = office.post("a");
    post.giveUp("b", "its line is down");
    const { ledger } = nodeOf(office, "a", membership, { post, deadlineMs: 1e9 });
    const error = await rejection(ledger.cosigned(ledger.append([planned("x")])));
    expect([error.code, error.party]).toEqual(["unreachable", "b"]);
    expect(error.hint).toContain("its line is down");
    of("a").stop();
  });

  it("joins the next checkpoint while one is in flight", async () => {
    const { of, office } = federation(["a", "b", "c"], 2);
    const { ledger } = of("a");
    const one = ledger.cosigned(ledger.append([planned("x")]));
    const others = ["y", "z", "w"].map((purpose) => ledger.cosigned(ledger.append([planned(purpose)])));
    await Promise.all([one, ...others]);
    expect(asked(office, "b")).toEqual([1, 4]);
    expect(checkpointOf(first((await others[0]) ?? []))).toContain("\n4\n");
  });

  it("is not asked for again when a cosigned checkpoint has it", async () => {
    const { of, office, membership } = federation(["a", "b", "c"], 2);
    const { ledger, store } = of("a");
    await ledger.cosigned(ledger.append([planned("x"), planned("y")]));
    await ledger.cosigned([1]);
    expect(asked(office, "b")).toEqual([2]);
    const again = nodeOf(office, "a", membership, { store });
    await again.ledger.cosigned([0]);
    expect(asked(office, "b")).toEqual([2]);
  });

  it("keeps the checkpoint that had it first", async () => {
    const { of, office, membership } = federation(["a", "b", "c"], 2);
    const { ledger, store } = of("a");
    const early = first(await ledger.cosigned(ledger.append([planned("x")])));
    const [again, late] = await ledger.cosigned([0, ...ledger.append([planned("y"), planned("z")])]);
    expect(again).toEqual(early);
    expect(checkpointOf(late ?? new Uint8Array())).toContain("\n3\n");
    const reopened = nodeOf(office, "a", membership, { store });
    expect(await reopened.ledger.cosigned([0])).toEqual([early]);
  });

  it("reaches a witness that lags by a proof from its own size", async () => {
    const { of, office } = federation(["a", "b", "c", "d", "e"], 3);
    const { ledger } = of("a");
    let silent: readonly PartyId[] = ["e"];
    office.route = (letter) => (silent.includes(letter.to) ? undefined : letter);
    await ledger.cosigned(ledger.append([planned("x"), planned("y")]));
    silent = [];
    await ledger.cosigned(ledger.append([planned("z")]));
    silent = ["b"];
    await ledger.cosigned(ledger.append([planned("w")]));
    for (const witness of ["c", "d", "e"])
      expect(of(witness).store.witnessState(originOf("a"))?.size).toBe(4);
  });
});

describe("a witness", () => {
  it("whose clock is six minutes off does not count", async () => {
    const { of } = federation(["a", "b", "c"], 2);
    of("c").clock.ms += 360_000;
    const error = await rejection(of("a").ledger.cosigned(of("a").ledger.append([planned("x")])));
    expect([error.code, error.party]).toEqual(["unreachable", "c"]);
    expect(error.hint).toContain("within five minutes");
  });

  it("that answers anything else is named, and the node goes on", async () => {
    const { of, office } = federation(["a", "b", "c"], 2);
    for (const answer of ["", "200\n", "200\n— x AAAAAAAA\n", "404\n", "409\nx", "999", "409\n0"]) {
      office.route = (letter) =>
        letter.from === "c" && letter.to === "a" ? { ...letter, body: utf8(answer) } : letter;
      const error = await rejection(of("a").ledger.cosigned(of("a").ledger.append([planned("x")])));
      expect([error.code, error.party], answer).toEqual(["unreachable", "c"]);
    }
    office.route = (letter) => letter;
    await of("a").ledger.cosigned([0]);
  });

  it("logs a word and no content when it does not sign", async () => {
    const { of, office } = federation(["a", "b", "c"], 2);
    const post = office.post("x");
    await post.send("b", "witness/add/1/1/b", utf8("old 0\n\nnonsense"));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(of("b").logged).toEqual([{ event: "witness.unsigned", party: "b", peer: "x", code: "malformed" }]);
  });
});

describe("an old or forked state", () => {
  async function restored(then: (node: Node) => Promise<unknown>): Promise<EngineError> {
    const folder = mkdtempSync(join(tmpdir(), "koplamp-ledger-"));
    try {
      const office = new Office();
      const membership = membershipOf(["a", "b", "c"], 2);
      for (const name of ["b", "c"]) nodeOf(office, name, membership);
      const [path, backup] = [join(folder, "state.db"), join(folder, "backup.db")];
      const before = nodeOf(office, "a", membership, { store: openStore(path) });
      await before.ledger.cosigned(before.ledger.append([planned("x"), planned("y")]));
      before.store.close();
      copyFileSync(path, backup);
      const lived = nodeOf(office, "a", membership, { store: openStore(path) });
      await lived.ledger.cosigned(lived.ledger.append([planned("z"), planned("w")]));
      lived.store.close();
      const node = nodeOf(office, "a", membership, { store: openStore(backup) });
      const error = await rejection(then(node));
      expect(refusal(() => node.ledger.append([planned("v")]))).toBe(error);
      expect(await rejection(node.ledger.cosigned([0]))).toBe(error);
      expect(node.logged.at(-1)?.code).toBe("rollback");
      node.store.close();
      return error;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  it("stops when the witnesses have seen more", async () => {
    const error = await restored(({ ledger }) => ledger.cosigned(ledger.append([planned("n")])));
    expect([error.code, error.party]).toEqual(["integrity", "a"]);
    expect(error.message).toMatch(
      /^rollback: the witness of [bc] has seen 4 entries .* that are not the 3 here$/,
    );
  });

  it("stops when it has grown to the same size by other entries", async () => {
    const error = await restored(({ ledger }) =>
      ledger.cosigned(ledger.append([planned("n"), planned("m")])),
    );
    expect(error.message).toMatch(/^rollback:/);
  });

  it("stops when it has grown beyond by other entries", async () => {
    const drafts = ["n", "m", "o", "p"].map(planned);
    const error = await restored(({ ledger }) => ledger.cosigned(ledger.append(drafts)));
    expect(error.message).toMatch(/^rollback:/);
  });
});

describe("a split view", () => {
  /** A party that keeps two ledgers under one key, and shows each to some witnesses. */
  function twoFaced(
    office: Office,
    shown: Readonly<Record<"left" | "right", readonly PartyId[]>>,
  ): (side: "left" | "right") => Node {
    const membership = membershipOf(["a", "b", "c", "d"], 3);
    for (const name of ["b", "c", "d"]) nodeOf(office, name, membership);
    return (side: "left" | "right"): Node => {
      const post = office.post("a");
      const send: typeof post.send = async (to, topic, body) => {
        if (shown[side].includes(to)) await post.send(to, topic, body);
      };
      return nodeOf(office, "a", membership, { post: { ...post, send } });
    };
  }

  it("gets no quorum for both histories", async () => {
    const face = twoFaced(new Office(), { left: ["b", "c", "d"], right: ["b", "c", "d"] });
    const left = face("left");
    await left.ledger.cosigned(left.ledger.append([planned("left")]));
    const right = face("right");
    const error = await rejection(right.ledger.cosigned(right.ledger.append([planned("right")])));
    expect(error.message).toMatch(/^rollback:/);
  });

  it("gets a quorum for neither when each is shown to a part", async () => {
    const office = new Office();
    const face = twoFaced(office, { left: ["b"], right: ["c", "d"] });
    for (const side of ["left", "right"] as const) {
      const { ledger } = face(side);
      expect((await rejection(ledger.cosigned(ledger.append([planned(side)])))).code).toBe("unreachable");
    }
  });

  it("is noticed by whoever sees both, even when all witnesses lie", async () => {
    const [left, right] = [federation(["a", "b", "c"], 2), federation(["a", "b", "c"], 2)];
    const reader = left.of("b");
    for (const [{ of }, purpose] of [
      [left, "left"],
      [right, "right"],
    ] as const) {
      const { ledger } = of("a");
      const proof = first(await ledger.cosigned(ledger.append([planned(purpose)])));
      const verify = () => reader.ledger.verify("a", ledger.leaf(0), proof);
      if (purpose === "left") expect(verify().type).toBe("plan");
      else
        expect(refusal(verify).message).toBe("split view: the ledger of a shows two histories of 1 entries");
    }
    expect(reader.logged).toEqual([{ event: "ledger.split", party: "b", peer: "a", count: 1 }]);
  });
});

describe("what another party shows", () => {
  it("is refused unless everything about it holds", async () => {
    const { of } = federation(["a", "b", "c", "d"], 2);
    const { ledger } = of("a");
    const [index = 0] = ledger.append([planned("x")]);
    const proof = first(await ledger.cosigned([index]));
    const leaf = ledger.leaf(index);
    const reader = of("b").ledger;
    expect(reader.verify("a", leaf, proof).type).toBe("plan");
    const lines = fromUtf8(proof).split("\n");
    const without = (count: number): Uint8Array => utf8([...lines.slice(0, -1 - count), ""].join("\n"));
    const other = of("c").ledger;
    const otherProof = first(await other.cosigned(other.append([planned("x")])));
    for (const [what, party, bytes, shown] of [
      ["another leaf", "a", of("c").ledger.leaf(0), proof],
      ["one witness too few", "a", leaf, without(1)],
      ["no signature but its own", "a", leaf, without(2)],
      ["another party's proof", "a", leaf, otherProof],
      ["in another party's name", "c", leaf, proof],
      ["no proof", "a", leaf, new Uint8Array()],
      ["nobody on the roster", "z", leaf, proof],
    ] as const) {
      const error = refusal(() => reader.verify(party, bytes, shown));
      expect([error.code, error.party], what).toEqual(["integrity", party]);
    }
  });

  it("is refused when its owner is one of its witnesses", async () => {
    const { of, membership } = federation(["a", "b", "c"], 2);
    const { ledger } = of("a");
    const proof = first(await ledger.cosigned(ledger.append([planned("x")])));
    const self = nodeOf(new Office(), "a", membership).ledger;
    expect(self.verify("a", ledger.leaf(0), proof).type).toBe("plan");
    const lines = fromUtf8(proof).split("\n");
    const own = cosignedBy("a", checkpointOf(proof));
    const swapped = utf8([...lines.slice(0, -2), own].join("\n"));
    expect(refusal(() => of("b").ledger.verify("a", ledger.leaf(0), swapped)).message).toContain(
      "expected 2 witnesses",
    );
  });

  it("is refused when it says that it disclosed earlier, or later, than the witnesses saw", async () => {
    for (const [ms, what] of [
      [-3_600_000, "was witnessed long after it says that it was logged"],
      [540_000, "was witnessed before it was logged"],
    ] as const) {
      const { of } = federation(["a", "b", "c"], 2);
      const { ledger, clock } = of("a");
      clock.ms += ms;
      const [index = 0] = ledger.append([disclosed(["b"])]);
      clock.ms -= ms;
      const proof = first(await ledger.cosigned([index]));
      const error = refusal(() => of("b").ledger.verify("a", ledger.leaf(index), proof));
      expect([error.code, error.party, error.message]).toEqual([
        "integrity",
        "a",
        `what a discloses ${what}`,
      ]);
    }
  });

  it("is taken with a clock that is four minutes off, and a quorum that takes its time", async () => {
    const { of } = federation(["a", "b", "c"], 2);
    const { ledger, clock } = of("a");
    const [index = 0] = ledger.append([disclosed(["b"])]);
    for (const name of ["a", "b", "c"]) of(name).clock.ms += 240_000;
    const proof = first(await ledger.cosigned([index]));
    expect(of("b").ledger.verify("a", ledger.leaf(index), proof).type).toBe("disclose");
    expect(clock.now()).toBeGreaterThan(0);
  });

  it("is refused when it is cosigned in the future", async () => {
    const { of } = federation(["a", "b", "c"], 2);
    for (const name of ["a", "b", "c"]) of(name).clock.ms += 3_600_000;
    const proof = first(await of("a").ledger.cosigned(of("a").ledger.append([planned("x")])));
    of("b").clock.ms -= 3_600_000;
    expect(refusal(() => of("b").ledger.verify("a", of("a").ledger.leaf(0), proof)).code).toBe("integrity");
  });
});

function cosignedBy(party: PartyId, checkpoint: string): string {
  const office = new Office();
  const { store } = nodeOf(office, party, membershipOf(["a", "b", "c"], 2));
  store.close();
  const text = checkpoint.slice(0, checkpoint.indexOf("\n\n") + 1);
  const seed = keysOf(party).witness;
  const time = Math.floor(new TestClock().now() / 1000);
  const message = utf8(`cosignature/v1\ntime ${time}\n${text}`);
  const timeBytes = new Uint8Array(8);
  new DataView(timeBytes.buffer).setBigUint64(0, BigInt(time));
  const name = `${originOf(party)}/witness`;
  const key = primitives.ed25519PublicKey(seed);
  const id = primitives.sha256(new Uint8Array([...utf8(`${name}\n`), 4, ...key])).subarray(0, 4);
  const signature = new Uint8Array([...id, ...timeBytes, ...primitives.ed25519Sign(seed, message)]);
  return `— ${name} ${Buffer.from(signature).toString("base64")}\n`;
}

describe("a ledger", () => {
  it("knows its entries and disclosures by plan, and again after it is opened", async () => {
    const { of, office, membership } = federation(["a", "b", "c"], 2);
    const { ledger, store } = of("a");
    ledger.append([
      planned("x"),
      { type: "heartbeat", verb: "none", body: {} },
      disclosed(["b", "coordinator"]),
    ]);
    const look = (of: typeof ledger) => ({
      entries: of.entriesOf(PLAN).map(({ index, entry }) => [index, entry.type]),
      disclosures: of.disclosuresOf(PLAN),
      head: of.head(),
    });
    expect(look(ledger)).toMatchObject({
      entries: [
        [0, "plan"],
        [2, "disclose"],
      ],
      disclosures: [{ id: "tokens.a", from: "a", to: "b", bytes: 64, index: 2 }],
      head: { origin: originOf("a"), size: 3 },
    });
    expect(look(nodeOf(office, "a", membership, { store }).ledger)).toEqual(look(ledger));
  });

  it("keeps what stands beside an entry sealed", () => {
    const { of } = federation(["a", "b", "c"], 2);
    const { ledger, store } = of("a");
    const [plan = 0, disclose = 0] = ledger.append([planned("x"), disclosed(["b"])]);
    expect(ledger.kept(plan)).toBe(undefined);
    expect(ledger.kept(disclose)).toEqual({ salt: "a secret salt" });
    const [name = ""] = store.sealedNames("kept/");
    expect(hex(store.sealed(name) ?? new Uint8Array())).not.toContain(hex(utf8("secret")));
    store.dropSealed(name);
    expect(ledger.kept(disclose)).toBe(undefined);
  });

  it("writes an entry, what stands beside it and its documents at once, or none of them", () => {
    const { of } = federation(["a", "b", "c"], 2);
    const { ledger, store } = of("a");
    const document = { bytes: utf8("{}"), signatures: [] };
    const hash = documentHash(primitives.sha256, document.bytes);
    const draft = { ...disclosed(["b"]), documents: [[hash, document]] as const };
    const { append } = store;
    store.append = () => {
      throw new Error("the disk is full");
    };
    const before = ledger.head();
    expect(() => ledger.append([draft])).toThrow("the disk is full");
    expect([ledger.head(), store.sealedNames("kept/"), store.document(hash)]).toEqual([
      before,
      [],
      undefined,
    ]);
    store.append = append;
    expect(ledger.append([draft])).toEqual([0]);
    expect([store.sealedNames("kept/").length, store.document(hash)?.bytes]).toEqual([1, document.bytes]);
  });

  it("is not opened under another name, key or party", () => {
    const { of, office, membership } = federation(["a", "b", "c"], 2);
    const { ledger, store } = of("a");
    ledger.append([planned("x")]);
    expect(refusal(() => nodeOf(office, "a", membership, { origin: originOf("b") })).code).toBe("integrity");
    expect(refusal(() => nodeOf(office, "b", membership, { store })).message).toContain("of another");
    const { store: signed } = nodeOf(office, "a", membership);
    const root = primitives.sha256(new Uint8Array());
    signed.putCheckpoint(
      0,
      signCheckpoint(primitives, keysOf("b").ledger, { origin: originOf("a"), size: 0, root }),
    );
    expect(refusal(() => nodeOf(office, "a", membership, { store: signed })).code).toBe("integrity");
  });

  it("counts no key twice", () => {
    const membership = membershipOf(["a", "b", "c"], 2);
    const card = membership.cards.get("b");
    if (card === undefined) throw new Error("expected a card");
    const key = primitives.ed25519PublicKey(keysOf("c").witness);
    const id = primitives.sha256(new Uint8Array([...utf8("twin\n"), 4, ...key])).subarray(0, 4);
    const witness = `twin+${hex(id)}+${Buffer.from([4, ...key]).toString("base64")}`;
    const cards = new Map([...membership.cards, ["b", { ...card, witness }] as const]);
    expect(refusal(() => nodeOf(new Office(), "a", { ...membership, cards })).message).toContain(
      "used twice",
    );
  });
});
