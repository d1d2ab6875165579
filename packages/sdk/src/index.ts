// SPDX-License-Identifier: Apache-2.0
export {
  clausesOf,
  covenantText,
  type Difference,
  type Direction,
  differencesOf,
  directionOfAll,
} from "@koplamp/covenant";

export {
  type AuditedAct,
  exitOfOutcome,
  type Fault,
  faultOf,
  faultText,
  type InboxItem,
  type InboxQuestion,
  type KeptInterest,
  type LookedUp,
  type Outcome,
  type PlanDraft,
  type Standing,
} from "@koplamp/engine";
export {
  around,
  didYouMean,
  type Explanation,
  explain,
  explanationText,
  type Language,
  type Question,
  readInterests,
  readQuestion,
} from "@koplamp/query";
export { type AnswerResult, answerText, type OwnInterest } from "@koplamp/wire";
export { type Bar, type BarChart, barsSvg } from "./bars.ts";
export { type BenchArgs, bench } from "./bench.ts";
export { type CurvesArgs, curvesOnDisk } from "./bench-curves.ts";
export { type CardChange, type CardView, changeCard, signRoster } from "./card.ts";
export {
  type CharterParty,
  type CharterRequest,
  createCharter,
  type Founded,
  type Terms,
} from "./charter.ts";
export { type CheckedDataset, checkLab, type LabCheck } from "./check-lab.ts";
export { type Circle, circlesIn, type FlowCell } from "./circles.ts";
export { type NodeClient, nodeClient, type QuestionFile } from "./client.ts";
export {
  amendCovenant,
  COVENANT_SCHEMA,
  covenantSchema,
  type DraftRequest,
  draftCovenant,
  SCHEMAS,
  schemaOf,
} from "./covenant-draft.ts";
export { readCovenant } from "./covenant-file.ts";
export { type CovenantCheck, type Signed, signCovenant, verifyCovenant } from "./covenant-sign.ts";
export { withdrawFrom } from "./covenant-withdraw.ts";
export { daemonEnvironment } from "./daemon-environment.ts";
export { runDemo } from "./demo.ts";
export { type RunningFederation, startFederation } from "./demo-federation.ts";
export { type Folders, foundFolders } from "./demo-folder.ts";
export type { Programs } from "./demo-processes.ts";
export { trialTerms } from "./demo-terms.ts";
export { runUp } from "./demo-up.ts";
export { SdkError, type SdkErrorCode } from "./errors.ts";
export { exposureAt, exposureLines, type ToldExposure } from "./exposure.ts";
export { generateFederation, newLab } from "./generate.ts";
export type { GenerateOptions } from "./generated-registers.ts";
export { type LabRequest, type LabRun, runLab } from "./lab.ts";
export { answerOf } from "./lab-answer.ts";
export { labTerms } from "./lab-terms.ts";
export { type LineChart, type LineGroup, type LinePoint, linesSvg } from "./lines.ts";
export { newPersonKey, type PersonDecision, personKeyOf, rolesOf, signDecisionOf } from "./person.ts";
export { addInterestAt, addInterestsAt, withdrawInterestAt } from "./person-interest.ts";
export { signPlanOf } from "./person-plan.ts";
export { type OfficersWish, suspendNode } from "./person-suspend.ts";
export {
  diffPolicies,
  explainPolicy,
  openPolicy,
  type PolicyChange,
  type PolicyExplanation,
  testPolicy,
} from "./policy.ts";
export { type Lab, questionsBeside, readLab } from "./read-lab.ts";
export { type Flow, type FlowDiagram, sankeySvg } from "./sankey.ts";
export { type KeptSignIn, type SignInRequest, signIn, signOut } from "./sign-in.ts";
export type { QuestionTemplate } from "./template-parts.ts";
export { QUESTION_TEMPLATES } from "./templates.ts";
export { reportFile, verifyFile } from "./verify.ts";
export { type Versions, versions } from "./versions.ts";
