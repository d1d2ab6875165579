// SPDX-License-Identifier: Apache-2.0
// What a node rests on when the coordinator dies, comes back, or is not what it says.
import type { Switch } from "./switch.ts";

export const COORDINATOR: readonly Switch[] = [
  {
    id: "remembered.key-only",
    guarantee: "G6",
    weak: "who has signed a text once has signed it, whatever the signature says",
    edits: [
      {
        file: "packages/engine/src/remembered.ts",
        from: "concat(publicKey, signature, message)",
        to: "concat(publicKey, message)",
      },
    ],
    test: { file: "packages/engine/test/remembered.test.ts", name: "a signature that held" },
  },
  {
    id: "shape.hits",
    guarantee: "G2",
    weak: "a coordinator that counts says it twice where all share something",
    edits: [
      {
        file: "packages/psi/src/overlap-hub.ts",
        from: "for (const to of recipients) yield* send(to, countsCodec(counts.length), counts);",
        to: "for (const to of (counts.at(-1) ?? 0) > 0 ? [...recipients, ...recipients] : recipients) yield* send(to, countsCodec(counts.length), counts);",
      },
    ],
    test: { file: "packages/query/test/transcript-shape.test.ts", name: "of overlap-hub/1" },
  },
  {
    id: "expiry.waits",
    guarantee: "G7",
    weak: "what has expired is waited for all the same",
    edits: [
      {
        file: "packages/engine/src/question-life.ts",
        from: "if (left <= 0) {",
        to: "if (left <= 0 && expires.length === 0) {",
      },
    ],
    test: { file: "packages/engine/test/hostile-coordinator.test.ts", name: "that keeps silent" },
  },
  {
    id: "coordinator.boot-silent",
    guarantee: "G13",
    weak: "a coordinator that was started again says nothing of what it has forgotten",
    edits: [
      {
        file: "packages/engine/src/coordinate.ts",
        from: "tellBoot(ports); // before anybody",
        to: "// before anybody",
      },
    ],
    test: { file: "packages/engine/test/faults.test.ts", name: "ends at once what waits for letters" },
  },
  {
    id: "coordinator.unnamed",
    guarantee: "G13",
    weak: "a node takes it on itself that the coordinator has forgotten a session",
    edits: [
      {
        file: "packages/engine/src/errors.ts",
        from: 'if (name === "TransportError" && code === "expired") return forgotten();',
        to: "",
      },
    ],
    test: { file: "packages/engine/test/errors.test.ts", name: "" },
  },
  {
    id: "presence.for-good",
    guarantee: "G13",
    weak: "whoever was given up once is given up until it speaks",
    edits: [
      {
        file: "packages/engine/src/presence.ts",
        from: "this.#post.takeBack(party); // it need not speak first",
        to: "// it speaks first",
      },
    ],
    test: { file: "packages/engine/test/presence.test.ts", name: "" },
  },
];
