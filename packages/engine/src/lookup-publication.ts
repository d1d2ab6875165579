// SPDX-License-Identifier: Apache-2.0
// The index of a look-up, brought up to date between its two nodes: published once an epoch, then what has changed.
import type { PartyId } from "@koplamp/protocol";
import {
  type Changes,
  compareIndex,
  type IndexRoute,
  inputRoot,
  itemRows,
  type LookupName,
  lookupContext,
  openShare,
  type Publication,
  publicationFor,
  publishIndex,
  subscribeIndex,
} from "@koplamp/psi";
import { base64, bucket, hex, type PackedInputs, timeText } from "@koplamp/wire";
import { z } from "zod";
import { freshSalt, inputsEntry } from "./contribution.ts";
import { EngineError } from "./errors.ts";
import { endOf } from "./key-set.ts";
import {
  type IndexScope,
  type IndexVersion,
  indexScope,
  keepOwnIndex,
  keepPublished,
  type OwnIndex,
  ownIndex,
  type PublishedIndex,
  publishedIndex,
} from "./lookup-kept.ts";
import { decodeMessage, encodeMessage } from "./messages.ts";
import type { NodePorts } from "./node-ports.ts";
import { onAllWorkers } from "./on-all-workers.ts";
import type { QuestionRun } from "./question-run.ts";
import { runSession, type SessionFacts, type SessionResult, type SessionSpec } from "./session.ts";

/** An index in force, and the session that published it or its churn, if one ran. */
export interface Current<Index> {
  readonly index: Index;
  readonly session?: SessionResult<unknown>;
}

/** What an asker says that it has. */
const hasForm: z.ZodType<{ readonly version: string | null }> = z.strictObject({
  version: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .nullable(),
});

/** What a holder says that it will do: under which key, and the size of what comes. */
interface Offer {
  readonly ceremony: string;
  readonly kind: "index" | "again" | "churn" | "none";
  /** Rows of an index, or changes of a churn; 0 for none. */
  readonly size: number;
}

const offerForm: z.ZodType<Offer> = z.strictObject({
  ceremony: z.string().regex(/^[0-9a-f]{32}$/),
  kind: z.enum(["index", "again", "churn", "none"]),
  size: z
    .int()
    .min(0)
    .max(2 ** 20),
});

/**
 * The holder's side. A list that has changed is published by a churn, or where that would not hide the change under a
 * fresh key; one that has not, once a day by a churn of dummies.
 */
export async function publishedNow(
  node: NodePorts,
  run: QuestionRun,
  inputs: PackedInputs,
): Promise<Current<PublishedIndex>> {
  const scope = indexScope(node, run.plan);
  const { asker } = scope;
  const word = decodeMessage(
    hasForm,
    asker,
    await run.until(node.post.receive(asker, run.topic("index/has"))),
  );
  const before = publishedIndex(node, scope);
  const publication = await due(node, run, { before, has: word.version, inputs });
  const fresh = publication?.kind === "index" || before === undefined;
  const ceremony = fresh ? hex(node.rng(16)) : before.ceremony;
  await tellOffer(node, run, asker, { ceremony, publication });
  if (publication === undefined) return { index: kept(before, node.me) };

  const context = contextOf(node, run, scope, ceremony);
  const { salt, text } = freshSalt(node);
  const session = await runSession(node, run, {
    ...common(scope, publication),
    secrets: () => ({ cacheKey: node.keys.storage.slice(), salt }),
    hostJobs: {
      [itemRows.name]: (route: IndexRoute, share: Uint8Array, all: PackedInputs) =>
        onAllWorkers(node, run, all, { job: itemRows, args: (some) => [route, share, some] }),
    },
    start: async (facts, pool) => {
      if (!fresh) await pool.run(openShare, [context, before.share]);
      const root = (await pool.run(inputRoot, [inputs])) as Uint8Array; // safe because the job says so
      if (run.own !== undefined) node.ledger.append([inputsEntry(run.planHash, run.own.input, root, text)]);
      const own = fresh ? {} : { kept: before };
      return publishIndex(
        { ...setup(node, scope, facts, { context, publication }), inputs, ...own },
        node.rng,
      );
    },
  });
  const { output } = session;
  const day = timeText(node.clock.now()).slice(0, 10);
  const version = versionOf(run, {
    ceremony,
    context,
    session: session.session,
    before: fresh ? undefined : before,
  });
  const index: PublishedIndex = { ...output, ...version, day };
  if (fresh) await logKey(node, run, scope, index, output.message.slice(0, 32));
  if (!isOfInterests(run)) keepPublished(node, scope, index);
  return { index, session };
}

