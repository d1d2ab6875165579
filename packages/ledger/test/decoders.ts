// SPDX-License-Identifier: Apache-2.0
import { base64, fromUtf8, utf8 } from "@koplamp/wire";
import type { Target } from "../../../test/fuzz/target.ts";
import { primitives } from "../../engine/test/federation.ts";
import { readBundle } from "../src/bundle.ts";
import { checkpointText, readCheckpoint, signCheckpoint } from "../src/checkpoint.ts";
import { LedgerError } from "../src/errors.ts";
import { noteBytes, readNote, readVerifierKey, verifierKeyText } from "../src/note.ts";
import { proofBytes, readProof } from "../src/proof.ts";
import { readTar, writeTar } from "../src/tar.ts";
import { answerWitness, witnessRequest } from "../src/witness.ts";

const seed = new Uint8Array(32).fill(5);
const { sha256 } = primitives;

/** Everything that ledgers, witnesses and verifiers read of others. `bundle`: one of a real question. */
export function decoders(bundle: Uint8Array): readonly Target[] {
  const root = sha256(utf8("root"));
  const checkpoint = { origin: "koplamp.example/anna", size: 7, root };
  const note = signCheckpoint(primitives, seed, checkpoint);
  const key = verifierKeyText(sha256, checkpoint.origin, 1, primitives.ed25519PublicKey(seed));
  const proof = proofBytes({ index: 1, hashes: [root, sha256(root)], checkpoint: note });
  const archive = writeTar([
    { name: "a.json", bytes: utf8("{}") },
    { name: "b/c.json", bytes: utf8("[1]") },
  ]);
  return [
    {
      name: "a note",
      samples: [note],
      inputs: 30_000,
      again: (bytes) => {
        const { text, signatures } = readNote(bytes);
        return noteBytes(
          text,
          signatures.map(({ name, id, signature }) => lineOf(name, id, signature)),
        );
      },
    },
    textTarget("a checkpoint", checkpointText(checkpoint), (text) => checkpointText(readCheckpoint(text))),
    textTarget("a verifier key", key, (text) => {
      const { name, type, publicKey } = readVerifierKey(sha256, text);
      return verifierKeyText(sha256, name, type, publicKey);
    }),
    { name: "a proof", samples: [proof], inputs: 20_000, again: (bytes) => proofBytes(readProof(bytes)) },
    { name: "an archive", samples: [archive], inputs: 10_000, again: (bytes) => writeTar(readTar(bytes)) },
    {
      name: "a bundle",
      samples: [bundle],
      inputs: 200,
      again: (bytes) => {
        readBundle(primitives, bytes);
        return writeTar(readTar(bytes)); // what its parts say is checked by whoever verifies it
      },
    },
    {
      name: "a witness's request",
      samples: [witnessRequest(0, [], note), witnessRequest(3, [root], note)],
      inputs: 5_000,
      silent: true,
      again: (bytes) => {
        answerWitness(witness(key), bytes);
        return undefined; // it answers with a status, whatever it is asked
      },
    },
  ];
}

function witness(key: string): Parameters<typeof answerWitness>[0] {
  const store = { witnessState: () => undefined, replaceWitnessState: () => true };
  const ledgers = new Map([["koplamp.example/anna", [readVerifierKey(sha256, key)]]]);
  return { primitives, store, ledgers, name: "witness", seed, now: () => 1 };
}

function lineOf(name: string, id: string, signature: Uint8Array): string {
  return `— ${name} ${base64(Uint8Array.of(...Buffer.from(id, "hex"), ...signature))}\n`;
}

function textTarget(name: string, sample: string, again: (text: string) => string): Target {
  return {
    name,
    samples: [utf8(sample)],
    inputs: 20_000,
    again: (bytes) => {
      let text: string;
      try {
        text = fromUtf8(bytes);
      } catch {
        throw new LedgerError("malformed", "no text: its reader is never asked");
      }
      return utf8(again(text));
    },
  };
}
