// SPDX-License-Identifier: Apache-2.0
// What the channel between nodes rests on.
import type { Switch } from "./switch.ts";

export const CHANNEL: readonly Switch[] = [
  {
    id: "seq.off",
    guarantee: "G5",
    weak: "a frame that came before is taken again",
    edits: [
      {
        file: "packages/crypto/src/frame.ts",
        from: "if (seq !== this.#seq) {",
        to: "if (seq > this.#seq + 9) {",
      },
      {
        file: "packages/crypto/src/frame.ts",
        from: "const expected = { kind: this.#kind ?? kind, last, message: this.#message, block, seq };",
        to: "const expected = { kind: this.#kind ?? kind, last, message: new DataView(frame.buffer, frame.byteOffset).getUint32(52), block, seq };",
      },
      {
        file: "packages/crypto/src/frame.ts",
        from: "const statement = messageStatement(this.#primitives, this.#link, this.#tags, kind, this.#message, bytes);\n    if (!",
        to: "const statement = messageStatement(this.#primitives, this.#link, this.#tags, kind, this.#message, bytes);\n    if (false && !",
      },
    ],
    test: { file: "packages/crypto/test/frame.test.ts", name: "lost, repeated and reordered frames" },
  },
  {
    id: "seal.off",
    guarantee: "G7",
    weak: "frames are not sealed",
    edits: [
      {
        file: "packages/crypto/src/frame.ts",
        from: "return concat(header, primitives.aesGcmSeal(key, nonceOf(iv, place.seq), header, body));",
        to: "return concat(header, body, new Uint8Array(key === iv ? 0 : 16));",
      },
      {
        file: "packages/crypto/src/frame.ts",
        from: "const body = primitives.aesGcmOpen(keys.key, nonceOf(keys.iv, seq), header, frame.subarray(HEADER_BYTES));",
        to: "const body = seq < 0 ? header : frame.slice(HEADER_BYTES, -16);",
      },
    ],
    test: { file: "packages/transport/test/channel-hostile.test.ts", name: "seal.off" },
  },
  {
    id: "hello.unsigned",
    guarantee: "G8",
    weak: "session keys need not be signed by their party",
    edits: [
      {
        file: "packages/crypto/src/handshake.ts",
        from: "if (!signed || !equal(hello.subarray(0, head.length), head)) throw notSigned",
        to: "if (signed === undefined || !equal(hello.subarray(0, head.length), head)) throw notSigned",
      },
    ],
    test: {
      file: "packages/crypto/test/handshake.test.ts",
      name: "a hello of another session, transcript, party or signer",
    },
  },
  {
    id: "transcript.short",
    guarantee: "G8",
    weak: "a frame is not bound to its transcript",
    edits: [
      {
        file: "packages/crypto/src/frame.ts",
        from: "header.set(binding.transcript, 64);",
        to: "header.set(binding.transcript.subarray(0, 0), 64);",
      },
    ],
    test: { file: "packages/crypto/test/frame.test.ts", name: "transcript.short" },
  },
  {
    id: "pin.off",
    guarantee: "G10",
    weak: "a certificate under a party's name is enough",
    edits: [
      {
        file: "packages/transport/src/admission.ts",
        from: "return pinned?.includes(spkiPin(certificate)) === true ? party : undefined;",
        to: "return pinned === undefined ? undefined : party;",
      },
    ],
    test: { file: "packages/transport/test/security.test.ts", name: "a node whose key is not pinned" },
  },
  {
    id: "tls.old",
    guarantee: "G10",
    weak: "TLS 1.2 is spoken",
    edits: [
      {
        file: "packages/transport/src/tls.ts",
        from: '    minVersion: "TLSv1.3",\n    maxVersion: "TLSv1.3",\n    requestCert',
        to: '    minVersion: "TLSv1.2",\n    maxVersion: "TLSv1.3",\n    requestCert',
      },
    ],
    test: { file: "packages/transport/test/security.test.ts", name: "speaks TLS 1.2 or not HTTP/2" },
  },
];