/** The asker's side: takes what the holder publishes, and checks it. */
export async function subscribedNow(node: NodePorts, run: QuestionRun): Promise<Current<OwnIndex>> {
  const scope = indexScope(node, run.plan);
  const { holder } = scope;
  const before = ownIndex(node, scope);
  await node.post.send(holder, run.topic("index/has"), encodeMessage({ version: before?.version ?? null }));
  const said = await run.until(node.post.receive(holder, run.topic("index/offer")));
  const offer = decodeMessage(offerForm, holder, said);
  const publication = admitted(run, holder, offer, before);
  if (publication === undefined) return { index: kept(before, holder) };

  const context = contextOf(node, run, scope, offer.ceremony);
  const session = await runSession(node, run, {
    ...common(scope, publication),
    secrets: () => ({ cacheKey: node.keys.storage.slice() }),
    start: (facts) => {
      const got = before === undefined ? {} : { got: before };
      return subscribeIndex({ ...setup(node, scope, facts, { context, publication }), ...got }, node.rng);
    },
  });
  const { ceremony } = offer;
  const same = before?.ceremony === ceremony ? before : undefined;
  const version = versionOf(run, { ceremony, context, session: session.session, before: same });
  const index: OwnIndex = { ...session.output, ...version };
  if (same === undefined) await logKey(node, run, scope, index, index.key);
  if (!isOfInterests(run)) keepOwnIndex(node, scope, index);
  return { index, session };
}

/** What has to be published, if anything. */
async function due(
  node: NodePorts,
  run: QuestionRun,
  {
    before,
    has,
    inputs,
  }: {
    readonly before: PublishedIndex | undefined;
    readonly has: string | null;
    readonly inputs: PackedInputs;
  },
): Promise<Publication | undefined> {
  const rows = run.own?.input.rowsPadded ?? 0;
  if (before === undefined) return { kind: "index", rows };
  const changes = await compared(node, run, before, inputs);
  const same = changes.fresh === 0 && changes.gone === 0 && changes.rows === rows;
  if (has !== before.version) return { kind: same ? "again" : "index", rows }; // two lists of one key would show the change
  const today = timeText(node.clock.now()).slice(0, 10);
  return same && before.day === today ? undefined : publicationFor(changes, rows, bucket);
}

/**
 * How a list differs from what was published. Both are as they were when the version and the very inputs are: then
 * nothing is compared again.
 */
async function compared(
  node: NodePorts,
  run: QuestionRun,
  { version, context, rows }: PublishedIndex,
  inputs: PackedInputs,
): Promise<Changes> {
  const byVersion = COMPARED.get(inputs) ?? new Map<string, Changes>();
  COMPARED.set(inputs, byVersion);
  const changes = byVersion.get(version) ?? (await comparedNow(node, run, { context, rows }, inputs));
  byVersion.set(version, changes);
  return changes;
}

const COMPARED = new WeakMap<PackedInputs, Map<string, Changes>>();

async function comparedNow(
  node: NodePorts,
  run: QuestionRun,
  { context, rows }: Pick<PublishedIndex, "context" | "rows">,
  inputs: PackedInputs,
): Promise<Changes> {
  const { holder, asker } = indexScope(node, run.plan);
  const pool = await node.workers.session({ cacheKey: node.keys.storage.slice() });
  try {
    // Safe because the job's type says so.
    return (await pool.run(compareIndex, [{ context, holder, asker }, rows, inputs])) as Changes;
  } finally {
    await pool.wipe();
  }
}

