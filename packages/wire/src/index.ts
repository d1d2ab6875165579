// SPDX-License-Identifier: Apache-2.0

export {
  type AggregateCell,
  type AggregateResult,
  type Alarm,
  type Answer,
  type AnswerDisclosure,
  type AnswerLedger,
  type AnswerRefusal,
  type AnswerResult,
  answerText,
  type Counted,
  type Decimals,
  isWithheld,
  type LookupAnswer,
  type LookupResult,
  type Match,
  type MatchResult,
  type Measures,
  type OtherCells,
  type OverlapResult,
  type TableStatistic,
  type TrendPoint,
  type TrendResult,
  type Withheld,
  type WithheldTotal,
} from "./answer.ts";
export { bucket } from "./bucket.ts";
export { canonicalBytes, canonicalText, type Json, type JsonLimits, parseCanonical } from "./canonical.ts";
export { type Cell, type Column, type ColumnPages, ColumnWriter, PackedColumn } from "./column.ts";
export { DistinctBytes, hashOf } from "./distinct-bytes.ts";
export { DistinctInputs } from "./distinct-inputs.ts";
export {
  alternativesOf,
  type Band,
  bandName,
  bandOf,
  columnsOfAlternatives,
  MOST_ALTERNATIVES,
  MOST_BANDS,
} from "./documents/alternatives.ts";
export {
  type AggregateAsk,
  type AlarmRule,
  type Ask,
  type ColumnDomain,
  type Condition,
  columnsAt,
  cubeOfTrend,
  dealersOf,
  type FixedBaseline,
  flowColumns,
  INTERESTS,
  isUndealt,
  type JoinAsk,
  keyOf,
  type LookingBack,
  type LookupAsk,
  type MatchAsk,
  type MoneyFlow,
  measuredColumn,
  NOBODY,
  type OverlapAsk,
  ownColumn,
  type PresenceGrid,
  type Source,
  type TrendAsk,
} from "./documents/asks.ts";
export type * from "./documents/basic-types.ts";
export type * from "./documents/covenant-types.ts";
export { type EntryBodies, type EntryDebit, VERBS } from "./documents/entry.ts";
export { RESERVED_PARTIES } from "./documents/fields.ts";
export { ownInterestForm } from "./documents/interest-word.ts";
export {
  areRanges,
  INTERCEPT,
  isMade,
  type Measure,
  measuredColumns,
  measureText,
  type NumberRange,
  parseMeasure,
  parseRange,
  R_SQUARED,
} from "./documents/measures.ts";
export {
  DOCUMENT_TYPES,
  type DocumentIssue,
  documentBytes,
  documentHash,
  documentIssues,
  documentSchema,
  readDocument,
} from "./documents/read.ts";
export type * from "./documents/types.ts";
export { dominanceFloor, stricterDominance } from "./dominance.ts";
export { concat, i2osp, lp } from "./encoding.ts";
export { WireError, type WireErrorCode } from "./errors.ts";
export { FirstSeen } from "./first-seen.ts";
export {
  encodeInput,
  headLength,
  type InputContext,
  type InputForm,
  inputAt,
  inputEncoder,
  inputForm,
  joinInputs,
  MOST_BYTES,
  type PackedInputs,
  packInputs,
  putTail,
} from "./input.ts";
export {
  type InputList,
  keyAt,
  keysOf,
  listOf,
  selectInputs,
  stretchOf,
  wholeOf,
} from "./input-list.ts";
export {
  FINEST_GRID,
  type InterestItem,
  interestItems,
  TARGETS,
} from "./interests/interest.ts";
export type { Interest } from "./interests/target.ts";
export { KINDS, type KindSpec } from "./kind-table.ts";
export type { Canonical, RejectReason } from "./kinds/canonical.ts";
export { canonicalise, NORM_VERSION } from "./kinds/canonicalise.ts";
export { derivedText, derivedTextUnit, TEXT_RULES } from "./kinds/derived-text.ts";
export { looksLikePlaceholder } from "./kinds/placeholder.ts";
export { TRANSLITERATIONS } from "./kinds/scripts.ts";
export { DATE_FORMATS, MONTH_FORMATS } from "./kinds/values.ts";
export type { Line, Post, Posted } from "./line.ts";
export { MemoryPieces, PartedBytes, type Pieces, type Visit } from "./parted-bytes.ts";
export { DOMAIN_SIZES, evaluationCeiling, quotaCeiling } from "./quota.ts";
export { countOf, dueAt, lastDue } from "./schedule.ts";
export type {
  ColumnKind,
  ColumnQuality,
  ColumnSpec,
  DatasetSpec,
  Derived,
  DerivedText,
  Quality,
  Table,
} from "./table.ts";
export { base64, fromBase64, fromHex, fromUtf8, hex, putUtf8, utf8 } from "./text.ts";
export { addPeriod, isCadence, isoWeek, isPeriod, isTime, periodStart, timeMs, timeText } from "./time.ts";
