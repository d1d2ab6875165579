// SPDX-License-Identifier: Apache-2.0
import { request } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { SignedBytes } from "@koplamp/covenant";
import {
  type AuditedAct,
  EngineError,
  type EngineErrorCode,
  type Explained,
  type Exposure,
  type ExposureRequest,
  type InboxItem,
  type InboxQuestion,
  type KeptInterest,
  type LookedUp,
  type Outcome,
  type PlanDraft,
  type Progress,
  readOutcome,
  type Standing,
} from "@koplamp/engine";
import { type FilePlace, QueryError, type QueryErrorCode } from "@koplamp/query";
import { readSignIn } from "@koplamp/store";
import {
  type AnswerResult,
  base64,
  fromBase64,
  type Hash,
  type OwnInterest,
  type PublicKey,
  type Suspension,
} from "@koplamp/wire";
import type { SignInPlace } from "./device-grant.ts";
import { type HomeEnv, signInPlace } from "./sign-in-place.ts";

/** Why the own node could not be asked. */
export type ClientErrorCode = "no-node" | "stopping" | "unknown" | "garbage" | "sign-in" | "provider";

/** The own node cannot be reached, or does not answer as a node does. */
class ClientError extends Error {
  override readonly name = "ClientError";
  readonly code: ClientErrorCode;
  readonly hint: string;

