// SPDX-License-Identifier: Apache-2.0
// Where a process is killed, as places in the source text: after evidence.md, section 7, and reliability.md, section 6.
import type { Edit } from "../sabotage/edit.ts";

/** A place in a source file. */
interface Place {
  readonly file: string;
  /** A statement that stands there once; the process dies `before` or `after` it. */
  readonly at: string;
  readonly side: "before" | "after";
  /** Only where this expression holds there. */
  readonly when?: string;
}

const SESSION = "packages/engine/src/session.ts";
const GATE = "packages/engine/src/gate.ts";
const LEDGER = "packages/engine/src/ledger.ts";
const EVIDENCE = "packages/engine/src/evidence.ts";
const STORE = "packages/store/src/store.ts";
const COORDINATE = "packages/engine/src/coordinate.ts";
const QUOTA = "packages/engine/src/quota.ts";
const EVALUATIONS = "packages/engine/src/evaluations.ts";

const WAIT = 'await eyes.wait(from === "waiting", () => questions.waiting(eyes));';
const LOGGED = "lines.forEach((line, at) => void parts.logged(line, indices[at] ?? 0));";
const NOTICES = "await parts.until(parts.notices.exchange(release, indices, proofs));";
const DEBIT = "this.#account.write(first, first + leaves.length - 1, charges, after);";
const QUERY = 'this.#spec.label === "0/1"';
const RELEASE = 'held[0]?.type !== "W"';
const ALLOWANCE = 'held[0]?.type === "W"';
const OF_RELEASE = `new TextDecoder().decode(store.leaf(size - 1)).includes('"type":"disclose"')`;

/** Every place at which a process can be told to die. */
export const PLACES = {
  decided: { file: "packages/engine/src/run-query.ts", at: WAIT, side: "before" },
  waiting: { file: "packages/engine/src/four-eyes.ts", at: 'run.phase = "waiting";', side: "after" },
  approved: { file: "packages/engine/src/run-query.ts", at: WAIT, side: "after" },
  inputs: {
    file: "packages/engine/src/match-stage.ts",
    at: "node.ledger.append([inputsEntry(run.planHash, held.input, root, text)]);",
    side: "after",
  },
  begun: { file: SESSION, at: 'this.state = "running";', side: "after", when: QUERY },
  "shard-begun": {
    file: SESSION,
    at: 'this.state = "running";',
    side: "after",
    when: 'this.#spec.label.startsWith("2/4")',
  },
  "shard-kept": {
    file: "packages/engine/src/shards.ts",
    at: "if (leg !== undefined) keepShard(node, planHash, shard, { label: name, result });",
    side: "after",
    when: 'name.startsWith("2/4")',
  },
  "entry-without-debit": { file: STORE, at: DEBIT, side: "before", when: "charges.length > 0" },
  "debit-uncommitted": { file: STORE, at: DEBIT, side: "after", when: "charges.length > 0" },
  "allow-logged": { file: GATE, at: LOGGED, side: "after", when: ALLOWANCE },
  "allow-cosigned": { file: GATE, at: NOTICES, side: "before", when: ALLOWANCE },
  metered: { file: QUOTA, at: "this.#left -= elements;", side: "after" },
  answered: { file: EVALUATIONS, at: "this.#logSpent(result);", side: "before" },
  held: { file: GATE, at: "const indices = appendPaid(", side: "before", when: RELEASE },
  logged: { file: GATE, at: LOGGED, side: "after", when: RELEASE },
  "checkpoint-signed": {
    file: LEDGER,
    at: "store.putCheckpoint(size, note);",
    side: "after",
    when: OF_RELEASE,
  },
  "quorum-stored": {
    file: LEDGER,
    at: "store.putCheckpoint(size, cosigned);",
    side: "after",
    when: OF_RELEASE,
  },
  witnessed: { file: GATE, at: NOTICES, side: "before", when: RELEASE },
  noticed: { file: GATE, at: NOTICES, side: "after", when: RELEASE },
  opening: { file: GATE, at: "parts.opening(lines);", side: "after", when: RELEASE },
  "one-frame-out": {
    file: "packages/protocol/src/drive.ts",
    at: "await channel.release(sealed);",
    side: "after",
    when: 'sealed.type !== "W"',
  },
  received: { file: SESSION, at: "const frame = channel.receivedFrame(from);", side: "after", when: QUERY },
  ended: {
    file: SESSION,
    at: "ledger.append([endEntry(run, facts)]);",
    side: "after",
    when: 'spec.label === "0/1"',
  },
  "receive-logged": { file: EVIDENCE, at: "return await Promise.all(", side: "before" },
  "no-receipt": {
    file: EVIDENCE,
    at: "documents.push(...(await delivered(node, run, session)));",
    side: "before",
  },
  "receipt-stored": {
    file: EVIDENCE,
    at: "documents.push(...(await delivered(node, run, session)));",
    side: "after",
  },
  released: {
    file: EVIDENCE,
    at: "if (answered.result !== undefined) node.ledger.append([releaseEntry(node, run, answered)]);",
    side: "after",
    when: "answered.result !== undefined",
  },
  "witness-stored": {
    file: "packages/ledger/src/witness.ts",
    at: "return { status: 200, body: cosignatureLine(parts, note.text) };",
    side: "before",
  },
  "tickets-in": { file: COORDINATE, at: "const halt = Promise.withResolvers<never>();", side: "before" },
  hands: { file: COORDINATE, at: "const channel = await ports.openChannel(", side: "before" },
  "handed-in": {
    file: COORDINATE,
    at: "const line = lineOf(ticket, from, message.type, before);",
    side: "after",
  },
  counted: {
    file: "packages/psi/src/overlap-hub.ts",
    at: "for (const to of recipients) yield* send(to, countsCodec(counts.length), counts);",
    side: "before",
  },
  added: {
    file: "packages/aggregate/src/sum-threshold.ts",
    at: "const handedIn = yield* takeAll(session, yield* passOnKeys(session));",
    side: "after",
  },
  played: {
    file: COORDINATE,
    at: "await sendReceipts(ports, ticket, session, received);",
    side: "before",
  },
} as const satisfies Readonly<Record<string, Place>>;