async function tellOffer(
  node: NodePorts,
  run: QuestionRun,
  asker: PartyId,
  { ceremony, publication }: { readonly ceremony: string; readonly publication: Publication | undefined },
): Promise<void> {
  const size =
    publication === undefined ? 0 : publication.kind === "churn" ? publication.changes : publication.rows;
  const offer: Offer = { ceremony, kind: publication?.kind ?? "none", size };
  await node.post.send(asker, run.topic("index/offer"), encodeMessage(offer));
}

/** What a holder may publish by the plan: its list's padded size, a churn of less than half of that, under a key that we have. */
function admitted(
  { plan }: QuestionRun,
  holder: PartyId,
  { kind, size, ceremony }: Offer,
  before: OwnIndex | undefined,
): Publication | undefined {
  const rows = plan.inputs.find(({ party }) => party === holder)?.rowsPadded ?? 0;
  const known = before !== undefined && before.ceremony === ceremony;
  if (kind === "none" && known && size === 0) return undefined;
  if (kind === "churn" && known && size > 0 && 2 * size < rows && bucket(size) === size)
    return { kind, changes: size };
  if (kind === "again" && size === rows) return { kind, rows };
  if (kind === "index" && !known && size === rows) return { kind, rows };
  throw new EngineError(
    "garbage",
    holder,
    `${holder} offers an index that does not fit the plan, or what this node has`,
    "ask again",
  );
}

/**
 * What desks look at is published anew under a fresh key every time, and neither side keeps any of it: then no publication
 * is larger for being new, and nothing that was withdrawn can be asked about again.
 */
function isOfInterests({ plan: { ask } }: Pick<QuestionRun, "plan">): boolean {
  return ask.kind === "lookup" && ask.interests !== undefined;
}

function contextOf(
  { primitives }: NodePorts,
  { plan }: QuestionRun,
  { holder, asker }: IndexScope,
  ceremony: string,
): Uint8Array {
  const { covenantHash, purpose, protocol } = plan;
  const name: LookupName = { ceremony, covenantHash, epoch: protocol.epoch ?? "", purpose, holder, asker };
  return lookupContext(primitives.sha256, name);
}

function common(
  { holder, asker }: IndexScope,
  { kind }: Publication,
): Pick<SessionSpec<never>, "label" | "parties" | "line" | "prefix"> {
  const line = `${kind === "churn" ? "churn" : "index"}.${holder}.${asker}`;
  return {
    label: "index/0",
    parties: [asker, holder].sort(),
    line: ({ id }) => id === line,
    prefix: "index.",
  };
}

function setup(
  { me }: NodePorts,
  { holder, asker }: IndexScope,
  { transcript }: SessionFacts,
  parts: { readonly context: Uint8Array; readonly publication: Publication },
) {
  return { me, parties: [asker, holder].sort(), transcript, holder, asker, ...parts };
}

function versionOf(
  { plan }: QuestionRun,
  {
    ceremony,
    context,
    session,
    before,
  }: {
    readonly ceremony: string;
    readonly context: Uint8Array;
    readonly session: string;
    readonly before: IndexVersion | undefined;
  },
): IndexVersion {
  const { protocol, expires } = plan;
  const notAfter = isOfInterests({ plan })
    ? expires
    : (before?.notAfter ?? endOf(protocol.epoch ?? "", plan));
  return { ceremony, context, version: session, notAfter };
}

/** A new key is used once it stands in both ledgers, cosigned. */
async function logKey(
  node: NodePorts,
  run: QuestionRun,
  { holder }: IndexScope,
  { context, notAfter }: IndexVersion,
  key: Uint8Array,
): Promise<void> {
  const body = { ctx: `sha256:${hex(context)}`, keys: [{ party: holder, pk: base64(key) }], notAfter };
  const indices = node.ledger.append([{ type: "keyset", verb: "none", planHash: run.planHash, body }]);
  await run.until(node.ledger.cosigned(indices));
}

function kept<Index>(index: Index | undefined, holder: PartyId): Index {
  if (index !== undefined) return index;
  throw new EngineError("integrity", holder, `there is no index of ${holder}`, "ask again");
}
