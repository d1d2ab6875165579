// SPDX-License-Identifier: Apache-2.0
// People decide (evidence.md, section 4): a question waits at every node until each has every approval.
import { CovenantError, EXTERNAL, type SignedBytes } from "@koplamp/covenant";
import type { PartyId } from "@koplamp/protocol";
import { type Approval, type Hash, type Text, WireError } from "@koplamp/wire";
import { Approvals, type Missing } from "./approvals.ts";
import { asEngineError, EngineError } from "./errors.ts";
import { encodeMessage, type PeopleMessage } from "./messages.ts";
import type { NodePorts } from "./node-ports.ts";
import type { Refusal } from "./outcome.ts";
import { dropPending, keepPending } from "./pending.ts";
import type { QuestionRun } from "./question-run.ts";

/** How long a node waits before it asks the others for what may have been lost on the way. */
const ASK_MS = 5_000;
const MOST_ASK_MS = 60_000;

/** The post topic under which decisions about a plan travel. */
export function peopleTopic(planHash: Hash): string {
  return `people/${planHash.slice(7, 39)}`;
}

/**
 * The approvals of one question at one node. Its own people's decisions come by the desk, the others' by the post; every
 * node verifies and logs each of them. The question runs once every node has said that it has all.
 */
export class FourEyes {
  readonly #node: NodePorts;
  readonly #run: QuestionRun;
  readonly #early: (readonly [PartyId, PeopleMessage])[] = [];
  readonly #all = Promise.withResolvers<void>();
  readonly #toTell = new Set<SignedBytes>();
  #told = false;

  constructor(node: NodePorts, run: QuestionRun) {
    this.#node = node;
    this.#run = run;
  }

  get run(): QuestionRun {
    return this.#run;
  }

