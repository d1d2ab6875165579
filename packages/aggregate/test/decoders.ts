// SPDX-License-Identifier: Apache-2.0
import { parameterSet } from "@koplamp/he";
import type { Rng } from "@koplamp/protocol";
import { codecTarget, type Target } from "../../../test/fuzz/target.ts";
import { TINY_SET } from "../../../test/toy/bfv.ts";
import {
  collectiveKeyCodec,
  groupNumberCodec,
  KEY_HASH,
  orderCodec,
  selectionCodec,
  tableCodec,
  tokensBytes,
  tokensCodec,
} from "../src/join-hub-messages.ts";
import { hubOfJoin } from "../src/join-hub-session.ts";
import { sealedCodec, totalsCodec } from "../src/join-pair-messages.ts";
import {
  COMMIT,
  ciphertextCodec,
  ECHO,
  keyShareCodec,
  listBytes,
  listCodec,
  RECIPIENT_KEY_HASH,
  recipientKeyCodec,
  secondCodec,
  sharesCodec,
  sumCodec,
} from "../src/messages.ts";
import {
  hiddenSumCodec,
  maskedListBytes,
  maskedListCodec,
  SEED,
  wordsCodec,
} from "../src/sum-masked-messages.ts";

const contributors = ["anna", "bert", "cleo"];
const transcript = new Uint8Array(32);
const SUM = { contributors, recipients: ["anna"], transcript, set: TINY_SET, numbers: 20 };
const MASKED = {
  contributors,
  recipients: ["anna"],
  transcript,
  bits: 64 as const,
  numbers: 20,
  perChunk: 12,
};
const POLYNOMIAL = 16 * 4 * 8;
const FRAME = 3 + 2 * POLYNOMIAL;

/** Everything that sums and joins read of others, over a set of 16 slots. What is inside frames: `@koplamp/he`. */
export function decoders(rng: Rng): readonly Target[] {
  return [
    codecTarget("commit", COMMIT, [rng(32)], 10_000),
    codecTarget("echo", ECHO, [rng(32)], 10_000),
    codecTarget("pkr to the coordinator", RECIPIENT_KEY_HASH, [rng(32)], 10_000),
    codecTarget("b", keyShareCodec(TINY_SET), [rng(POLYNOMIAL + 32)], 15_000),
    codecTarget("pkr", recipientKeyCodec(TINY_SET), [rng(POLYNOMIAL)], 15_000),
    codecTarget("ct", ciphertextCodec(TINY_SET), [rng(FRAME)], 15_000),
    codecTarget("c1", secondCodec(TINY_SET), [rng(POLYNOMIAL)], 15_000),
    codecTarget("sum", sumCodec(TINY_SET), [rng(POLYNOMIAL)], 15_000),
    codecTarget("share", sharesCodec(SUM), [rng(2 * FRAME)], 15_000),
    codecTarget("list", listCodec(SUM), [rng(listBytes(SUM))], 15_000),
    codecTarget("list with more", listCodec(SUM, 64), [rng(listBytes(SUM, 64))], 15_000),
    codecTarget("y", wordsCodec(MASKED, 1), [rng(8 * 8 + 48)], 20_000),
    codecTarget("sum under masks", hiddenSumCodec(MASKED, 0), [rng(12 * 8 + 48)], 20_000),
    codecTarget("list under masks", maskedListCodec(MASKED), [rng(maskedListBytes(MASKED))], 20_000),
    codecTarget("seed", SEED, [rng(32)], 10_000),
    codecTarget("ct of values", sealedCodec(TINY_SET, "anna"), [rng(3 + 32 + POLYNOMIAL)], 15_000),
    codecTarget("acc", totalsCodec(TINY_SET, "anna", 2), [rng(2 * FRAME)], 15_000),
    ...hub(rng),
  ];
}

function hub(rng: Rng): readonly Target[] {
  const of = hubOfJoin({
    ...SUM,
    set: parameterSet("bfv-sel-42-pq"),
    rowsPadded: { anna: 8, bert: 8, cleo: 8 },
    cells: 4,
    groupOwner: "anna",
    columns: [{ party: "bert", ranges: { least: 0, most: 9 } }],
    minCount: 1,
  });
  const rising = (bytes: number): Uint8Array =>
    Uint8Array.from({ length: bytes }, (_, at) => (at % 16 === 0 && at < 128 ? at / 8 + 1 : 0));
  const number = groupNumberCodec(of);
  const order = orderCodec(of);
  const table = tableCodec(of);
  return [
    codecTarget("b to a hub", KEY_HASH, [rng(32)], 10_000),
    codecTarget("the key of a hub", collectiveKeyCodec(TINY_SET), [rng(POLYNOMIAL)], 15_000),
    codecTarget(
      "tokens of a group owner",
      tokensCodec(of, "anna"),
      [rising(tokensBytes(of, "anna"))],
      20_000,
    ),
    codecTarget("tokens to a hub", tokensCodec(of, "bert"), [rising(tokensBytes(of, "bert"))], 20_000),
    codecTarget("the number of groups", number, [number.encode(4)], 10_000),
    codecTarget("the order of groups", order, [order.encode(Int32Array.of(2, 0, 3, 1))], 20_000),
    codecTarget("the table of groups", table, [table.encode(Int32Array.of(2, 0, 3, 1))], 20_000),
    codecTarget("a selection", selectionCodec(TINY_SET), [rng(FRAME)], 15_000),
  ];
}
