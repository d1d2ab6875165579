// SPDX-License-Identifier: Apache-2.0

export type { PsiBackend } from "./backend.ts";
export { bulkPair } from "./bulk-description.ts";
export { listBulk } from "./bulk-jobs.ts";
export { type BulkSession, type BulkSetup, bulkPairDealer, bulkPairParty } from "./bulk-pair.ts";
export { CHUNK_ROWS, cacheScope, loadItems, newInputs, openCache } from "./cache.ts";
export {
  bucketsOf,
  chunkBuckets,
  foundShards,
  loadSealed,
  notFound,
  type SealedPart,
  type ShardCut,
  sealFound,
  sealLoaded,
  seekInputs,
  seekKnown,
  seekShards,
} from "./cache-seek.ts";
export { presence, TOKEN_ASSUMPTIONS, testable } from "./description-parts.ts";
export { PsiError, type PsiErrorCode } from "./errors.ts";
export {
  type AskerSetup,
  type EvaluateParameters,
  type EvaluateSetup,
  evaluate,
  evaluateAsker,
  evaluateHolder,
  evaluationBatches,
  MOST_ELEMENTS,
  type Spent,
} from "./evaluate.ts";
export { evaluateBlock, type MeterRequest, meter } from "./evaluate-jobs.ts";
export { inputRoot, saltedRoot } from "./input-root.ts";
export { psiJobs } from "./jobs.ts";
export {
  type KeySet,
  type KeySetName,
  type KeySetParameters,
  type KeySetSetup,
  keySetContext,
  keyset,
  keysetParty,
} from "./keyset.ts";
export { openShare } from "./keyset-jobs.ts";
export {
  type Answered,
  type LookupAskerSetup,
  type LookupHolderSetup,
  type LookupParameters,
  type LookupTell,
  lookup,
  lookupAsker,
  lookupHolder,
} from "./lookup.ts";
export {
  describePublication,
  type GotIndex,
  type KeptIndex,
  type LookupName,
  lookupContext,
  type Publication,
  type PublicationParameters,
  type PublicationSetup,
  publicationFor,
  publishIndex,
  subscribeIndex,
} from "./lookup-index.ts";
export { type Changes, compareIndex, itemRows } from "./lookup-index-jobs.ts";
export type { IndexRoute } from "./lookup-kept.ts";
export { batchesOf, batchFor, lookupElements } from "./lookup-messages.ts";
export {
  nextQuestions,
  type OpenAskerSetup,
  type OpenHolderSetup,
  openLookupAsker,
  openLookupHolder,
  tellAnswers,
} from "./lookup-open.ts";
export {
  evaluationDebit,
  type MatchPairParameters,
  type MatchPairSetup,
  matchPair,
  matchPairParty,
} from "./match-pair.ts";
export {
  cellsLine,
  matchThresholdParty,
  type ThresholdMatched,
  type ThresholdSession,
  type ThresholdSetup,
  thresholdCoordinator,
} from "./match-threshold.ts";
export {
  type Matched,
  type MatchTokensParameters,
  type MatchTokensSetup,
  matchTokens,
  matchTokensParty,
} from "./match-tokens.ts";
export { type Allowance, type Count, countsCodec, TOKEN_BYTES } from "./messages.ts";
export { countsSingles, type OverlapCounts, type OverlapShape, tablesFrom } from "./overlap-cells.ts";
export {
  type HubNodeSetup,
  type HubSetup,
  hubCoordinator,
  hubNode,
  type OverlapParameters,
  overlapHub,
} from "./overlap-hub.ts";
export { overlapRecipient, recipientNode } from "./overlap-recipient.ts";
export {
  overlapThreshold,
  overlapThresholdCoordinator,
  overlapThresholdNode,
} from "./overlap-threshold.ts";
export { type Blinding, groupScalars } from "./pair-blinding.ts";
export { countBlindNode, countLocalNode, type PairCountSetup } from "./pair-count.ts";
export {
  counterOf,
  isPairProtocol,
  type PairCountParameters,
  pairCountBlind,
  pairCountLocal,
} from "./pair-count-description.ts";
export { type Cutting, cutParty, evaluatedRows } from "./pair-cut.ts";
export { openingBytes, PAIR_KEY_BYTES, slotsCodec } from "./pair-messages.ts";
export {
  type PairFrame,
  type PairRole,
  receiveSlots,
  upToEvaluated,
} from "./pair-session.ts";
export {
  type Grouping,
  matchSlots,
  refuseRepeats,
  SLOT_GROUPS,
  SLOT_ROWS,
} from "./pair-slots.ts";
export { describePreparation, type PreparationParameters } from "./preparation.ts";
export {
  fewestShards,
  inEachShard,
  MOST_LIST_ROWS,
  MOST_SHARDS,
  shardLimitOf,
  shardRows,
} from "./query-shards.ts";
export {
  type CachedItems,
  COORDINATOR,
  MOST_PAIR_ROWS,
  MOST_PARTIES,
  MOST_ROWS,
  type QuerySession,
  type Session,
} from "./session.ts";
export { SILENT_PARAMS } from "./silent-code.ts";
export { type Tell, type Told, tellEach, tellMatches } from "./tell.ts";
export { matchThreshold, type ThresholdParameters } from "./threshold-description.ts";
export { thresholdLayout } from "./threshold-layout.ts";
export { type HubRoute, hubTokens } from "./token-jobs.ts";