  constructor(code: ClientErrorCode, message: string, hint = "") {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** A question as its file has it. */
export interface QuestionFile {
  /** For error messages. */
  readonly file: string;
  readonly text: string;
  /** Of a look-up: the text of the file with its questions. It goes to the own node, and no further. */
  readonly questions?: string;
}

/** One screen about a node. */
export interface NodeStatus {
  readonly party: string;
  readonly federation: string;
  readonly covenant: Hash;
  readonly online: readonly string[];
}

/** What an officer said last. */
export type OfficersLast = Pick<Suspension, "action" | "at" | "reason" | "by"> & { readonly hash: Hash };

/** The own agency's node, over its socket. */
export interface NodeClient {
  /** Where this node's people sign in; undefined where it asks for no sign-in. */
  signInPlace(): Promise<SignInPlace | undefined>;
  status(): Promise<NodeStatus>;
  /** What the question would tell whom. Reads no data. @throws {QueryError} {@link EngineError} {@link ClientError} */
  explain(question: QuestionFile): Promise<Explained>;
  /** Asks it with the node's own key, as in a trial, and sees it through. @throws {QueryError} {@link EngineError} */
  run(
    question: QuestionFile,
    progress?: (step: Progress) => void,
    signal?: AbortSignal,
  ): Promise<Outcome<AnswerResult>>;
  /** The plan of a question, for the analyst with this public key to sign. @throws {QueryError} {@link EngineError} */
  draft(question: QuestionFile, by: PublicKey): Promise<PlanDraft>;
  /** Asks what an analyst signed, and sees it through. @throws {EngineError} {@link ClientError} */
  ask(
    signed: SignedBytes,
    progress?: (step: Progress) => void,
    signal?: AbortSignal,
  ): Promise<Outcome<AnswerResult>>;
  /** How the question of a plan ended at this node, whoever asked it; waits until it has. @throws {ClientError} */
  outcomeOf(planHash: Hash): Promise<Outcome<AnswerResult>>;
  /** Goes on watching a question that lives, and gives how it ends. @throws {ClientError} when it is not known. */
  watch(
    planHash: Hash,
    progress?: (step: Progress) => void,
    signal?: AbortSignal,
  ): Promise<Outcome<AnswerResult>>;
  /**
   * Asks in an open look-up, a cell for each column of its key, at most 32 questions at a time.
   * @throws {EngineError} `refused`, `quota`, `limits`; {@link QueryError} for a value of another kind.
   */
  lookUp(planHash: Hash, rows: readonly (readonly string[])[]): Promise<LookedUp>;
  /** Ends an open look-up: its evidence and whole answer follow. @throws {EngineError} `refused`. */
  endLookUp(planHash: Hash): Promise<void>;
  /** The standing questions of this node, what is due first before the others. */
  standing(): Promise<readonly Standing[]>;
  /** Has the node sit out what falls due of a standing question, or take part again. @throws {EngineError} `refused`. */
  pause(planHash: Hash, paused: boolean): Promise<void>;
  /** What waits for people at this node, and what runs. */
  inbox(): Promise<readonly InboxItem[]>;
  /** One question, with all that a person needs to decide. @throws {EngineError} `refused` when there is none. */
  question(planHash: Hash): Promise<InboxQuestion>;
  /** Hands in a decision that a person signed. @throws {EngineError} `refused`, `too-late`, with the reason. */
  decide(signed: SignedBytes): Promise<void>;
  /** Has the node read its own policies again; gives how many. @throws {ClientError} when they do not hold. */
  reloadPolicy(): Promise<number>;
  /** Hands in the withdrawal of a party, signed by itself. @throws {EngineError} `refused`, with the reason. */
  withdraw(signed: SignedBytes): Promise<void>;
  /** Hands in an officer's word: the node halts, or goes on. @throws {EngineError} `refused`, with the reason. */
  suspend(signed: SignedBytes): Promise<void>;
  /** The last word of the own officers, if there was one. */
  suspension(): Promise<OfficersLast | undefined>;
  /** What the own desks look at, and with whom they met over it: all that is and was in the register. */
  interests(): Promise<readonly KeptInterest[]>;
  /** Puts in what a desk looks at. Gives its name. @throws {EngineError} `refused`, with the reason. */
  addInterest(own: OwnInterest, signed?: SignedBytes): Promise<string>;
  /** Takes it back. @throws {EngineError} `refused` for what does not run. */
  withdrawInterest(id: string, by: string, signed?: SignedBytes): Promise<void>;
  /** All that was done with them, who signed it, and whether the node's ledger has it. */
  interestAudit(): Promise<readonly AuditedAct[]>;
  /** What a coalition could have learned about this node's data. @throws {ClientError} */
  exposure(request: ExposureRequest): Promise<Exposure>;
  /** The bundle with what the ledgers say of its question's erasure. @throws {EngineError} `refused`; {@link ClientError} */
  proveErasure(bundle: Uint8Array): Promise<Uint8Array>;
}

/** The node whose folder this is. Nothing is opened until it is asked something. */
export function nodeClient(dir: string, env: HomeEnv = process.env): NodeClient {
  const desk: Desk = {
    path: join(dir, "state", "desk.sock"),
    token: () => readSignIn(signInPlace(dir, env)),
  };
  return {
    signInPlace: async () => {
      const told = JSON.parse(await lastLine({ ...desk, token: () => undefined }, "GET", "/v1/sign-in"));
      const { signIn } = told as { readonly signIn: SignInPlace | null }; // our own node's word
      return signIn ?? undefined;
    },
    status: async () => JSON.parse(await lastLine(desk, "GET", "/v1/status")) as NodeStatus, // our own node's word
    explain: async (question) =>
      JSON.parse(await lastLine(desk, "POST", "/v1/explain", question)) as Explained,
    outcomeOf: async (hash) => readOutcome(await lastLine(desk, "GET", `/v1/outcomes/${hash}`)),
    run: (question, progress, signal) =>
      followed(linesOf(desk, "POST", "/v1/run", question, signal), progress),
    draft: async (question, by) =>
      JSON.parse(await lastLine(desk, "POST", "/v1/drafts", { ...question, by })) as PlanDraft, // its reader computes it again
    ask: (signed, progress, signal) =>
      followed(linesOf(desk, "POST", "/v1/proposals", asBody(signed), signal), progress),
    watch: (hash, progress, signal) =>
      followed(linesOf(desk, "GET", `/v1/watch/${hash}`, undefined, signal), progress),
    standing: async () => {
      const line = await lastLine(desk, "GET", "/v1/standing");
      return (JSON.parse(line) as { readonly standing: readonly Standing[] }).standing; // our own node's word
    },
    pause: async (hash, paused) =>
      void (await lastLine(desk, "POST", `/v1/${paused ? "pause" : "unpause"}/${hash}`)),
    inbox: async () => {
      const { questions } = JSON.parse(await lastLine(desk, "GET", "/v1/inbox")) as {
        readonly questions: readonly InboxItem[];
      }; // our own node's word
      return questions;
    },
    question: async (hash) => JSON.parse(await lastLine(desk, "GET", `/v1/inbox/${hash}`)) as InboxQuestion,
    decide: async (signed) => void (await lastLine(desk, "POST", "/v1/decisions", asBody(signed))),
    reloadPolicy: async () => {
      const line = await lastLine(desk, "POST", "/v1/policy");
      return (JSON.parse(line) as { readonly policies: number }).policies; // our own node's word
    },
    lookUp: async (planHash, rows) =>
      JSON.parse(await lastLine(desk, "POST", `/v1/lookups/${planHash}`, { rows })) as LookedUp, // our own node's word
    endLookUp: async (planHash) => void (await lastLine(desk, "POST", `/v1/lookups/ended/${planHash}`)),
    withdraw: async (signed) => void (await lastLine(desk, "POST", "/v1/withdrawals", asBody(signed))),
    suspend: async (signed) => void (await lastLine(desk, "POST", "/v1/suspension", asBody(signed))),
    suspension: async () => {
      const line = await lastLine(desk, "GET", "/v1/suspension");
      return (JSON.parse(line) as { readonly suspension: OfficersLast | null }).suspension ?? undefined; // our own node's word
    },
    interests: async () => {
      const line = await lastLine(desk, "GET", "/v1/interests");
      return (JSON.parse(line) as { readonly interests: readonly KeptInterest[] }).interests; // our own node's word
    },
    addInterest: async (own, signed) => {
      const line = await lastLine(desk, "POST", "/v1/interests", { own, ...wordAs(signed) });
      return (JSON.parse(line) as { readonly id: string }).id; // our own node's word
    },
    withdrawInterest: async (id, by, signed) =>
      void (await lastLine(desk, "POST", "/v1/interests/withdrawn", { id, by, ...wordAs(signed) })),
    interestAudit: async () => {
      const line = await lastLine(desk, "GET", "/v1/interests/audit");
      return (JSON.parse(line) as { readonly acts: readonly AuditedAct[] }).acts; // our own node's word
    },
    exposure: async (request) =>
      JSON.parse(await lastLine(desk, "POST", "/v1/exposure", request)) as Exposure, // our own node's word
    proveErasure: async (bundle) => {
      const line = await lastLine(desk, "POST", "/v1/erasure", { bundle: base64(bundle) });
      return fromBase64((JSON.parse(line) as { readonly bundle: string }).bundle); // our own node's word
    },
  };
}

function asBody({ bytes, signatures }: SignedBytes): object {
  return { bytes: base64(bytes), signatures };
}

function wordAs(signed: SignedBytes | undefined): object {
  return signed === undefined ? {} : { signed: asBody(signed) };
}

/** Shows progress until there is an outcome. */
async function followed(
  lines: AsyncIterable<string>,
  progress: (step: Progress) => void = () => {},
): Promise<Outcome<AnswerResult>> {
  for await (const line of lines) {
    const step = /^\{"progress":(.*)\}$/.exec(line)?.[1];
    if (step !== undefined) progress(JSON.parse(step) as Progress);
    const outcome = /^\{"outcome":(.*)\}$/.exec(line)?.[1];
    if (outcome !== undefined) return readOutcome(outcome);
  }
  throw new ClientError("stopping", "the node ended before it had an answer", "look at its log");
}

/** A node's socket, and the sign-in of whoever asks, if there is one. */
interface Desk {
  readonly path: string;
  readonly token: () => string | undefined;
}

async function lastLine(desk: Desk, method: string, path: string, body?: object): Promise<string> {
  for await (const line of linesOf(desk, method, path, body)) return line;
  throw new ClientError("garbage", "the node gave no answer");
}

async function* linesOf(
  desk: Desk,
  method: string,
  path: string,
  body: object | undefined,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  const { promise, resolve, reject } = Promise.withResolvers<NodeJS.ReadableStream>();
  const token = desk.token();
  const headers = { host: "node", ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  const asking = request(
    { socketPath: desk.path, method, path, headers, ...(signal === undefined ? {} : { signal }) },
    resolve,
  );
  asking.once("error", (reason) => reject(unreachable(reason, desk.path)));
  asking.end(body === undefined ? undefined : JSON.stringify(body));
  const answer = await promise;
  for await (const line of createInterface({ input: answer, crlfDelay: Number.POSITIVE_INFINITY })) {
    const error = /^\{"error":(.*)\}$/.exec(line)?.[1];
    if (error !== undefined) throw errorOf(JSON.parse(error));
    yield line;
  }
}

function unreachable(reason: NodeJS.ErrnoException, socket: string): Error {
  if (reason.code === "EACCES") {
    return new ClientError(
      "no-node",
      `${socket} belongs to another user`,
      "ask as the user that runs the node",
    );
  }
  return new ClientError(
    "no-node",
    `no node answers at ${socket}`,
    "start it: koplamp node start --config node.yaml",
  );
}

/** An error as the node sent its parts. */
function errorOf(parts: Readonly<Record<string, unknown>>): Error {
  const text = (name: string): string => (typeof parts[name] === "string" ? parts[name] : "");
  const [message, hint, party] = [text("message"), text("hint"), text("party")];
  // The codes are those of the node's own version of the same classes; an unknown one only prints.
  if (text("name") === "QueryError") {
    const place = parts["place"] as FilePlace | undefined;
    const facts = { hint, ...(party === "" ? {} : { party }), ...(place === undefined ? {} : { place }) };
    return new QueryError(text("code") as QueryErrorCode, message, facts);
  }
  if (text("name") === "EngineError")
    return new EngineError(text("code") as EngineErrorCode, party, message, hint);
  if (text("name") === "SignInError")
    return new ClientError(text("code") === "provider" ? "provider" : "sign-in", message, hint);
  return new ClientError("unknown", message, hint);
}
