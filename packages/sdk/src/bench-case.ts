// SPDX-License-Identifier: Apache-2.0
// The process of one case of a benchmark, so that its peak of memory is its own. Started by bench.ts, which reads its output.
import { benchBulk } from "./bench-bulk.ts";
import { benchGroup } from "./bench-group.ts";
import { benchJoin } from "./bench-join.ts";
import { benchLookup } from "./bench-lookup.ts";
import { benchMasked } from "./bench-masked.ts";
import { benchMatch } from "./bench-match.ts";
import type { BenchCase, BenchResult } from "./bench-record.ts";
import { benchSum } from "./bench-sum.ts";
import { benchThreshold } from "./bench-threshold.ts";
import { benchWorkers } from "./bench-workers.ts";

const given = JSON.parse(process.argv[2] ?? "") as BenchCase; // written by bench.ts and nobody else
const suites = {
  psi: benchMatch,
  bulk: benchBulk,
  group: benchGroup,
  threshold: benchThreshold,
  sum: benchSum,
  masked: benchMasked,
  join: benchJoin,
  lookup: benchLookup,
  workers: benchWorkers,
};
const found: Omit<BenchResult, "rssMiB"> & Partial<BenchResult> = await suites[given.suite](given);
const result: BenchResult = { rssMiB: Math.round(process.resourceUsage().maxRSS / 1024), ...found };
process.stdout.write(JSON.stringify(result));
