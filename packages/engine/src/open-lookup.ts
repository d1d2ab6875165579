// SPDX-License-Identifier: Apache-2.0
// An open look-up at the asker's node: what its analysts ask one by one, until they end it or the day does.
import { batchFor, saltedRoot } from "@koplamp/psi";
import { askedKeys, type CatalogueEntry } from "@koplamp/query";
import {
  type InputContext,
  inputEncoder,
  type LookupAsk,
  type LookupResult,
  type PackedInputs,
  packInputs,
  type Time,
  timeMs,
} from "@koplamp/wire";
import { EngineError } from "./errors.ts";
import type { NodePorts } from "./node-ports.ts";
import { within } from "./within.ts";

/** What an analyst is told of the questions of one request. */
export interface LookedUp {
  /** In the order in which they were asked, each once. */
  readonly answers: LookupResult["answers"];
  /** Elements that are left, dummies included. */
  readonly left: number;
}

/** Questions of one request, from the desk until they are answered. */
interface Asked {
  readonly keys: readonly (readonly string[])[];
  readonly told: PromiseWithResolvers<Uint8Array>;
}

/** Waits for something, or until the question stops. */
type Wait = <T>(wait: Promise<T>) => Promise<T>;

/** What an open look-up is made of. */
export interface OpenParts {
  readonly ask: LookupAsk;
  /** What the holder offered: how it reads its columns. */
  readonly reading: CatalogueEntry;
  readonly context: InputContext;
  readonly salt: Uint8Array;
  /** When it ends by itself. */
  readonly until: Time;
  /** Fixes the questions of a batch in the own ledger, before anything of them leaves. */
  readonly logged: (batch: { readonly keys: Asked["keys"]; readonly root: Uint8Array }) => void;
}

/** The questions of one open session, in the order in which they come. */
export class OpenLookup {
  readonly #node: NodePorts;
  readonly #parts: OpenParts;
  readonly #waiting: Asked[] = [];
  readonly #answers = new Map<string, LookupResult["answers"][number]>();
  #wake = Promise.withResolvers<undefined>();
  #left: number;
  #over = false;

  constructor(node: NodePorts, parts: OpenParts) {
    this.#node = node;
    this.#parts = parts;
    this.#left = parts.ask.elements;
  }

  /**
   * Asks, and waits for the answers: one round trip. What it costs is taken off at once, and never given back.
   * @throws {QueryError} `invalid-value`; {@link EngineError} `limits`, `quota`, `refused` once it is over; what ended it.
   */
  async ask(rows: readonly (readonly string[])[]): Promise<LookedUp> {
    const { ask, reading } = this.#parts;
    const keys = askedKeys(ask.key, rows, reading);
    this.#pay(keys.length);
    const asked: Asked = { keys, told: Promise.withResolvers() };
    this.#waiting.push(asked);
    this.#wake.resolve(undefined);
    const hits = await asked.told.promise;
    const answers = keys.map((key, at) => ({ key, hit: hits[at] === 1 }));
    return { answers, left: this.#left };
  }

  /** No more will be asked; what waits is still answered. */
  end(): void {
    this.#over = true;
    this.#wake.resolve(undefined);
  }

  /** The session has ended, whatever the reason: whoever still waits hears it. */
  close(reason: unknown = this.#ended()): void {
    this.end();
    for (const { told } of this.#waiting.splice(0)) told.reject(reason);
  }

  /** The job that waits for questions, and fixes them. */
  async next(until: Wait): Promise<PackedInputs | undefined> {
    const { clock } = this.#node;
    while (this.#waiting.length === 0) {
      const left = timeMs(this.#parts.until) - clock.now();
      if (left <= 0 || this.#left === 0) this.end();
      if (this.#over) return undefined;
      this.#wake = Promise.withResolvers();
      await until(within(clock, left, this.#wake.promise));
    }
    const [{ keys } = { keys: [] }] = this.#waiting;
    const { context, salt, logged } = this.#parts;
    const inputs = packInputs(keys.map(inputEncoder(context)));
    logged({ keys, root: saltedRoot(this.#node.primitives, salt, inputs) });
    return inputs;
  }

  /** The job that gives the answers of the batch that was asked last. */
  tell(hits: Uint8Array): void {
    const asked = this.#waiting.shift();
    for (const [at, key] of (asked?.keys ?? []).entries())
      this.#answers.set(JSON.stringify(key), { key, hit: hits[at] === 1 });
    asked?.told.resolve(hits);
  }

  /** All that was asked and answered, each question once. */
  get answers(): LookupResult["answers"] {
    return [...this.#answers.values()];
  }

  #pay(questions: number): void {
    const { me } = this.#node;
    const size = batchFor(questions);
    if (size === undefined || questions === 0) {
      const message = `expected 1 to 32 questions at a time, got ${questions}`;
      throw new EngineError("limits", me, message, "ask them in several requests");
    }
    if (this.#over) throw this.#ended();
    if (size > this.#left) {
      const message = `${questions} questions take ${size} elements, and ${this.#left} of this look-up are left`;
      throw new EngineError("quota", me, message, "ask fewer, or end this look-up and ask for another");
    }
    this.#left -= size;
  }

  #ended(): EngineError {
    const hint =
      "koplamp result HASH shows what was answered; koplamp query run FILE asks for another look-up";
    return new EngineError(
      "refused",
      this.#node.me,
      "this look-up is over: nothing can be asked any more",
      hint,
    );
  }
}
