// SPDX-License-Identifier: Apache-2.0
// What a coordinator may do with the letters of one kind, if it could tell their kinds: all parties' letters pass it, and
// it can open none. In a question in which it counts, so that its own letters are among them.
import type { PartyId } from "@koplamp/protocol";
import type { Line, Post } from "@koplamp/wire";
import type { Wishes } from "./federation.ts";
import { type Endured, endured, type Script } from "./hostile-coordinator.ts";
import { kindOf } from "./hostile-peer.ts";

/** One sealed letter on its way, with what nobody but its two ends should know: its kind. */
interface Letter {
  readonly from: PartyId;
  readonly to: PartyId;
  readonly kind: string;
  readonly bytes: Uint8Array;
}

/** What is handed on in place of a letter. `memory`: what was kept back; `earlier`: its like in the question before. */
type Deed = (letter: Letter, memory: Letter[], earlier: Letter | undefined) => readonly Letter[];

const other = (party: PartyId): PartyId => (party === "anna" ? "cleo" : "anna");

const DEEDS: Readonly<Record<string, Deed>> = {
  "kept from all": () => [],
  "shown to one only": (letter) => (letter.to === "anna" ? [letter] : []),
  "kept in one direction": (letter) => (letter.from === "anna" && letter.to === "bert" ? [] : [letter]),
  "handed on twice": (letter) => [letter, letter],
  "handed on after the next": (letter, memory) => {
    const held = memory.pop();
    if (held !== undefined) return [letter, held];
    memory.push(letter);
    return [];
  },
  "of the question before, instead": (letter, _memory, earlier) => [earlier ?? letter],
  "of the question before, first": (letter, _memory, earlier) => [...(earlier ? [earlier] : []), letter],
  "handed to another": (letter) => [{ ...letter, to: other(letter.to) }],
  "handed on in another's name": (letter) => [{ ...letter, from: other(letter.from) }],
  "handed back": (letter) => [{ ...letter, to: letter.from, from: letter.to }],
};

/** Every kind of letter in a question that is counted. */
export const KINDS: readonly string[] = [
  "channel/#/encaps",
  "channel/#/hello",
  "offer/#",
  "offered/#",
  "people/#",
  "propose/",
  "q/#/before",
  "q/#/evidence",
  "q/#/keyset",
  "q/#/ready/#/#",
  "q/#/receipt/#/overlap.anna",
  "q/#/receipt/#/overlap.bert",
  "q/#/receipt/#/overlap.cleo",
  "q/#/verdict",
  "q/#/wanted",
  "ticket/#/#/#",
  "witness/add/#",
  "witness/answer/#",
];

/** The relay in which letters have kinds, and what it has seen. */
class Sorting {
  readonly seen: Letter[] = [];
  readonly wishes: Wishes;
  deed: Deed | undefined;
  kind = "";
  tried = 0;
  readonly #memory: Letter[] = [];
  readonly #lines = new Map<PartyId, Line>();
  readonly #kinds = new Map<string, string[]>();
  #earlier: readonly Letter[] = [];

  constructor() {
    this.wishes = {
      post: (post, party) => this.#post(post, party),
      line: (line, party) => this.#line(line, party),
    };
  }

  /** From here on letters are those of another question. */
  next(): void {
    this.#earlier = this.seen.splice(0);
  }

  /** Letters leave in the order in which they are sent, each in one envelope: they are short. */
  #post(post: Post, from: PartyId): Post {
    const send = (to: PartyId, topic: string, body: Uint8Array): Promise<void> => {
      this.#queue(from, to).push(kindOf(topic));
      return post.send(to, topic, body);
    };
    return { ...post, send };
  }

  #line(line: Line, from: PartyId): Line {
    this.#lines.set(from, line);
    return {
      party: line.party,
      posts: () => line.posts(),
      push: (frame) => line.push(frame),
      pull: (session, done) => line.pull(session, done),
      onPresence: (listener) => line.onPresence(listener),
      close: () => line.close(),
      post: (to, bytes) => this.#pass({ from, to, kind: this.#queue(from, to).shift() ?? "", bytes }),
    };
  }

  async #pass(letter: Letter): Promise<void> {
    this.seen.push(letter);
    const handed =
      this.deed !== undefined && letter.kind === this.kind ? this.#spoil(letter, this.deed) : [letter];
    for (const { from, to, bytes } of handed) await this.#lines.get(from)?.post(to, bytes);
  }

  #spoil(letter: Letter, deed: Deed): readonly Letter[] {
    this.tried += 1;
    const like = this.#earlier.find(
      ({ from, to, kind }) => kind === letter.kind && from === letter.from && to === letter.to,
    );
    return deed(letter, this.#memory, like);
  }

  #queue(from: PartyId, to: PartyId): string[] {
    const name = `${from}/${to}`;
    const queue = this.#kinds.get(name) ?? [];
    this.#kinds.set(name, queue);
    return queue;
  }
}

/** Every deed with every kind. */
export const LETTER_SCRIPTS: readonly (readonly [kind: string, deed: string])[] = KINDS.flatMap((kind) =>
  Object.keys(DEEDS).map((deed) => [kind, deed] as const),
);

/** Runs one; where letters of another question are wanted, in peace before. */
export async function disturbed(kind: string, deed: string): Promise<Endured> {
  const sorting = new Sorting();
  const script: Script = {
    name: `${kind} ${deed}`,
    wishes: { graceMs: 100, ...sorting.wishes },
    ...(deed.startsWith("of the question before") ? { again: true } : {}),
    besides: () => {
      sorting.next();
      sorting.kind = kind;
      sorting.deed = DEEDS[deed];
    },
  };
  const end = await endured(script);
  return sorting.tried > 0 ? end : { ...end, faults: [...end.faults, `${script.name}: was not tried`] };
}

/** The kinds that an honest question has. */
export async function kindsSpoken(): Promise<readonly string[]> {
  const sorting = new Sorting();
  await endured({ name: "honest", wishes: sorting.wishes });
  return [...new Set(sorting.seen.map(({ kind }) => kind))].sort();
}
