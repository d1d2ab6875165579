// SPDX-License-Identifier: Apache-2.0
import {
  type Assumption,
  type Description,
  defineProtocol,
  type EgressRow,
  type Protocol,
  sent,
} from "@koplamp/protocol";
import { SumError } from "./errors.ts";
import { COORDINATOR, nodesOf } from "./session.ts";
import { describeOpening, linesOf, type SumParameters } from "./sum-description.ts";
import { maskedListBytes } from "./sum-masked-messages.ts";
import { chunkBytes, chunkCount, type MaskedSession, WINDOW, WORDS_64 } from "./sum-masked-session.ts";
import type { Bits } from "./sum-masked-words.ts";

/** What a description of a masked sum needs. `params`: `words-64` or `words-128`. */
export type MaskedParameters = SumParameters;

/** `sum-masked/1` as data. */
export const sumMasked: Protocol<MaskedParameters> = defineProtocol({
  id: "sum-masked/1",
  roles: ["contributor", "coordinator", "recipient"],
  model: "malicious senders detected",
  source: "docs/protocols/sum-masked.md",
  describe: (parameters) => describeMasked(sessionOf(parameters), parameters),
});

/** The width of words by the id under which plans name it. @throws {SumError} `setup` for another id. */
function bitsOf(params: string): Bits {
  if (params === WORDS_64) return 64;
  if (params === "words-128") return 128;
  throw new SumError("setup", `expected words-64 or words-128, got "${params}"`);
}

/** The session that a plan means, without its transcript. */
function sessionOf({ contributors, recipients, params, cells, columns }: MaskedParameters): MaskedSession {
  return {
    contributors: [...contributors].sort(),
    recipients: [...recipients].sort(),
    transcript: new Uint8Array(32),
    bits: bitsOf(params),
    numbers: cells * columns,
  };
}

/** The description of one session. */
export function describeMasked(
  session: MaskedSession,
  measured: Pick<SumParameters, "cells" | "rhoMicro" | "parts">,
): Description {
  const egress = [...egressBetweenNodes(session), ...egressAtCoordinator(session), ...seeds(session)];
  return describeOpening(session, measured, { line: "seed", egress, assumption: MASKS });
}

function egressBetweenNodes(session: MaskedSession): readonly EgressRow[] {
  const { contributors } = session;
  const nodes = nodesOf(session);
  return [
    // The group secret takes one commitment of every node; the words take one more, of contributors.
    ...["commit", "echo"].flatMap((what) =>
      sent(nodes, nodes, what, 32).map((row) => {
        const messages = contributors.includes(row.from) && contributors.includes(row.to) ? 2 : 1;
        return { ...row, messages, bytes: 32 * messages };
      }),
    ),
    ...sent(nodes, nodes, "alpha", 32),
    ...sent(nodes, nodes, "ready", 32),
  ];
}

function egressAtCoordinator(session: MaskedSession): readonly EgressRow[] {
  const { contributors, recipients } = session;
  const chunks = chunkCount(session);
  const vector = Array.from({ length: chunks }, (_, chunk) => chunkBytes(session, chunk)).reduce(
    (sum, bytes) => sum + bytes,
    0,
  );
  const whole = (row: EgressRow): EgressRow => ({ ...row, messages: chunks, bytes: vector });
  return [
    ...sent(contributors, [COORDINATOR], "commit", 32),
    ...sent(contributors, [COORDINATOR], "y", 0).map(whole),
    ...sent([COORDINATOR], contributors, "echo", 32, Math.ceil(chunks / WINDOW)),
    ...sent([COORDINATOR], recipients, "sum", 0).map(whole),
    ...sent([COORDINATOR], nodesOf(session), "list", maskedListBytes(session)),
  ];
}

function seeds(session: MaskedSession): readonly EgressRow[] {
  return linesOf(session).map((line) => ({
    ...line,
    channel: "disclose",
    what: "seed",
    messages: 1,
    bytes: 32,
  }));
}

const MASKS: Assumption = {
  id: "masks",
  text: "X25519 or ML-KEM-768 holds, under which each two contributors agree on their masks.",
  ifFalse: "The coordinator reads each party's own cells. While it stands, it reads none.",
};
