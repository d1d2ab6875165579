// SPDX-License-Identifier: Apache-2.0
import { type NodePolicy, nodePolicy, PolicyInForce } from "@koplamp/covenant";
import { loadCedar } from "@koplamp/pool";
import { readPolicyFolder } from "@koplamp/store";
import type { NodeConfig } from "./config.ts";
import { StartError } from "./errors.ts";

/** A node's own policies, which its people may change while it works. */
export interface OwnPolicy {
  /** Absent where the node's file names no folder: the covenant decides alone. */
  readonly inForce: PolicyInForce | undefined;
  /**
   * Reads the folder again and works with what is in it from now on. Gives how many policies that are.
   * @throws {StartError} `policy` when they do not hold, or the node has no folder: what was in force stays.
   */
  reload(): number;
}

/** Reads a node's own policies. @throws {StartError} `policy`: a node does not start on policies that do not hold. */
export function openOwnPolicy(config: Pick<NodeConfig, "policy" | "file">): OwnPolicy {
  const { policy: folder, file } = config;
  if (folder === undefined) return { inForce: undefined, reload: () => noFolder(file) };
  const inForce = new PolicyInForce(readOwnPolicy(folder));
  return {
    inForce,
    reload: () => {
      const policy = readOwnPolicy(folder);
      inForce.replace(policy);
      return policy.policies.length;
    },
  };
}

/** The policies of a folder. @throws {StartError} `policy` with file, line and column of the first fault. */
export function readOwnPolicy(folder: string): NodePolicy {
  const policy = nodePolicy(readPolicyFolder(folder), loadCedar());
  const [first] = policy.findings;
  if (first === undefined) return policy;
  const { file, line, column, message } = first;
  const all = `koplamp policy check ${folder}`;
  throw new StartError("policy", `${folder}/${file}:${line}:${column}: ${message}`, all);
}

function noFolder(file: string): never {
  throw new StartError(
    "policy",
    `${file} names no folder of policies: the covenant decides alone`,
    'add "policy: policy/" to it, and start the node again',
  );
}
