// SPDX-License-Identifier: Apache-2.0
// What can be done to a bundle, by anybody or by whoever holds its maker's keys. Each must be noticed.
import { base64, type Entry, fromUtf8, timeMs, timeText, utf8 } from "@koplamp/wire";
import { type ArchiveFile, readTar, writeTar } from "../src/tar.ts";
import type { Made } from "./bundles.ts";

/** One way to tamper: what it is called, and the bytes that come of it; `pick(n)` is a number below n. */
export interface Tampering {
  readonly name: string;
  readonly act: (made: Made, pick: Pick) => Uint8Array;
}

type Pick = (below: number) => number;

const FILES: Readonly<Record<string, RegExp>> = {
  index: /^index$/,
  document: /^documents\//,
  signature: /^signatures\//,
  entry: /^ledgers\/.*\.json$/,
  proof: /^ledgers\/.*\.tlog-proof$/,
};

/** A bit turned in every kind of file. */
const FLIPS: readonly Tampering[] = [
  ...Object.entries(FILES).map(([name, form]) => ({
    name: `a bit turned in ${name}`,
    act: ({ bytes }: Made, pick: Pick) => inFile(bytes, form, pick, (content) => flipped(content, pick)),
  })),
  { name: "a bit turned anywhere", act: ({ bytes }, pick) => flipped(bytes, pick) },
  { name: "a bit turned in a header", act: ({ bytes }, pick) => flipped(bytes, pick, 512) },
  { name: "cut short", act: ({ bytes }, pick) => bytes.slice(0, pick(bytes.length)) },
  { name: "something behind it", act: ({ bytes }) => Uint8Array.from([...bytes, ...new Uint8Array(512)]) },
];

/** Files that are missing, too many, or somebody else's. */
const FILED: readonly Tampering[] = [
  ...Object.entries(FILES).map(([name, form]) => ({
    name: `no ${name}`,
    act: ({ bytes, bundle }: Made, pick: Pick) => {
      const files = readTar(bytes);
      // Nobody looks at approvals in a lab, so that one without a signature is no harm there.
      const approvals = bundle.documents.filter(({ type }) => type === "approval/v1");
      const others = files.filter(
        ({ name: of }) => !approvals.some(({ hash }) => of.includes(`/${hash.slice(7)}.sigs`)),
      );
      const gone = some(others, form, pick);
      return writeTar(files.filter((file) => file !== gone));
    },
  })),
  ...["signature", "entry", "proof", "document"].map((name) => ({
    name: `two of ${name} swapped`,
    act: ({ bytes }: Made, pick: Pick) => {
      const files = readTar(bytes);
      const form = FILES[name] ?? /^$/;
      const first = some(files, form, pick);
      const others = files.filter((file) => form.test(file.name) && !same(file.bytes, first.bytes));
      const second = others[pick(others.length)] ?? first;
      return writeTar(
        files.map((file) => {
          if (file === first) return { ...file, bytes: second.bytes };
          return file === second ? { ...file, bytes: first.bytes } : file;
        }),
      );
    },
  })),
  {
    name: "a file too many",
    act: ({ bytes }, pick) => {
      const name = `documents/${Buffer.alloc(32, pick(256)).toString("hex")}.json`;
      return writeTar(
        [...readTar(bytes), { name, bytes: utf8("{}") }].sort((a, b) => (a.name < b.name ? -1 : 1)),
      );
    },
  },
  {
    name: "files in another order",
    act: ({ bytes }, pick) => {
      const files = [...readTar(bytes)];
      const at = pick(files.length - 1);
      return writeTar([...files.slice(0, at), ...files.slice(at, at + 2).reverse(), ...files.slice(at + 2)]);
    },
  },
];

