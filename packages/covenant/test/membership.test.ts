// SPDX-License-Identifier: Apache-2.0
import { publicKeyText } from "@koplamp/crypto";
import { createCharter } from "@koplamp/sdk";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { admitCharter, type Charter, type SignedBytes } from "../src/index.ts";
import { charter, documentOf, founded, primitives, rng, signedBy, withCards } from "./charter.ts";

const [anna, bert] = charter.cards.map((card) => documentOf("card/v1", card));
if (anna === undefined || bert === undefined) throw new Error("expected two cards");

/** Every signed document of a charter: what it is, and the charter with another in its place. */
const PLACES: readonly (readonly [
  what: string,
  signed: SignedBytes,
  put: (signed: SignedBytes) => Charter,
])[] = [
  ["covenant", charter.covenant, (covenant) => ({ ...charter, covenant })],
  ["roster", charter.roster, (roster) => ({ ...charter, roster })],
  ...charter.cards.map(
    (card, at) =>
      [
        `card ${at}`,
        card,
        (other: SignedBytes) => ({ ...charter, cards: charter.cards.with(at, other) }),
      ] as const,
  ),
];

/** Proofs of the same keys, for an agreement of another text. */
const otherFounding = createCharter(
  {
    id: "lab/covenant",
    parties: ["anna", "bert"].map((id) => ({ id, name: id })),
    terms: { purposes: [], dataClasses: [], quotas: [], protocols: [] },
    now: Date.UTC(2026, 10, 25),
    before: founded,
  },
  rng,
).charter;

describe("a key outside all parties", () => {
  const seed = rng(32);
  const key = publicKeyText(primitives.ed25519PublicKey(seed));
  const founding = (held: boolean, keys: readonly string[]): Charter => {
    const external = [{ role: "prosecutor", classes: ["F" as const], keys: [...keys] }];
    return createCharter(
      {
        id: "lab/covenant",
        parties: ["anna", "bert"].map((id) => ({ id, name: id })),
        terms: {
          ...{ purposes: [], dataClasses: [], quotas: [], protocols: [] },
          approval: { validFor: "P30D", external },
        },
        now: Date.UTC(2026, 10, 25),
        before: founded,
        ...(held ? { outside: { prosecutor: seed } } : {}),
      },
      rng,
    ).charter;
  };

  it("counts when its holder has shown that it is held, and is nobody's on a card", () => {
    expect(admitCharter(founding(true, [key]), primitives).covenant.approval.external).toHaveLength(1);
    expect(() => admitCharter(founding(false, [key]), primitives)).toThrow(
      "approval/external/prosecutor/keys: expected a proof",
    );
    const lawful = anna.people[1]?.key ?? "";
    expect(() => admitCharter(founding(true, [lawful]), primitives)).toThrow("is used twice");
  });
});

function flipped(bytes: Uint8Array, place: number, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[place] = (copy[place] ?? 0) ^ (1 << bit);
  return copy;
}

describe("a charter", () => {
  it("that everybody signed is admitted, with an address for every machine", () => {
    const membership = admitCharter(charter, primitives);
    expect([...membership.cards.keys()]).toEqual(["anna", "bert"]);
    expect([...membership.addresses.keys()]).toEqual(["anna", "bert", "coordinator"]);
    expect(membership.covenant.id).toBe("lab/covenant");
    expect(membership.addresses.get("anna")?.identity).toEqual(
      primitives.ed25519PublicKey(founded.keys["anna"]?.identity ?? new Uint8Array(32)),
    );
  });

  it.each(PLACES)("is refused when one bit of its %s is turned", (_what, signed, put) => {
    const place = fc.nat(signed.bytes.length - 1);
    fc.assert(
      fc.property(place, fc.nat(7), (at, bit) => {
        expect(() =>
          admitCharter(put({ ...signed, bytes: flipped(signed.bytes, at, bit) }), primitives),
        ).toThrow();
      }),
      { numRuns: 60 },
    );
  });

  it.each(PLACES)(
    "is refused when a signature on its %s is missing, changed or another's",
    (what, signed, put) => {
      for (const [at, line] of signed.signatures.entries()) {
        const [key = "", signature = ""] = line.split(" ");
        const other = signed.signatures.with(
          at,
          `${key} ${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`,
        );
        const without = signed.signatures.toSpliced(at, 1);
        const borrowed = signed.signatures.with(at, charter.covenant.signatures[at] ?? "");
        const changes = what === "covenant" ? [other, without] : [other, without, borrowed];
        for (const signatures of changes) {
          expect(() => admitCharter(put({ ...signed, signatures }), primitives)).toThrow(
            "expected the signature",
          );
        }
      }
    },
  );

  it("wants each key of the covenant to be held by whom it stands for", () => {
    const [annas = "", berts = ""] = charter.possession;
    const signature = (line: string): string => line.split(" ").slice(2).join(" ");
    const wrong = [
      [annas],
      [annas, annas],
      [annas, `anna covenant ${signature(berts)}`],
      [annas, `bert covenant ${signature(annas)}`],
      [annas, berts.replace("covenant", "supervision")],
      [annas, ...otherFounding.possession],
    ];
    for (const possession of wrong) {
      expect(() => admitCharter({ ...charter, possession }, primitives)).toThrow(
        "parties/bert/covenantKeys: expected a proof that bert holds its key",
      );
    }
  });

  it("takes no encapsulation key that a card does not name", () => {
    for (const party of ["anna", "bert", "coordinator"]) {
      const own = charter.mlkem[party] ?? new Uint8Array();
      for (const key of [flipped(own, 7, 0), own.subarray(1), new Uint8Array()]) {
        const changed = { ...charter, mlkem: { ...charter.mlkem, [party]: key } };
        expect(() => admitCharter(changed, primitives)).toThrow(`the card of ${party}`);
      }
    }
  });
});

