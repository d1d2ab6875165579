// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { choose, explain, QueryError, readQuestion } from "../src/index.ts";
