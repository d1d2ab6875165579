// SPDX-License-Identifier: Apache-2.0
import { CryptoError } from "@koplamp/crypto";
import { compute, MemoryVault, type Party, ProtocolError, receive, runJob, send } from "@koplamp/protocol";
import { hex } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { oraclePrimitives as primitives } from "../../crypto/test/oracle-primitives.ts";
import { type KeySet, keySetContext, keyset, keysetParty, openShare, PsiError } from "../src/index.ts";
import { checkPublicKeys, createShare, type FreshShare } from "../src/keyset-jobs.ts";
import { KEYSET_COMMIT, KEYSET_ECHO, KEYSET_OPEN } from "../src/messages.ts";
import { expectDescribed } from "./described.ts";
import { Federation } from "./federation.ts";
import { anyWeather } from "./weather.ts";

const PARTIES = ["alice", "bob", "carol", "dave", "erin"];

describe("keyset/1", () => {
  it("gives every holder the same public shares, whose secrets only their owners have", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5 }), anyWeather(), (count, weather) => {
        const federation = new Federation(toyGroup(), primitives, PARTIES.slice(0, count));
        const run = federation.ceremony(weather);
        const sets = federation.parties.map((party) => run.outputs.get(party) as KeySet);
        for (const { keys } of sets) expect(keys).toEqual(sets[0]?.keys);
        for (const party of federation.parties) {
          expect(hex(toyGroup().mulBase(federation.site(party).k))).toBe(
            hex(sets[0]?.keys[party] ?? new Uint8Array()),
          );
        }
        expectDescribed(run, keyset.describe({ parties: federation.parties }));
      }),
      { numRuns: 20 },
    );
  });

  it("sends no secret share and no sealed one", () => {
    const federation = new Federation(toyGroup(), primitives, PARTIES);
    const { transcript, outputs } = federation.ceremony();
    const sent = transcript.map(({ bytes }) => hex(bytes)).join(" ");
    const secrets = PARTIES.map((party) => hex(federation.site(party).k));
    const sealed = [...outputs.values()].map((output) => hex((output as KeySet).sealedShare));
    expect([...secrets, ...sealed].filter((secret) => sent.includes(secret))).toEqual([]);
  });

  it("seals the share for its own node and key set only", () => {
    const federation = new Federation(toyGroup(), primitives, ["alice", "bob"]);
    const { sealedShare, context } = federation.ceremony().outputs.get("alice") as KeySet;
    const open = (party: string, name: Uint8Array, sealed: Uint8Array): unknown =>
      runJob(
        federation.jobs,
        new MemoryVault({ cacheKey: federation.site(party).cacheKey.slice() }),
        openShare.name,
        [name, sealed],
      );
    expect(() => open("alice", context, sealedShare)).not.toThrow();
    for (const [party, name, sealed] of [
      ["bob", context, sealedShare],
      ["alice", new Uint8Array(32), sealedShare],
      ["alice", context, sealedShare.map((byte, at) => (at === 20 ? byte ^ 1 : byte))],
      ["alice", context, sealedShare.slice(0, 5)],
    ] as const) {
      expect(() => open(party, name, sealed)).toThrow(expect.objectContaining({ code: "key" }));
    }
  });

  it("is named by covenant, purpose, epoch, holders and ceremony", () => {
    const name = {
      ceremony: "00",
      covenantHash: "sha256:1",
      epoch: "2026-W47",
      purpose: "p",
      holders: ["b", "a"],
    };
    const contexts = [
      name,
      { ...name, ceremony: "01" },
      { ...name, covenantHash: "sha256:2" },
      { ...name, epoch: "2026-W48" },
      { ...name, purpose: "q" },
      { ...name, holders: ["a", "c"] },
    ].map((each) => hex(keySetContext(primitives.sha256, each)));
    expect(new Set(contexts).size).toBe(6);
    expect(hex(keySetContext(primitives.sha256, { ...name, holders: ["a", "b"] }))).toBe(contexts[0]);
  });
});

/** A holder that does as it pleases with what it commits to, echoes and opens. */
interface Tricks {
  readonly commit?: (to: string, own: FreshShare) => Uint8Array;
  readonly open?: (own: FreshShare, seen: ReadonlyMap<string, Uint8Array>) => Uint8Array;
  /** Opens after it has seen the others' openings. */
  readonly last?: boolean;
}

function* hostile(
  me: string,
  others: readonly string[],
  context: Uint8Array,
  seed: Uint8Array,
  tricks: Tricks,
): Party<void> {
  const own = yield* compute(createShare, context, me, seed);
  for (const to of others) yield* send(to, KEYSET_COMMIT, tricks.commit?.(to, own) ?? own.commitment);
  for (const from of others) yield* receive(from, KEYSET_COMMIT);
  const echoes: Uint8Array[] = [];
  for (const from of others) echoes.push(yield* receive(from, KEYSET_ECHO));
  for (const [at, to] of others.entries()) yield* send(to, KEYSET_ECHO, echoes[at] ?? own.commitment);
  const seen = new Map<string, Uint8Array>();
  if (tricks.last === true) for (const from of others) seen.set(from, yield* receive(from, KEYSET_OPEN));
  for (const to of others) yield* send(to, KEYSET_OPEN, tricks.open?.(own, seen) ?? own.opening);
}

