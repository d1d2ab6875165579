// SPDX-License-Identifier: Apache-2.0
import { type JobTable, MemoryVault, runJob } from "@koplamp/protocol";
import { PoolError } from "./errors.ts";
import type { Workers } from "./workers.ts";

/** Workers without threads: jobs run where they are asked for, one by one. For tests, benchmarks and small labs. */
export function inlineWorkers(table: JobTable): Workers {
  const open = new Set<MemoryVault>();
  let closed = false;
  return {
    size: 1,
    async session(secrets) {
      if (closed) throw new PoolError("closed", "the workers are closed: no session can begin");
      const copies = Object.entries(secrets).map(([handle, secret]) => [handle, Uint8Array.from(secret)]);
      const vault = new MemoryVault(Object.fromEntries(copies));
      open.add(vault);
      return {
        async run(job, args) {
          if (!open.has(vault)) throw new PoolError("over", "the session is over: its secrets are wiped");
          return runJob(table, vault, job.name, args);
        },
        async wipe() {
          open.delete(vault);
          vault.wipe();
        },
      };
    },
    async close() {
      closed = true;
      for (const vault of open) vault.wipe();
      open.clear();
    },
  };
}
