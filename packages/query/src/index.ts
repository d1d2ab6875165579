// SPDX-License-Identifier: Apache-2.0
export { type CatalogueColumn, type CatalogueEntry, readCatalogueEntry } from "./catalogue.ts";
export { choose } from "./choose.ts";
export { contractOf } from "./contract.ts";
export { readDataset } from "./dataset.ts";
export { errorText, type FilePlace, QueryError, type QueryErrorCode, type QueryErrorForm } from "./errors.ts";
export { type ExplainTextOptions, explainText, explanationText } from "./explain.ts";
export { type ExplainedRow, type ExplainOptions, type Explanation, explain } from "./explanation.ts";
export { type Federation, type FederationParty, readFederation } from "./federation.ts";
export { questionOf, substanceOf } from "./identity.ts";
export { around, readInterests } from "./interests-file.ts";
export { known } from "./knowledge.ts";
export type { Language } from "./language.ts";
export { askedKeys, lookupKeys, type OfferedList, withList } from "./lookup-questions.ts";
export { PARTY_ID, record } from "./names.ts";
export { didYouMean } from "./nearest.ts";
export { partiesOf } from "./parties.ts";
export { phrasesOf, type Speaker } from "./phrases.ts";
export { type PlanRequest, planQuery } from "./plan.ts";
export { type Question, readQuestion } from "./question.ts";
export { evaluationLimit } from "./quotas.ts";
export { fileSchema, fitsShape } from "./shapes.ts";
export { offeredColumns, undeclaredAt } from "./vocabulary.ts";
export { warningText } from "./warnings.ts";
// The strict readers, for the other files that people edit (node.yaml, coordinator.yaml): same errors, same places.
export {
  anyMapOf,
  entriesOf,
  field,
  integerOf,
  listOf,
  mapOf,
  nameIn,
  oneOf,
  required,
  textOf,
} from "./yaml-fields.ts";
export { failAt, readYaml, type YamlMap, type YamlValue } from "./yaml-source.ts";