/** Honest alice and bob with a hostile zoe: the error that ends the ceremony. */
function attack(tricks: Tricks): unknown {
  const federation = new Federation(toyGroup(), primitives, ["alice", "bob", "zoe"]);
  const context = federation.transcript();
  const honest = (me: string): Party<KeySet> =>
    keysetParty({ me, parties: federation.parties, context }, federation.rng);
  try {
    federation.run({
      alice: honest("alice"),
      bob: honest("bob"),
      zoe: hostile("zoe", ["alice", "bob"], context, federation.rng(32), tricks),
    });
  } catch (reason) {
    return reason;
  }
  return undefined;
}

function patched(bytes: Uint8Array, at: number, with_: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy.set(with_, at);
  return copy;
}

describe("a hostile holder of keyset/1", () => {
  it("passes when it does nothing wrong", () => {
    expect(attack({})).toBeUndefined();
  });

  it("cannot show two holders different commitments", () => {
    const error = attack({ commit: (to, own) => (to === "alice" ? own.commitment : new Uint8Array(32)) });
    expect(error).toBeInstanceOf(CryptoError);
    expect(error).toHaveProperty("code", "echo");
  });

  it("cannot open another key than it committed to, made from the others' keys", () => {
    const rogue = attack({
      last: true,
      open: (own, seen) => {
        const theirs = [...seen.values()].map((opening) => opening.slice(0, 32));
        const sum = theirs.reduce<Uint8Array>((a, b) => toyGroup().addEach(a, b), own.opening.slice(0, 32));
        return patched(own.opening, 0, toyGroup().subEach(own.opening.slice(0, 32), sum));
      },
    });
    expect(rogue).toHaveProperty("code", "commitment");
    expect(rogue).toHaveProperty("message", "zoe opened another key than it had committed to");
  });

  it.each([
    [
      "the identity or no element",
      (own: FreshShare) => patched(own.opening, 0, new Uint8Array(32)),
      CryptoError,
    ],
    [
      "no canonical scalar",
      (own: FreshShare) => patched(own.opening, 64, new Uint8Array(32).fill(0xff)),
      CryptoError,
    ],
    [
      "a proof of another key",
      (own: FreshShare) => patched(own.opening, 0, toyGroup().mulBase(new Uint8Array(32).fill(3, 0, 1))),
      PsiError,
    ],
    [
      "a flipped proof",
      (own: FreshShare) => patched(own.opening, 32, Uint8Array.of((own.opening[32] ?? 0) ^ 1)),
      PsiError,
    ],
  ])("is refused with %s, committed to or not", (_name, open, kind) => {
    const context = (own: FreshShare): Uint8Array => commitmentOf(open(own));
    const error = attack({ commit: (_to, own) => context(own), open: (own) => open(own) });
    expect(error).toBeInstanceOf(kind);
    expect(attack({ open: (own) => open(own) })).toHaveProperty("code", "commitment");
  });

  it("cannot pass on another holder's opening as its own", () => {
    const error = attack({ last: true, open: (_own, seen) => seen.get("alice") ?? new Uint8Array(128) });
    expect(error).toHaveProperty("code", "commitment");
  });

  it("cannot bring a key twice, or one that cancels the others", () => {
    const federation = new Federation(toyGroup(), primitives, ["alice", "bob"]);
    const [one, two] = [1, 2].map((value) => toyGroup().mulBase(new Uint8Array(32).fill(value, 0, 1)));
    const minus = toyGroup().mulBase(
      toyGroup().scalarSub(new Uint8Array(32), new Uint8Array(32).fill(1, 0, 1)),
    );
    const check = (keys: object): unknown =>
      runJob(federation.jobs, new MemoryVault(), checkPublicKeys.name, [keys]);
    expect(() => check({ alice: one, bob: two })).not.toThrow();
    expect(() => check({ alice: one, bob: one })).toThrow(expect.objectContaining({ code: "key" }));
    expect(() => check({ alice: one, bob: minus })).toThrow(
      expect.objectContaining({ code: "invalid-element" }),
    );
  });

  it("cannot send a message of another type", () => {
    expect(attack({ open: () => new Uint8Array(127) })).toBeInstanceOf(ProtocolError);
  });
});

/** The commitment of `zoe` in the first session of a federation. */
function commitmentOf(opening: Uint8Array): Uint8Array {
  const context = primitives.sha256(new TextEncoder().encode("session 1"));
  const label = (text: string): Uint8Array => {
    const bytes = new TextEncoder().encode(text);
    return Uint8Array.of(0, bytes.length, ...bytes);
  };
  return primitives.sha256(
    Uint8Array.of(...label("koplamp/keyset/1/commit"), ...context, ...label("zoe"), ...opening),
  );
}
