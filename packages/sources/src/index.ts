// SPDX-License-Identifier: Apache-2.0
export { SourceError, type SourceErrorCode } from "./errors.ts";
export { type OpenSources, openSources } from "./open-sources.ts";
export { readSource, readSourceIn } from "./read-source.ts";
export { openScratch } from "./scratch.ts";