/** By whoever holds the key of the maker's machine. */
const REPACKED: readonly Tampering[] = [
  ...["begin", "disclose", "approval"].map((type) => ({
    name: `no ${type} in a ledger`,
    act: (made: Made, pick: Pick) => {
      const sessions = made.bundle.entries
        .filter(({ entry }) => entry.type === "disclose")
        .map(({ entry, party }) => `${party} ${String(entry.body["session"])}`);
      const all = made.bundle.entries
        .filter(({ entry }) => entry.type === type)
        .filter(
          ({ entry, party }) =>
            type !== "begin" || sessions.includes(`${party} ${String(entry.body["session"])}`),
        );
      const gone = all[pick(all.length)];
      return made.repacked({ entries: made.bundle.entries.filter((one) => one !== gone) });
    },
  })),
  ...(["approval/v1", "receipt/v1", "egress/v1"] as const).map((type) => ({
    name: `no ${type}`,
    act: (made: Made, pick: Pick) => {
      const all = made.bundle.documents.filter((one) => one.type === type);
      const gone = all[pick(all.length)];
      return made.repacked({ documents: made.bundle.documents.filter((one) => one !== gone) });
    },
  })),
  ...(["covenant/v1", "card/v1", "roster/v1", "plan/v1", "egress/v1", "receipt/v1"] as const).map((type) => ({
    name: `a ${type} that somebody has not signed`,
    act: (made: Made, pick: Pick) => {
      const all = made.bundle.documents.filter((one) => one.type === type);
      const bare = all[pick(all.length)];
      const documents = made.bundle.documents.map((one) =>
        one === bare ? { bytes: one.bytes, signatures: one.signatures.slice(1) } : one,
      );
      return made.repacked({ documents });
    },
  })),
  {
    name: "an index signed by another",
    act: (made) => {
      const other = made.federation.parties.find((party) => party !== made.bundle.index.by) ?? "";
      return made.repacked({ identity: made.seedsOf(other).identity });
    },
  },
  {
    name: "another contract",
    act: (made) => {
      const { document, value } = made.find("contract/v1");
      return made.replaced(document, { ...value, text: { en: "Nobody learns anything." } }, []);
    },
  },
  {
    name: "an account above the contract",
    act: (made, pick) => {
      const { document, value } = made.find("egress/v1");
      const row = pick(value.rows.length);
      const rows = value.rows.map((one, at) => (at === row ? { ...one, bytes: one.bytes + 1 } : one));
      return made.replaced(document, { ...value, rows }, [made.seedsOf(value.from).identity]);
    },
  },
  {
    name: "a receipt for other bytes",
    act: (made) => {
      const { document, value } = made.find("receipt/v1");
      const seed = value.to === "coordinator" ? made.federation.founded.coordinator : made.seedsOf(value.to);
      return made.replaced(document, { ...value, bytes: value.bytes + 1 }, [seed.identity]);
    },
  },
  {
    name: "the proofs of a smaller quorum",
    act: (made, pick) => {
      const one = made.bundle.entries[pick(made.bundle.entries.length)];
      const entries = made.bundle.entries.map((entry) => {
        if (entry !== one) return entry;
        return { ...entry, proof: utf8([...fromUtf8(entry.proof).split("\n").slice(0, -2), ""].join("\n")) };
      });
      return made.repacked({ entries });
    },
  },
  {
    name: "a plan of another name",
    act: (made) => {
      const { document, value } = made.find("plan/v1");
      const seed = made.seedsOf(value.proposer.party).people.analyst;
      return made.replaced(document, { ...value, id: "another" }, [seed]);
    },
  },
  {
    name: "an entry of another ledger",
    act: (made) => {
      const [first, ...more] = made.federation.parties;
      const entries = made.bundle.entries.map((one) => {
        if (one.party !== first && one.party !== more[0]) return one;
        return { ...one, party: one.party === first ? (more[0] ?? "") : (first ?? "") };
      });
      return made.repacked({ entries });
    },
  },
];

/** By parties that all collude, and write their ledgers anew. */
const COLLUDED: readonly Tampering[] = [
  {
    name: "a disclosure before its session began",
    act: (made) =>
      made.rewritten((entry) => {
        if (entry.type !== "disclose") return [entry];
        return [{ ...entry, at: timeText(timeMs(entry.at) - 3_600_000) }];
      }),
  },
  {
    name: "a session that is dated back",
    act: (made) =>
      made.rewritten((entry) => {
        if (entry.type === "end") return [entry]; // the witnesses sign when it is written
        return [{ ...entry, at: timeText(timeMs(entry.at) - 3_600_000) }];
      }),
  },
  {
    name: "a disclosure to somebody else",
    act: (made) => {
      const first = made.bundle.entries.find(({ entry }) => entry.type === "disclose")?.party;
      const to = made.federation.parties.find((party) => party !== first) ?? "";
      return made.rewritten((entry, party) => {
        if (entry.type !== "disclose" || party !== first) return [entry];
        return [{ ...entry, body: { ...entry.body, disclosure: "more", to: [to] } }];
      });
    },
  },
  { name: "the entries of another question", act: (made) => made.rewritten((entry) => [elsewhere(entry)]) },
];

