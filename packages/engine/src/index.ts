// SPDX-License-Identifier: Apache-2.0
export { startCoordinator } from "./coordinate.ts";
export type { CoordinatorPorts } from "./coordinator-ports.ts";
export { NO_ROWS, REGISTER } from "./deconflict.ts";
export type { Explained, PlanDraft } from "./drafts.ts";
export type { EgressCount } from "./egress.ts";
export { EngineError, type EngineErrorCode } from "./errors.ts";
export {
  type ExposedItem,
  type ExposedQuestion,
  type Exposure,
  type ExposureLog,
  type ExposureRequest,
  exposureOf,
} from "./exposure.ts";
export { exposureLog } from "./exposure-log.ts";
export { exitOfOutcome, type Fault, faultOf, faultText } from "./fault.ts";
export type { InboxItem, InboxQuestion } from "./inbox.ts";
export type { AuditedAct, OnRecord } from "./interest-audit.ts";
export type { KeptInterest } from "./interest-book.ts";
export { type LedgerParts, type NodeLedger, openLedger } from "./ledger.ts";
export type { Draft, Placed } from "./ledger-entries.ts";
export { type DaemonEvent, logFields } from "./log-fields.ts";
export { memoryScratch } from "./memory-scratch.ts";
export { type EngineNode, startNode } from "./node.ts";
export type { NodePorts } from "./node-ports.ts";
export type { LookedUp } from "./open-lookup.ts";
export type { DisclosureRecord, LedgerHead, Outcome } from "./outcome.ts";
export { outcomeText, readOutcome } from "./outcome-text.ts";
export type {
  ChannelRequest,
  Charge,
  Clock,
  GateLink,
  LogEvent,
  NodeKeys,
  Progress,
  ReadSource,
  Scratch,
  ScratchFile,
  SessionChannel,
  SessionPool,
  Snapshot,
  Sources,
  Store,
  WitnessState,
  Workers,
} from "./ports.ts";
export { Presence } from "./presence.ts";
export { type ScriptedPeople, scriptPeople } from "./scripted-people.ts";
export type { Standing } from "./standing.ts";
export type { OfficersWord } from "./suspensions.ts";
