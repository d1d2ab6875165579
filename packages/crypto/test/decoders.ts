// SPDX-License-Identifier: Apache-2.0
import type { Rng } from "@koplamp/protocol";
import { concat, fromUtf8, i2osp, utf8 } from "@koplamp/wire";
import type { Target } from "../../../test/fuzz/target.ts";
import { FrameOpener, FrameSealer, HEADER_BYTES, parseHeader } from "../src/frame.ts";
import { decapsulate, encapsulate, makeHello, readHello } from "../src/handshake.ts";
import type { Primitives } from "../src/primitives.ts";
import { openSealed, sealFor, sealKeyPairs } from "../src/seal.ts";
import { admitPublicKey, publicKeyText, signDocument, verifyDocument } from "../src/sign.ts";

const binding = { session: new Uint8Array(16).fill(1), transcript: new Uint8Array(32).fill(2) };
const link = {
  keys: { key: new Uint8Array(32).fill(3), iv: new Uint8Array(12).fill(4) },
  binding,
  from: "anna",
  to: "bert",
};

/** Frames, handshakes, seals and signature lines. */
export function decoders(primitives: Primitives, rng: Rng): readonly Target[] {
  return [...frames(primitives, rng), ...handshakes(primitives, rng), ...signatures(primitives, rng)];
}

function frames(primitives: Primitives, rng: Rng): readonly Target[] {
  const identity = rng(32);
  const sealer = new FrameSealer(primitives, link, identity);
  const [first = new Uint8Array()] = sealer.seal("R", rng(32));
  const publicKey = primitives.ed25519PublicKey(identity);
  return [
    {
      name: "a frame's header",
      samples: [first],
      inputs: 150_000,
      again: (frame) => {
        const { kind, last, session, from, to, message, block, seq, transcript } = parseHeader(frame);
        const head = Uint8Array.of(1, kind, last ? 1 : 0, 0);
        const numbers = [message, block, seq].map((number) => i2osp(number, 4));
        const header = concat(head, session, from, to, ...numbers, transcript);
        return concat(header, frame.subarray(HEADER_BYTES));
      },
    },
    {
      name: "a sealed frame",
      samples: [first],
      inputs: 10_000,
      again: (frame) =>
        new FrameOpener(primitives, link, publicKey).open(frame) === undefined ? undefined : first,
    },
  ];
}

function handshakes(primitives: Primitives, rng: Rng): readonly Target[] {
  const identity = rng(32);
  const publicKey = primitives.ed25519PublicKey(identity);
  const own = makeHello(primitives, rng, "anna", identity, binding);
  const other = makeHello(primitives, rng, "bert", identity, binding);
  const { message } = encapsulate(primitives, own, other, identity, binding);
  const keys = sealKeyPairs(primitives, rng(32), rng(64));
  const address = { x25519: keys.x25519.publicKey, mlkem768: keys.mlkem768.publicKey };
  const context = rng(16);
  const sealed = sealFor(primitives, rng, address, context, rng(40));
  return [
    {
      name: "a hello",
      samples: [own.message],
      inputs: 4_000,
      again: (bytes) =>
        readHello(primitives, "anna", publicKey, binding, bytes).party === "anna" ? own.message : undefined,
    },
    {
      name: "an encapsulated key",
      samples: [message],
      inputs: 4_000,
      again: (bytes) => {
        decapsulate(primitives, other, own, publicKey, binding, bytes).shared.fill(0);
        return message;
      },
    },
    {
      name: "a sealed letter",
      samples: [sealed],
      inputs: 2_000,
      again: (bytes) => {
        openSealed(primitives, keys, context, bytes);
        return sealed;
      },
    },
  ];
}

function signatures(primitives: Primitives, rng: Rng): readonly Target[] {
  const seed = rng(32);
  const key = publicKeyText(primitives.ed25519PublicKey(seed));
  const hash = `sha256:${"0c".repeat(32)}` as const;
  const line = utf8(signDocument(primitives, seed, "plan/v1", hash));
  const text = (bytes: Uint8Array): string => {
    try {
      return fromUtf8(bytes);
    } catch {
      return ""; // whoever reads lines refuses what is no text before
    }
  };
  return [
    {
      name: "a signature line",
      samples: [line],
      inputs: 10_000,
      again: (bytes) =>
        verifyDocument(primitives, { type: "plan/v1", hash, line: text(bytes), keys: [key] })
          ? line
          : undefined,
    },
    {
      name: "a public key",
      samples: [utf8(key)],
      inputs: 3_000,
      again: (bytes) => utf8(publicKeyText(admitPublicKey(primitives, text(bytes)))),
    },
  ];
}
