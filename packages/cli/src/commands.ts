// SPDX-License-Identifier: Apache-2.0

import { BENCH } from "./bench.ts";
import { CARD_COMMANDS } from "./card.ts";
import type { CommandGroup, CommandSpec } from "./command.ts";
import { COVENANT_COMMANDS } from "./covenant.ts";
import { COORDINATOR_COMMANDS, NODE_COMMANDS, SOURCE_COMMANDS } from "./daemons.ts";
import { DECISIONS } from "./decide.ts";
import { DEMO, LAB_UP } from "./demo.ts";
import { ERASED } from "./erasure.ts";
import { INBOX } from "./inbox.ts";
import { INTEREST_COMMANDS } from "./interest.ts";
import { KEY_COMMANDS } from "./key.ts";
import { LAB_COMMANDS } from "./lab.ts";
import { LEDGER_COMMANDS } from "./ledger.ts";
import { SIGN_INS } from "./login.ts";
import { LOOKUP_COMMANDS } from "./lookup.ts";
import { POLICY_COMMANDS } from "./policy.ts";
import { QUERY_COMMANDS } from "./query.ts";
import { QUERY_NEW } from "./query-new.ts";
import { REPORT } from "./report.ts";
import { RESULT } from "./result.ts";
import { STANDING_COMMANDS } from "./standing.ts";
import { SUSPENSIONS } from "./suspend.ts";
import { VERIFY } from "./verify.ts";
import { VERSION } from "./version.ts";

/** Commands under a word. */
export const GROUPS: readonly CommandGroup[] = [
  { name: "lab", summary: "A whole federation in one process.", commands: [...LAB_COMMANDS, LAB_UP] },
  { name: "covenant", summary: "The agreement that all parties sign.", commands: COVENANT_COMMANDS },
  {
    name: "policy",
    summary: "A node's own policies, which can only narrow the covenant.",
    commands: POLICY_COMMANDS,
  },
  {
    name: "query",
    summary: "Questions to real nodes, through your own.",
    commands: [QUERY_NEW, ...QUERY_COMMANDS, ...LOOKUP_COMMANDS, ...STANDING_COMMANDS, ERASED],
  },
  {
    name: "interest",
    summary: "What your desks look at, and which agency looks at the same.",
    commands: INTEREST_COMMANDS,
  },
  { name: "card", summary: "Who may ask, approve and halt at your agency.", commands: CARD_COMMANDS },
  { name: "key", summary: "A person's own key, to ask or to decide with.", commands: KEY_COMMANDS },
  { name: "node", summary: "An agency's node.", commands: NODE_COMMANDS },
  { name: "coordinator", summary: "The relay between nodes.", commands: COORDINATOR_COMMANDS },
  { name: "ledger", summary: "What is on record at your own node.", commands: LEDGER_COMMANDS },
  { name: "source", summary: "The data that a node reads.", commands: SOURCE_COMMANDS },
];

/** Commands of one word. */
export const ALONE: readonly CommandSpec[] = [
  ...SIGN_INS,
  INBOX,
  ...DECISIONS,
  ...SUSPENSIONS,
  RESULT,
  DEMO,
  VERIFY,
  REPORT,
  BENCH,
  VERSION,
];
