// SPDX-License-Identifier: Apache-2.0
export {
  type Assumption,
  type Debit,
  type Description,
  type DisclosureLine,
  defineProtocol,
  type EgressRow,
  FACTS,
  type Fact,
  type Item,
  type Output,
  type Protocol,
  rankOf,
  sent,
  type Together,
  type View,
} from "./describe.ts";
export { type Channel, drive, type Gate, type Message, type Pool, type Ports, type Sealed } from "./drive.ts";
export {
  type Codec,
  compute,
  type Disclosure,
  disclose,
  type Effect,
  type Job,
  job,
  type Party,
  type PartyId,
  type Rng,
  receive,
  send,
} from "./effects.ts";
export { PeerLost, ProtocolError, type ProtocolErrorCode } from "./errors.ts";
export { type Sent, type Simulated, simulate, type World } from "./simulate.ts";
export { bind, type Handle, type JobEntry, type JobTable, MemoryVault, runJob, type Vault } from "./vault.ts";
