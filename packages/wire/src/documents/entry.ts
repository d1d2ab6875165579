// SPDX-License-Identifier: Apache-2.0
// Leaves of a ledger: the body of each type, and the duty that it answers (evidence.md, section 6).
import { z } from "zod";
import type { Hash, QueryClass, Time } from "./basic-types.ts";
import {
  bytes32,
  commitment,
  count,
  hash,
  id,
  label,
  list,
  name,
  party,
  partyOrCoordinator,
  publicKey,
  queryClass,
  session,
  sortedList,
  time,
  uniqueList,
} from "./fields.ts";
import type { Entry, EntryType, Verb } from "./types.ts";

/** A charge: whose, in which unit, how much. */
export interface EntryDebit {
  /** The party that is charged; absent where the budget is the dataset's own. */
  readonly asker?: string;
  readonly unit: string;
  readonly amount: number;
}

/** The body of an entry by its type. */
export interface EntryBodies {
  readonly covenant: { readonly covenantHash: Hash };
  readonly roster: { readonly rosterHash: Hash };
  readonly card: { readonly cardHash: Hash };
  readonly plan: { readonly contractHash: Hash; readonly class: QueryClass; readonly purpose: string };
  readonly approval: { readonly approvalHash: Hash; readonly party: string; readonly role: string };
  readonly inputs: {
    readonly dataset: string;
    readonly snapshot: Hash;
    readonly root: Hash;
    readonly rowsPadded: number;
  };
  readonly keyset: {
    readonly ctx: Hash;
    /** In party order; `pk` is base64 of 32 bytes. */
    readonly keys: readonly { readonly party: string; readonly pk: string }[];
    readonly notAfter: Time;
  };
  readonly begin: {
    readonly session: string;
    readonly shard: string;
    readonly transcript: Hash;
    readonly debits: readonly EntryDebit[];
  };
  /** The fields of the message `W`; beside them the line, the frame and the contract where the entry names them. */
  readonly allow: {
    readonly session?: string;
    readonly case?: string;
    readonly plan: Hash;
    readonly asker: string;
    readonly unit: string;
    readonly ceiling: number;
    readonly validUntil: Time;
    readonly disclosure?: string;
    readonly frame?: Hash;
    readonly contractHash?: Hash;
  };
  readonly spent: { readonly allowance: Hash; readonly metered: number; readonly root: Hash };
  readonly disclose: {
    readonly session: string;
    readonly disclosure: string;
    readonly output: string;
    readonly to: readonly string[];
    readonly frame: Hash;
    readonly commitment: string;
    readonly bytes: number;
    readonly debits: readonly EntryDebit[];
    readonly contractHash: Hash;
  };
  readonly receive: { readonly session: string; readonly from: string; readonly frame: Hash };
  readonly deliver: { readonly session: string; readonly disclosure: string; readonly receiptHash: Hash };
  readonly undelivered: { readonly session: string; readonly disclosure: string; readonly deadline: Time };
  readonly release: {
    readonly outputs: readonly string[];
    readonly resultHash: Hash;
    readonly withheld: readonly { readonly rule: string; readonly cells: number }[];
  };
  readonly consult: { readonly resultHash: Hash; readonly justification: Hash };
  readonly abort: { readonly session: string; readonly state: string; readonly code: string };
  readonly end: {
    readonly session: string;
    readonly metered: readonly { readonly asker: string; readonly amount: number }[];
  };
  readonly outcome: { readonly evaluationHash: Hash };
  readonly erase: { readonly what: string; readonly reference: Hash };
  readonly extend: {
    readonly what: string;
    readonly until: Time;
    readonly reasonHash: Hash;
    readonly count: number;
  };
  readonly "read-log": {
    readonly reader: string;
    readonly range: { readonly from: number; readonly to: number };
    readonly ground: Hash;
  };
  readonly suspend: { readonly reasonHash: Hash };
  readonly resume: { readonly reasonHash: Hash };
  readonly continuation: {
    readonly origin: string;
    readonly size: number;
    readonly root: Hash;
    readonly reasonHash: Hash;
  };
  /** A salted commitment to what was done with the own register of interests since the entry before, in whatever number. */
  readonly register: { readonly acts: string };
  readonly heartbeat: Readonly<Record<never, never>>;
}

const origin = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]*(?:\/[a-z0-9][a-z0-9.-]*)+$/, "expected a ledger's origin")
  .max(200, "expected at most 200 characters");
const debits = list(z.strictObject({ asker: party.exactOptional(), unit: label, amount: count }), 256);
const withheld = uniqueList(z.strictObject({ rule: label, cells: count }), (row) => row.rule, 16);

const allow = z
  .strictObject({
    session: session.exactOptional(),
    case: session.exactOptional(),
    plan: hash,
    asker: party,
    unit: label,
    ceiling: count,
    validUntil: time,
    disclosure: label.exactOptional(),
    frame: hash.exactOptional(),
    contractHash: hash.exactOptional(),
  })
  .refine(
    (body) => (body.session === undefined) !== (body.case === undefined),
    "expected a session or a case",
  );

