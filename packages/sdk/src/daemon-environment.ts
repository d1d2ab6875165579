// SPDX-License-Identifier: Apache-2.0

/**
 * What a daemon is started with, so that memory which it has used goes back to the system. It takes and gives back large
 * blocks in turn on many threads. The C library would give each thread a heap of its own and keep in it what was freed, up
 * to 32 MiB at a time; and a thread would let 48 MiB of what is young gather. Measured over a match of 3,000,000 items
 * in 16 shards: 478 MiB at the peak in place of 740, with the same answer.
 */
const MEMORY: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: "2",
  MALLOC_MMAP_THRESHOLD_: "262144",
};
const YOUNG = "--max-semi-space-size=8";

/** The environment of a daemon: ours, with what bounds its memory wherever nothing else is set. */
export function daemonEnvironment(own: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const options = own["NODE_OPTIONS"] ?? "";
  const young = options.includes("semi-space") ? options : `${options} ${YOUNG}`.trim();
  return { ...MEMORY, ...own, NODE_OPTIONS: young };
}
