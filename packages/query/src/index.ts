// SPDX-License-Identifier: Apache-2.0
export { errorText, QueryError, type QueryErrorCode, type QueryErrorForm } from "./errors.ts";
export { type Federation, type FederationParty, readFederation } from "./federation.ts";
export { type Question, readQuestion } from "./question.ts";