describe("documents that were signed, and do not fit each other", () => {
  const other = `sha256:${"1".repeat(64)}`;
  const stranger = publicKeyText(primitives.ed25519PublicKey(rng(32)));
  const [person] = bert.people;
  if (person === undefined) throw new Error("expected a person");

  it("are refused, signed as they are", () => {
    expect(admitCharter(withCards([anna, bert]), primitives).cards.size).toBe(2);
  });

  const changes: readonly (readonly [what: string, changed: () => Charter])[] = [
    ["a card under another covenant", () => withCards([anna, { ...bert, covenantHash: other }])],
    ["a roster under another covenant", () => withCards([anna, bert], { covenantHash: other })],
    [
      "two cards of one party",
      () => ({ ...withCards([anna, bert]), cards: [...charter.cards, ...charter.cards] }),
    ],
    ["a roster without a card", () => ({ ...withCards([anna, bert]), roster: withCards([anna]).roster })],
    [
      "a roster of other cards",
      () => ({ ...charter, roster: withCards([anna, { ...bert, serial: 9 }]).roster }),
    ],
    ["a card of nobody", () => withCards([anna, { ...bert, party: "zoe" }])],
    [
      "a card that another party signed",
      () => ({ ...charter, cards: [charter.cards[0] ?? charter.roster, signedBy(["anna"], bert)] }),
    ],
    ["one identity for two machines", () => withCards([anna, { ...bert, identity: anna.identity }])],
    [
      "a person with the key of another agency's",
      () => withCards([anna, { ...bert, people: [{ ...person, key: anna.people[0]?.key ?? "" }] }]),
    ],
    [
      "a machine with the key of a person",
      () => withCards([anna, { ...bert, identity: anna.people[0]?.key ?? "" }]),
    ],
    [
      "a ledger key that is a witness key",
      () => withCards([anna, { ...bert, ledger: ledgerOf(bert.ledger, anna.ledger) }]),
    ],
    [
      "a coordinator with the key of a node",
      () =>
        withCards([anna, bert], {
          coordinator: { ...documentOf("roster/v1", charter.roster).coordinator, identity: anna.identity },
        }),
    ],
    [
      "an identity of low order",
      () => withCards([anna, { ...bert, identity: `ed25519:${"A".repeat(43)}=` }]),
    ],
    [
      "an identity off the curve",
      () => withCards([anna, { ...bert, identity: `ed25519:Ag${"A".repeat(41)}=` }]),
    ],
  ];

  it.each(changes)("are refused: %s", (_what, changed) => {
    expect(() => admitCharter(changed(), primitives)).toThrow();
  });

  it("are taken with a new person: an agency rules over its own", () => {
    const people = [...bert.people, { ...person, person: "bert-p9", key: stranger }];
    expect(
      admitCharter(withCards([anna, { ...bert, people }]), primitives).cards.get("bert")?.people,
    ).toHaveLength(5);
  });
});

/** One verifier key with the key bytes of another. */
function ledgerOf(own: string, others: string): string {
  return own.slice(0, -44) + others.slice(-44);
}