/** The name of a place. */
export type PlaceName = keyof typeof PLACES;

/** What tells a process to die: a file of this name in its folder, with an {@link Order}. */
export const ORDER_FILE = "die-at.json";

/** Where a process writes what it let out, and what came, before anything is done about it. */
export const SEEN_FILE = "seen.jsonl";

/** The place, and which process dies when this one comes there. */
export interface Order {
  readonly place: PlaceName;
  readonly pid: number;
}

/** What really crossed a wire, whatever the ledgers say. */
export interface Crossed {
  readonly way: "out" | "in";
  readonly peer: string;
  readonly frame: string;
}

const SAW_OUT: Edit = {
  file: "packages/protocol/src/drive.ts",
  from: "await channel.release(sealed);",
  to: '{ koplampSaw("out", sealed.to, sealed.frame); await channel.release(sealed); }',
};
const COUNTED_IN: Edit = {
  file: COORDINATE,
  from: "const frame = channel.receivedFrame(from);",
  to: 'const frame = channel.receivedFrame(from); if (line !== undefined) koplampSaw("in", from, frame);',
};
const SAW_IN: Edit = {
  file: SESSION,
  from: "const frame = channel.receivedFrame(from);",
  to: 'const frame = channel.receivedFrame(from); koplampSaw("in", from, frame);',
};

/** The source text with all places marked. */
export const MARKS: readonly Edit[] = [...Object.entries(PLACES).map(markOf), SAW_OUT, SAW_IN, COUNTED_IN];

function markOf([name, { file, at, side, ...more }]: [string, Place]): Edit {
  const mark = `${more.when === undefined ? "" : `if (${more.when}) `}koplampAt("${name}");`;
  // A block, so that a mark on the one statement of a loop or an `if` stays in it.
  const isBlock = at.startsWith("await channel.release");
  const marked = side === "before" ? `${mark} ${at}` : `${at} ${mark}`;
  return { file, from: at, to: isBlock ? `{ ${marked} }` : marked };
}