const BODIES: { readonly [Type in EntryType]: z.ZodType<EntryBodies[Type]> } = {
  covenant: z.strictObject({ covenantHash: hash }),
  roster: z.strictObject({ rosterHash: hash }),
  card: z.strictObject({ cardHash: hash }),
  plan: z.strictObject({ contractHash: hash, class: queryClass, purpose: id }),
  approval: z.strictObject({ approvalHash: hash, party, role: id }),
  inputs: z.strictObject({ dataset: name, snapshot: hash, root: hash, rowsPadded: count }),
  keyset: z.strictObject({
    ctx: hash,
    keys: sortedList(z.strictObject({ party, pk: bytes32 }), (row) => row.party, 64, 1),
    notAfter: time,
  }),
  begin: z.strictObject({ session, shard: label, transcript: hash, debits }),
  allow,
  spent: z.strictObject({ allowance: hash, metered: count, root: hash }),
  disclose: z.strictObject({
    session,
    disclosure: label,
    output: label,
    to: uniqueList(partyOrCoordinator, (to) => to, 64, 1),
    frame: hash,
    commitment,
    bytes: count,
    debits,
    contractHash: hash,
  }),
  receive: z.strictObject({ session, from: partyOrCoordinator, frame: hash }),
  deliver: z.strictObject({ session, disclosure: label, receiptHash: hash }),
  undelivered: z.strictObject({ session, disclosure: label, deadline: time }),
  release: z.strictObject({ outputs: uniqueList(label, (output) => output, 64), resultHash: hash, withheld }),
  consult: z.strictObject({ resultHash: hash, justification: hash }),
  abort: z.strictObject({ session, state: label, code: label }),
  end: z.strictObject({
    session,
    metered: uniqueList(z.strictObject({ asker: party, amount: count }), (row) => row.asker, 64),
  }),
  outcome: z.strictObject({ evaluationHash: hash }),
  erase: z.strictObject({ what: label, reference: hash }),
  extend: z.strictObject({ what: label, until: time, reasonHash: hash, count }),
  "read-log": z.strictObject({
    reader: label,
    range: z.strictObject({ from: count, to: count }),
    ground: hash,
  }),
  suspend: z.strictObject({ reasonHash: hash }),
  resume: z.strictObject({ reasonHash: hash }),
  continuation: z.strictObject({ origin, size: count, root: hash, reasonHash: hash }),
  register: z.strictObject({ acts: commitment }),
  heartbeat: z.strictObject({}),
};

/** The logging duty that each type answers. */
export const VERBS: Readonly<Record<EntryType, Verb>> = {
  covenant: "none",
  roster: "none",
  card: "none",
  plan: "none",
  approval: "none",
  inputs: "collection",
  keyset: "none",
  begin: "combination",
  allow: "disclosure",
  spent: "none",
  disclose: "disclosure",
  receive: "collection",
  deliver: "none",
  undelivered: "none",
  release: "combination",
  consult: "consultation",
  abort: "none",
  end: "none",
  outcome: "none",
  erase: "erasure",
  extend: "alteration",
  "read-log": "consultation",
  suspend: "none",
  resume: "none",
  continuation: "none",
  register: "alteration",
  heartbeat: "none",
};

/** Types that belong to one plan, and name it. */
const OF_A_PLAN: readonly EntryType[] = [
  ...(["plan", "approval", "inputs", "begin", "allow", "spent", "disclose", "receive", "deliver"] as const),
  ...(["undelivered", "release", "abort", "end", "outcome", "register"] as const),
];

/** `entry/v1`: verb, plan and body as its type says. */
export const entryForm: z.ZodType<Entry> = z
  .strictObject({
    koplamp: z.literal("entry/v1"),
    ledger: origin,
    at: time,
    by: z.union([publicKey, z.literal("node")], "expected a public key or node"),
    planHash: hash.nullable(),
    verb: z.enum(
      ["collection", "alteration", "consultation", "disclosure", "combination", "erasure", "none"],
      "expected a verb",
    ),
    // Safe because Object.keys of a record over a closed type gives exactly its members.
    type: z.enum(Object.keys(BODIES) as EntryType[], "expected a type of entry"),
    body: z.record(z.string(), z.unknown()),
  })
  .check((payload) => {
    const { type, verb, planHash, body } = payload.value;
    if (verb !== VERBS[type]) payload.issues.push(issue(["verb"], "expected the verb of its type"));
    if (OF_A_PLAN.includes(type) && planHash === null)
      payload.issues.push(issue(["planHash"], "expected a plan"));
    const read = BODIES[type].safeParse(body);
    for (const { code, path, message } of read.error?.issues ?? []) {
      const told = code === "unrecognized_keys" ? "expected no other fields than its own" : message; // names none
      payload.issues.push(issue(["body", ...path], told));
    }
  });

function issue(path: readonly PropertyKey[], message: string): z.core.$ZodRawIssue {
  return { code: "custom", message, path: [...path], input: undefined };
}
