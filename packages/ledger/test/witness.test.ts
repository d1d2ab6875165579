// SPDX-License-Identifier: Apache-2.0
import { utf8 } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasShared, sharedJson } from "../../../test/shared.ts";
import { oraclePrimitives as primitives } from "../../crypto/test/oracle-primitives.ts";
import { checkpointText, signCheckpoint } from "../src/checkpoint.ts";
import { leafHash, MerkleTree } from "../src/merkle.ts";
import { openNote, readNote, readVerifierKey, verifierKeyText } from "../src/note.ts";
import {
  answerWitness,
  type Seen,
  type SeenStore,
  type WitnessParts,
  witnessRequest,
} from "../src/witness.ts";

interface Vectors {
  readonly logs: readonly {
    readonly origin: string;
    readonly vkeys: readonly string[];
    readonly cases: readonly {
      readonly name: string;
      readonly request: string;
      readonly status: number;
      readonly specStatus?: number;
      readonly body?: string;
    }[];
  }[];
}

const { sha256 } = primitives;
const witnessSeed = new Uint8Array(32).fill(9);
const witnessKey = readVerifierKey(
  sha256,
  verifierKeyText(sha256, "w", 4, primitives.ed25519PublicKey(witnessSeed)),
);

function memory(): SeenStore & { readonly seen: Map<string, Seen> } {
  const seen = new Map<string, Seen>();
  return {
    seen,
    witnessState: (origin) => seen.get(origin),
    replaceWitnessState(origin, oldSize, next) {
      if ((seen.get(origin)?.size ?? 0) !== oldSize) return false;
      seen.set(origin, next);
      return true;
    },
  };
}

function witness(origin: string, vkeys: readonly string[], store: SeenStore = memory()): WitnessParts {
  const ledgers = new Map([[origin, vkeys.map((text) => readVerifierKey(sha256, text))]]);
  return { primitives, store, ledgers, name: "w", seed: witnessSeed, now: () => 1_795_428_033 };
}

function expectCosigned(request: string, line: string): void {
  const note = readNote(utf8(`${request.slice(request.indexOf("\n\n") + 2)}${line}`));
  expect(openNote(primitives, note, [witnessKey])).toEqual([{ key: witnessKey, time: 1_795_428_033 }]);
}

describe.skipIf(!hasShared)("published requests", () => {
  const logs = hasShared ? (sharedJson("vectors/tlog-witness/add-checkpoint.json") as Vectors).logs : [];

  it("answers 10 requests on 2 ledgers as the specification says", () => {
    expect(logs.flatMap(({ cases }) => cases).length).toBe(10);
    for (const { origin, vkeys, cases } of logs) {
      const parts = witness(origin, vkeys);
      for (const { name, request, status, specStatus, body } of cases) {
        const answer = answerWitness(parts, utf8(request));
        expect(answer.status, name).toBe(specStatus ?? status);
        expect(answer.body, name).toContain(body ?? "");
        if (answer.status === 200) expectCosigned(request, answer.body);
      }
    }
  });
});

describe("a witness", () => {
  const seed = new Uint8Array(32).fill(3);
  const origin = "koplamp.example/a";
  const vkey = verifierKeyText(sha256, origin, 1, primitives.ed25519PublicKey(seed));
  const tree = new MerkleTree(
    sha256,
    Array.from({ length: 12 }, (_, at) => leafHash(sha256, utf8(`${at}`))),
  );
  const other = new MerkleTree(
    sha256,
    Array.from({ length: 12 }, (_, at) => leafHash(sha256, utf8(`other ${at}`))),
  );
  const signed = (of: MerkleTree, size: number) =>
    signCheckpoint(primitives, seed, { origin, size, root: of.root(size) });
  const ask = (parts: WitnessParts, of: MerkleTree, oldSize: number, size: number) =>
    answerWitness(parts, witnessRequest(oldSize, of.consistency(oldSize, size), signed(of, size)));

  it("follows one history and refuses another", () => {
    const parts = witness(origin, [vkey]);
    expect(ask(parts, tree, 0, 5).status).toBe(200);
    expect(ask(parts, tree, 5, 5).status).toBe(200);
    expect(ask(parts, other, 5, 5)).toEqual({ status: 409, body: "5\n" });
    expect(ask(parts, other, 5, 9).status).toBe(422);
    expect(ask(parts, tree, 5, 9).status).toBe(200);
    expect(ask(parts, tree, 5, 12)).toEqual({ status: 409, body: "9\n" });
    expect(ask(parts, tree, 9, 12).status).toBe(200);
  });

  it("refuses to go back, and sizes that go down", () => {
    const parts = witness(origin, [vkey]);
    expect(ask(parts, tree, 0, 9).status).toBe(200);
    expect(ask(parts, tree, 0, 5)).toEqual({ status: 409, body: "9\n" });
    expect(answerWitness(parts, witnessRequest(9, [], signed(tree, 5))).status).toBe(400);
  });

  it("wants no proof from size 0, and the empty root for size 0", () => {
    const parts = witness(origin, [vkey]);
    expect(answerWitness(parts, witnessRequest(0, [tree.root()], signed(tree, 5))).status).toBe(422);
    const lie = signCheckpoint(primitives, seed, { origin, size: 0, root: tree.root() });
    expect(answerWitness(parts, witnessRequest(0, [], lie)).status).toBe(409);
    expect(ask(parts, tree, 0, 0).status).toBe(200);
    expect(ask(parts, tree, 0, 3).status).toBe(200);
  });

  it("loses a race without going back: N against N + K", () => {
    const store = memory();
    const slow = witness(origin, [vkey], {
      witnessState: (name) => store.witnessState(name),
      replaceWitnessState(name, oldSize, next) {
        if (next.size === 6) expect(ask(witness(origin, [vkey], store), tree, 5, 9).status).toBe(200);
        return store.replaceWitnessState(name, oldSize, next);
      },
    });
    expect(ask(slow, tree, 0, 5).status).toBe(200);
    expect(ask(slow, tree, 5, 6)).toEqual({ status: 409, body: "9\n" });
    expect(store.seen.get(origin)?.size).toBe(9);
  });

  it("has stored before it answers", () => {
    const store = memory();
    const parts = witness(origin, [vkey], store);
    const failing = {
      ...parts,
      primitives: {
        ...primitives,
        ed25519Sign: () => {
          throw new Error("no power");
        },
      },
    };
    expect(() => ask(failing, tree, 0, 5)).toThrow("no power");
    expect(store.seen.get(origin)?.size).toBe(5);
    expect(ask(parts, tree, 0, 5)).toEqual({ status: 409, body: "5\n" });
    expect(ask(parts, tree, 5, 5).status).toBe(200);
  });

  it("refuses extension lines", () => {
    const text = checkpointText({ origin, size: 1, root: tree.root(1) });
    expect(
      answerWitness(witness(origin, [vkey]), utf8(`old 0\n\n${text}extra\n\n— ${origin} AAAAAAAA\n`)).status,
    ).toBe(400);
  });

  it("answers hostile bytes with a status", () => {
    const parts = witness(origin, [vkey]);
    const request = witnessRequest(0, [], signed(tree, 5));
    const damaged = fc
      .record({ at: fc.nat(request.length - 1), by: fc.integer({ min: 1, max: 255 }) })
      .map(({ at, by }) => {
        const copy = Uint8Array.from(request);
        copy[at] = (copy[at] ?? 0) ^ by;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        expect([400, 403, 404, 409]).toContain(answerWitness(parts, bytes).status);
      }),
      { numRuns: 500 },
    );
  });
});
