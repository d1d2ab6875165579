// SPDX-License-Identifier: Apache-2.0
// Every way to the desk, and the roles of which a person needs one to take it. What is not here does not exist.
import type { Hash } from "@koplamp/wire";

/** What people can be at their own node. The first five stand on the card too; an auditor reads, and signs nothing. */
export const DESK_ROLES = ["analyst", "lawful", "ethical", "officer", "operator", "auditor"] as const;
export type DeskRole = (typeof DESK_ROLES)[number];

/** One way to the desk. */
export interface Route {
  readonly name: RouteName;
  readonly method: "GET" | "POST";
  /** `HASH` stands for the hash of a plan. */
  readonly path: string;
  /** One of them is enough; `open`: it says nothing about anybody, and comes before sign-in. */
  readonly roles: readonly DeskRole[] | "open";
}

export type RouteName =
  | "sign-in"
  | "status"
  | "explain"
  | "draft"
  | "propose"
  | "run"
  | "outcome"
  | "watch"
  | "look-up"
  | "end-look-up"
  | "standing"
  | "pause"
  | "unpause"
  | "inbox"
  | "question"
  | "decide"
  | "prove-erasure"
  | "withdrawals"
  | "withdraw"
  | "suspension"
  | "suspend"
  | "policy"
  | "exposure"
  | "interests"
  | "add-interest"
  | "withdraw-interest"
  | "interest-audit";

const HASH = "HASH";
const READERS: readonly DeskRole[] = ["analyst", "lawful", "ethical", "officer", "auditor"];

/** Who may have the own node sit out what stands: whoever asks, runs the node, or can halt it. */
const PAUSERS: readonly DeskRole[] = ["analyst", "officer", "operator"];

/** The table. Answers go to analysts alone: only they are recipients. */
export const ROUTES: readonly Route[] = [
  { name: "sign-in", method: "GET", path: "/v1/sign-in", roles: "open" },
  { name: "status", method: "GET", path: "/v1/status", roles: DESK_ROLES },
  { name: "explain", method: "POST", path: "/v1/explain", roles: ["analyst"] },
  { name: "draft", method: "POST", path: "/v1/drafts", roles: ["analyst"] },
  { name: "propose", method: "POST", path: "/v1/proposals", roles: ["analyst"] },
  { name: "run", method: "POST", path: "/v1/run", roles: ["analyst"] },
  { name: "outcome", method: "GET", path: "/v1/outcomes/HASH", roles: ["analyst"] },
  { name: "watch", method: "GET", path: "/v1/watch/HASH", roles: ["analyst"] },
  { name: "look-up", method: "POST", path: "/v1/lookups/HASH", roles: ["analyst"] },
  { name: "end-look-up", method: "POST", path: "/v1/lookups/ended/HASH", roles: ["analyst"] },
  { name: "standing", method: "GET", path: "/v1/standing", roles: DESK_ROLES },
  { name: "pause", method: "POST", path: "/v1/pause/HASH", roles: PAUSERS },
  { name: "unpause", method: "POST", path: "/v1/unpause/HASH", roles: PAUSERS },
  { name: "inbox", method: "GET", path: "/v1/inbox", roles: READERS },
  { name: "question", method: "GET", path: "/v1/inbox/HASH", roles: READERS },
  { name: "decide", method: "POST", path: "/v1/decisions", roles: ["lawful", "ethical", "officer"] },
  { name: "prove-erasure", method: "POST", path: "/v1/erasure", roles: ["analyst", "auditor"] },
  { name: "withdrawals", method: "GET", path: "/v1/withdrawals", roles: DESK_ROLES },
  { name: "withdraw", method: "POST", path: "/v1/withdrawals", roles: ["operator"] },
  { name: "suspension", method: "GET", path: "/v1/suspension", roles: DESK_ROLES },
  { name: "suspend", method: "POST", path: "/v1/suspension", roles: ["officer"] },
  { name: "policy", method: "POST", path: "/v1/policy", roles: ["operator"] },
  { name: "exposure", method: "POST", path: "/v1/exposure", roles: ["officer", "auditor"] },
  { name: "interests", method: "GET", path: "/v1/interests", roles: ["analyst", "officer", "auditor"] },
  { name: "add-interest", method: "POST", path: "/v1/interests", roles: ["analyst"] },
  {
    name: "withdraw-interest",
    method: "POST",
    path: "/v1/interests/withdrawn",
    roles: ["analyst", "officer"],
  },
  { name: "interest-audit", method: "GET", path: "/v1/interests/audit", roles: ["officer", "auditor"] },
];

/** The route of a request, and the hash in its path where it has one. */
export function routeOf(
  method: string,
  url: string,
): { readonly route: Route; readonly hash: Hash } | undefined {
  const hash = /\/(sha256:[0-9a-f]{64})$/.exec(url)?.[1] ?? "";
  const path = hash === "" ? url : `${url.slice(0, -hash.length)}${HASH}`;
  if (url.includes(HASH)) return undefined; // the table's own word, not a hash
  const route = ROUTES.find((one) => one.method === method && one.path === path);
  return route === undefined ? undefined : { route, hash };
}