/** What is noticed under a real agreement alone: nobody has agreed to anything in a lab. */
const GOVERNED: readonly Tampering[] = [
  {
    name: "an approval that became a refusal",
    act: (made) => {
      const { document, value } = made.find("approval/v1");
      const seed = made.seedsOf(value.party).people[value.role as "lawful" | "ethical"];
      return made.replaced(document, { ...value, decision: "refuse", reason: { en: "No." } }, [seed]);
    },
  },
  {
    name: "an approval by the proposer",
    act: (made) => {
      const { value: plan } = made.find("plan/v1");
      const { document, value } = made.find("approval/v1", ({ party }) => party === plan.proposer.party);
      const seed = made.seedsOf(value.party).people.analyst;
      return made.replaced(document, { ...value, by: plan.proposer.by }, [seed]);
    },
  },
  {
    name: "an approval that had expired",
    act: (made) => {
      const { document, value } = made.find("approval/v1");
      const seed = made.seedsOf(value.party).people[value.role as "lawful" | "ethical"];
      const ms = timeMs(value.at) - 40 * 86_400_000;
      return made.replaced(document, { ...value, at: timeText(ms), validUntil: timeText(ms + 1000) }, [seed]);
    },
  },
  {
    name: "an approval that is in no ledger",
    act: (made) => {
      const { document, value } = made.find("approval/v1");
      const seed = made.seedsOf(value.party).people[value.role as "lawful" | "ethical"];
      return made.replaced(document, { ...value, salt: base64(new Uint8Array(32)) }, [seed]);
    },
  },
  {
    name: "approvals that were logged after the fact",
    act: (made) =>
      made.rewritten((entry) => {
        if (entry.type === "approval") return [];
        if (entry.type !== "end") return [entry];
        const { planHash, ledger, at } = entry;
        return [
          entry,
          ...made.bundle.entries
            .filter((one) => one.entry.ledger === ledger && one.entry.type === "approval")
            .map((one) => ({ ...one.entry, planHash, at })),
        ];
      }),
  },
  {
    name: "more evaluations than the quota",
    act: (made) =>
      made.rewritten((entry) => {
        if (entry.type === "spent") return [];
        return entry.type === "allow" ? [{ ...entry, body: { ...entry.body, ceiling: 2048 } }] : [entry];
      }),
  },
];

/** Every way to tamper with a bundle that is noticed whatever the agreement. */
export const TAMPERINGS: readonly Tampering[] = [...FLIPS, ...FILED, ...REPACKED, ...COLLUDED];

/** Every way to tamper with the bundle of a real agreement that has evaluations. */
export const GOVERNED_TAMPERINGS: readonly Tampering[] = GOVERNED;

function elsewhere(entry: Entry): Entry {
  return entry.planHash === null ? entry : { ...entry, planHash: `sha256:${"0".repeat(64)}` };
}

function some(files: readonly ArchiveFile[], form: RegExp, pick: Pick): ArchiveFile {
  const fitting = files.filter(({ name }) => form.test(name));
  const file = fitting[pick(fitting.length)];
  if (file === undefined) throw new Error("expected such files in every bundle");
  return file;
}

function inFile(
  bytes: Uint8Array,
  form: RegExp,
  pick: Pick,
  change: (content: Uint8Array) => Uint8Array,
): Uint8Array {
  const files = readTar(bytes);
  const one = some(files, form, pick);
  return writeTar(files.map((file) => (file === one ? { ...file, bytes: change(file.bytes) } : file)));
}

function flipped(bytes: Uint8Array, pick: Pick, within = bytes.length): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const bit = pick(Math.min(within, bytes.length) * 8);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
