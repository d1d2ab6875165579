// SPDX-License-Identifier: Apache-2.0
import type { Rng } from "@koplamp/protocol";
import { fromHex } from "@koplamp/wire";
import type { Target } from "../../../test/fuzz/target.ts";
import { sealKeyPairs } from "../../crypto/src/index.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import { openLetter, sealLetter } from "../src/post-letter.ts";
import { routeOf } from "../src/route.ts";

const primitives = nodePrimitives();

/** What the relay reads of frames, and a machine of letters. */
export function decoders(rng: Rng): readonly Target[] {
  const frame = rng(200);
  frame.set([1, 10, 1, 0]);
  const [anna, bert] = ["anna", "bert"].map((party) => {
    const identity = rng(32);
    const keys = sealKeyPairs(primitives, rng(32), rng(64));
    return { party, identity, keys };
  });
  if (anna === undefined || bert === undefined) throw new Error("no parties");
  const addresses = new Map(
    [anna, bert].map(({ party, identity, keys }) => [
      party,
      {
        x25519: keys.x25519.publicKey,
        mlkem768: keys.mlkem768.publicKey,
        identity: primitives.ed25519PublicKey(identity),
      },
    ]),
  );
  const of = (me: typeof anna) => ({ me: me.party, identity: me.identity, addresses, primitives, rng });
  const letter = {
    from: "anna",
    topic: "offer/1",
    run: rng(16),
    number: 1,
    part: 0,
    parts: 1,
    body: rng(60),
  };
  const envelope = sealLetter(of(anna), "bert", letter);
  return [
    {
      name: "a frame's route",
      samples: [frame],
      inputs: 60_000,
      again: (bytes) => {
        const { session, from, to, seq } = routeOf(bytes);
        const copy = bytes.slice();
        [session, from, to].forEach((tag, at) => {
          copy.set(fromHex(tag), 4 + 16 * at);
        });
        new DataView(copy.buffer).setUint32(60, seq);
        return copy;
      },
    },
    {
      name: "a letter",
      samples: [envelope],
      inputs: 2_000,
      again: (bytes) => {
        openLetter(of(bert), bert.keys, bytes);
        return envelope;
      },
    },
  ];
}
