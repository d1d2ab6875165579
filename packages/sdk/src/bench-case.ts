// SPDX-License-Identifier: Apache-2.0
// The process of one case of a benchmark, so that its peak of memory is its own. Started by bench.ts, which reads its output.
import { benchMatch } from "./bench-match.ts";
import type { BenchCase, BenchResult } from "./bench-record.ts";
import { benchSum } from "./bench-sum.ts";

const given = JSON.parse(process.argv[2] ?? "") as BenchCase; // written by bench.ts and nobody else
const { backend, parts } = await (given.suite === "sum" ? benchSum(given) : benchMatch(given));
const rssMiB = Math.round(process.resourceUsage().maxRSS / 1024);
const result: BenchResult = { backend, parts, rssMiB };
process.stdout.write(JSON.stringify(result));