  /** Waits for every approval, at every node, until the question expires. `begun` hears of it once it can be decided. */
  async wait(resumed: boolean, begun: () => void): Promise<void> {
    const run = this.#run;
    run.approvals = new Approvals(this.#node, run);
    keepPending(this.#node, run.planHash, run.own?.offer); // before anybody can decide
    run.phase = "waiting";
    this.#log("question.waiting");
    for (const [from, message] of this.#early.splice(0)) this.hear(from, message);
    if (resumed) this.#tell(run.others, { ask: true, documents: run.approvals.documents() });
    this.#look();
    begun();
    const objection = run.approvals.objection();
    if (objection !== undefined) run.refuse(refusalBy(objection));
    await this.#untilAll();
    run.phase = "running";
    if (!run.inLegs) dropPending(this.#node, run.planHash);
    this.#log("question.approved");
  }

  /** Takes what another node sends. What is not as it must be is that node's fault and ends the question. */
  hear(from: PartyId, message: PeopleMessage): void {
    const run = this.#run;
    if (!run.others.includes(from)) return;
    if (run.approvals === undefined) {
      this.#early.push([from, message]); // it has heard from a node that this one has not heard from yet
      return;
    }
    try {
      this.#admit(run.approvals, message.documents);
      if (message.complete) this.#expectOwn(run.approvals, from);
    } catch (reason) {
      run.stop(faultOf(reason, from));
      return;
    }
    if (message.complete) run.completed.add(from);
    if (message.ask) this.#tell([from], { documents: run.approvals.documents(message.have) });
    this.#look();
  }

  /**
   * Takes a decision of a person at this node, logs it and tells the others.
   * @throws {EngineError} `refused` for what does not count, `too-late` once nothing can be taken back.
   */
  decide(signed: SignedBytes, approval: Approval): void {
    const run = this.#run;
    const { approvals } = run;
    const { me } = this.#node;
    if (approvals === undefined) {
      throw new EngineError("refused", me, "the nodes still compare the question", "try again in a moment");
    }
    if (run.beyondReturn) throw tooLate(me, approval);
    approvals.check(signed);
    this.#expectUseful(approvals, approval);
    if (approvals.admit([signed]).length > 0) this.#toTell.add(signed);
    if (approval.decision === "approve") {
      void Promise.resolve().then(() => this.#look()); // two decisions of one moment travel together
      return;
    }
    this.#look(); // the others have the document before they hear that the question ends
    run.refuse(refusalBy(approval));
  }

  /** Resolves with the last node that has all; asks for what may be lost, less and less often. */
  async #untilAll(): Promise<void> {
    const { clock, presence } = this.#node;
    const run = this.#run;
    for (let ms = ASK_MS; ; ms = Math.min(2 * ms, MOST_ASK_MS)) {
      const first = await run.until(
        Promise.race([this.#all.promise.then(() => "all"), clock.sleep(ms).then(() => "asked")]),
      );
      if (first === "all") return;
      this.#tell(
        run.others.filter((party) => presence.online(party)),
        { ask: true },
      );
      this.#look(); // an approval may have expired
    }
  }

  #log(event: string): void {
    this.#node.log({ event, party: this.#node.me, plan: this.#run.planHash });
  }

  #admit(approvals: Approvals, documents: readonly SignedBytes[]): void {
    const objection = approvals.admit(documents).find(({ decision }) => decision !== "approve");
    if (objection !== undefined) this.#run.refuse(refusalBy(objection));
  }

  /** Who says that it has all must have its own people's: a node that goes on without is caught here. */
  #expectOwn(approvals: Approvals, from: PartyId): void {
    const [missing] = approvals.missing().get(from) ?? [];
    if (missing === undefined) return;
    throw new EngineError(
      "integrity",
      from,
      `${from} has no ${missing} approval, and goes on all the same`,
      `ask ${from} which of its people approved`,
    );
  }

  /** What the own desk refuses at once: a decision of others, for nothing, or by one person twice. */
  #expectUseful(approvals: Approvals, { party, role, by, decision }: Approval): void {
    const { me } = this.#node;
    const refused = (message: string, hint: string): EngineError =>
      new EngineError("refused", me, message, hint);
    if (party !== me && party !== EXTERNAL) {
      throw refused(
        `only people of ${me} decide at its node, got a decision of ${party}`,
        "ask at your own node",
      );
    }
    if (decision !== "approve") return;
    const twice = approvals.all.find((one) => one.by === by && one.role !== role);
    if (twice !== undefined) {
      throw refused(`you gave the ${twice.role} approval`, "four eyes: another person gives this one");
    }
    if (!(approvals.missing().get(party) ?? []).includes(role)) {
      throw refused(`the ${role} approval of ${party} is there already`, "nothing has to be done");
    }
  }

  /** Shows whom the question waits for; tells the others what is new here, and that this node has all, once. */
  #look(): void {
    const run = this.#run;
    const { approvals } = run;
    if (approvals === undefined) return;
    const missing = approvals.missing();
    const complete = missing.size === 0 && approvals.objection() === undefined;
    this.#show(missing);
    const documents = [...this.#toTell];
    this.#toTell.clear();
    if (documents.length > 0 || (complete && !this.#told)) this.#tell(run.others, { documents });
    this.#told = complete;
    if (complete && run.others.every((party) => run.completed.has(party))) this.#all.resolve();
  }

  #show(missing: Missing): void {
    for (const party of new Set([...this.#run.parties, ...missing.keys()])) {
      const roles = missing.get(party);
      const phase = roles === undefined ? "approved" : `awaits ${roles.join(" and ")} approval`;
      this.#node.progress({ party, phase });
    }
  }

  /** Whoever says that it has all shows its own people's decisions with it: what came before may have been lost. */
  #tell(to: readonly PartyId[], { documents = [], ask = false }: Partial<PeopleMessage>): void {
    const { post, me } = this.#node;
    const { approvals, planHash } = this.#run;
    if (approvals === undefined) return;
    const complete = approvals.missing().size === 0 && approvals.objection() === undefined;
    const shown = new Set([...documents, ...(complete ? approvals.documentsOf(me) : [])]);
    const have = ask ? approvals.hashes : [];
    const message: PeopleMessage = { documents: [...shown], complete, ask, have };
    const body = encodeMessage(message);
    for (const party of to) post.send(party, peopleTopic(planHash), body).catch(() => {}); // it asks when it is back
  }
}

/** A decision that does not hold is the fault of the node that brought it. */
function faultOf(reason: unknown, from: PartyId): EngineError {
  if (reason instanceof CovenantError) {
    return new EngineError(
      "integrity",
      from,
      `${from}: ${reason.message}`,
      `compare with ${from} who approved`,
    );
  }
  if (reason instanceof WireError) {
    return new EngineError("garbage", from, `${from} sent a decision that is not of the agreed form`);
  }
  return asEngineError(reason, from);
}

/** A person's no as every party reads it. */
export function refusalBy({ party, role, decision, reason }: Approval): Refusal {
  const who = party === EXTERNAL ? `the ${role}` : `${party} (${role})`;
  const did = decision === "refuse" ? "refuses" : "has withdrawn its approval";
  return {
    party,
    rule: `approvals/${role}`,
    message: `${who} ${did}: ${reasonText(reason)}`,
    hint: "speak with them; a changed question needs approvals of its own",
  };
}

const MOST_REASON = 1000;

function reasonText(reason: Text | null): string {
  return (reason?.en ?? reason?.nl ?? "no reason given").slice(0, MOST_REASON);
}

function tooLate(me: PartyId, { decision }: Approval): EngineError {
  const what = decision === "approve" ? "this approval" : "taking back an approval";
  return new EngineError(
    "too-late",
    me,
    `too late for ${what}: what the contract lists has left ${me}`,
    "it is in the ledger; speak with the recipients about what they keep",
  );
}
