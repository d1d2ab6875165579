// SPDX-License-Identifier: Apache-2.0
// SHA-256 of many messages in the kernel, against published vectors and against OpenSSL.
import { createHmac, randomBytes } from "node:crypto";
import { concat, fromHex, hex } from "@koplamp/wire";
import { describe, expect, test } from "vitest";
import { hasShared, sharedJson } from "../../../test/shared.ts";
import { batchHash } from "../src/batch-hash.ts";
import { kernelExports } from "../src/kernel.ts";
import { type HashEach, kernelHash, MOST_MESSAGE } from "../src/kernel-hash.ts";
import { kernelMac, MOST_MAC_MESSAGE } from "../src/kernel-mac.ts";
import { agreeOnMacs, agreeOnMessages, macsBy, messagesOf, openssl } from "./batch-hash-cases.ts";

const NONE = new Uint8Array();

/** FIPS 180-4, examples of SHA-256 (csrc.nist.gov, "SHA256.pdf"), and the empty message. */
const EXAMPLES: readonly [message: string, digest: string][] = [
  ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  ],
  [
    "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
    "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
  ],
];

describe("SHA-256 in the kernel", () => {
  test("gives the published digests, in every lane", () => {
    const each = kernelHash();
    for (const turn of [0, 1, 2, 3]) {
      const examples = [...EXAMPLES.slice(turn), ...EXAMPLES.slice(0, turn)];
      const texts = examples.map(([message]) => new TextEncoder().encode(message));
      const { ends } = messagesOf(texts.map(({ length }) => length));
      expect(hex(each(NONE, concat(...texts), ends))).toBe(examples.map(([, digest]) => digest).join(""));
    }
  });

  test("of every length that it takes, also behind prefixes around a block", () => {
    const each = kernelHash();
    for (const length of [0, 1, 54, 55, 56, 63, 64, 65, 128, MOST_MESSAGE]) {
      const prefix = new Uint8Array(length).fill(length);
      const lengths = Array.from({ length: MOST_MESSAGE - length + 1 }, (_, at) => at);
      const { bytes, ends } = messagesOf(lengths);
      expect(each(prefix, bytes, ends), `prefix ${length}`).toEqual(openssl(prefix, bytes, ends));
    }
  });

  test("of random messages, as many as fill one call, fewer and more", () => {
    for (const count of [1, 2, 3, 4, 5, 511, 512, 513, 1025]) agreeOnMessages(count, [0, 54, 64]);
  });

  test.each([
    [64, 130, 700],
    [54, 130, 3],
    [0, 64, 1],
    [20, 300, 602],
    [64, 130, 0],
  ])(
    "behind %i bytes, with heads of %i that change at message %i, some cut short",
    (prefix, head, changed) => {
      const lengths = Array.from({ length: 700 }, (_, at) => (at % 9 === 0 ? at % 70 : 131 + (at % 80)));
      const { bytes, ends } = messagesOf(lengths);
      let from = 0;
      ends.forEach((end, at) => {
        bytes.fill(at < changed ? 1 : 2, from, Math.min(end, from + head));
        from = end;
      });
      const start = new Uint8Array(prefix).fill(7);
      const digests = kernelHash()(start, bytes, ends, head);
      expect(Buffer.compare(digests, openssl(start, bytes, ends))).toBe(0);
    },
  );

  test("tells as much of each digest as it is asked for, in the kernel and without it", () => {
    const { bytes, ends } = messagesOf(Array.from({ length: 1025 }, (_, at) => at % 200));
    const whole = openssl(NONE, bytes, ends);
    for (const taken of [4, 16, 32]) {
      const parts = concat(...Array.from(ends, (_, at) => whole.subarray(at * 32, at * 32 + taken)));
      for (const each of [kernelHash(), openssl]) {
        expect(Buffer.compare(each(NONE, bytes, ends, 0, taken), parts), `${taken}`).toBe(0);
      }
    }
  });

  test("of nothing", () => {
    expect(kernelHash()(NONE, NONE, new Uint32Array())).toEqual(NONE);
  });

  test("leaves nothing of messages, prefix and digests in its memory", () => {
    const exports = kernelExports();
    const memory = Buffer.from((exports["memory"] as { readonly buffer: ArrayBuffer }).buffer); // a kernel's
    const prefix = new Uint8Array(100).fill(0xa5);
    for (const lengths of [[40, 90, 17], Array.from({ length: 700 }, () => MOST_MESSAGE - 100)]) {
      const { bytes, ends } = messagesOf(lengths);
      for (const taken of [32, 16]) {
        const digests = kernelHash(exports)(prefix, bytes, ends, 100, taken);
        for (const secret of [prefix, bytes, bytes.subarray(-16), digests, digests.subarray(-taken)]) {
          expect(memory.includes(Buffer.from(secret.subarray(0, 16)))).toBe(false);
        }
      }
    }
  });
});

describe.skipIf(!hasShared)("HMAC-SHA-256 in batches (needs ../shared)", () => {
  test("gives Wycheproof's MACs", () => {
    const { testGroups } = sharedJson("vectors/wycheproof/hmac_sha256_test.json") as {
      readonly testGroups: readonly {
        readonly tests: readonly { key: string; msg: string; tag: string; result: string }[];
      }[];
    };
    const { hmacSha256Each, hmacSha256Under } = batchHash();
    const valid = testGroups.flatMap(({ tests }) => tests.filter(({ result }) => result === "valid"));
    expect(valid.length).toBeGreaterThan(60);
    for (const { key, msg, tag } of valid) {
      const message = fromHex(msg);
      const ends = Uint32Array.from({ length: 70 }, (_, at) => (at + 1) * message.length);
      const macs = hmacSha256Each(fromHex(key), concat(...Array.from(ends, () => message)), ends);
      const under = key.length === 64 ? hmacSha256Under(fromHex(key.repeat(70)), message) : macs;
      expect(Buffer.compare(under, macs)).toBe(0);
      for (let at = 0; at < macs.length; at += 32)
        expect(hex(macs.subarray(at, at + 32)).startsWith(tag)).toBe(true);
    }
    expect(valid.filter(({ key }) => key.length === 64).length).toBeGreaterThan(20);
  });
});

/** The first bytes of each of many digests. */
function beginnings(digests: Uint8Array, taken: number): Uint8Array {
  return concat(
    ...Array.from({ length: digests.length / 32 }, (_, at) => digests.subarray(at * 32, at * 32 + taken)),
  );
}

describe("HMAC-SHA-256 of many messages under one key", () => {
  test("is that of node:crypto: none, some, a stretch and more, messages of every length, whole and begun", () => {
    const { hmacSha256Each } = batchHash();
    const key = randomBytes(32);
    for (const count of [0, 1, 64, 1023, 1024, 1025, 2111]) {
      const { bytes, ends } = messagesOf(Array.from({ length: count }, (_, at) => at % 200));
      const macs = concat(
        ...Array.from(ends, (end, at) =>
          createHmac("sha256", key)
            .update(bytes.subarray(at === 0 ? 0 : ends[at - 1], end))
            .digest(),
        ),
      );
      expect(Buffer.compare(hmacSha256Each(key, bytes, ends), macs), `${count}`).toBe(0);
      const begun = Buffer.compare(hmacSha256Each(key, bytes, ends, 0, 16), beginnings(macs, 16));
      expect(begun, `16 bytes of ${count}`).toBe(0);
    }
  });
});

describe("HMAC-SHA-256 of one message under many keys", () => {
  test("is that of node:crypto: none, some, a stretch and more, messages of every form", () => {
    const { hmacSha256Under } = batchHash();
    for (const count of [0, 1, 63, 64, 1023, 1024, 1025, 2111]) {
      for (const length of [0, 1, 55, 56, 100, 119, 120, MOST_MAC_MESSAGE, MOST_MAC_MESSAGE + 1]) {
        const keys = randomBytes(count * 32);
        const message = randomBytes(length);
        const macs = macsBy(keys, message);
        const same = Buffer.compare(hmacSha256Under(keys, message), macs);
        expect(same, `${count} keys, ${length} bytes`).toBe(0);
        const begun = Buffer.compare(hmacSha256Under(keys, message, 16), beginnings(macs, 16));
        expect(begun, `16 bytes of ${count} keys, ${length} bytes`).toBe(0);
      }
    }
  });

  test("is that of node:crypto in the kernel, as many keys as fill one call, fewer and more", () => {
    for (const count of [0, 1, 2, 3, 4, 5, 511, 512, 513, 1025]) agreeOnMacs(count);
  });

  test("leaves nothing of keys, message and MACs in the kernel's memory", () => {
    const exports = kernelExports();
    const memory = Buffer.from((exports["memory"] as { readonly buffer: ArrayBuffer }).buffer); // a kernel's
    const message = randomBytes(70);
    for (const [count, taken] of [
      [70, 32],
      [1025, 32],
      [1025, 16],
    ] as const) {
      const keys = randomBytes(count * 32);
      const macs = kernelMac(exports)(keys, message, taken);
      const padded = [0x36, 0x5c].map((pad) => keys.subarray(-32).map((byte) => byte ^ pad));
      for (const secret of [keys, keys.subarray(-32), ...padded, message, macs, macs.subarray(-taken)]) {
        expect(memory.includes(Buffer.from(secret.subarray(0, 16)))).toBe(false);
      }
    }
  });
});

describe("which of the two hashes", () => {
  const { bytes, ends } = messagesOf(Array.from({ length: 64 }, (_, at) => at));
  const counted = (each: HashEach): { readonly each: HashEach; readonly calls: () => number } => {
    let calls = 0;
    return {
      each: (...args) => {
        calls += 1;
        return each(...args);
      },
      calls: () => calls,
    };
  };

  test("the kernel, for 64 messages and more of which none is long", () => {
    const { each, calls } = counted(kernelHash());
    const { sha256Each } = batchHash(() => each);
    sha256Each(NONE, bytes, ends);
    const tested = calls();
    expect(tested).toBeGreaterThan(1);
    sha256Each(NONE, bytes, ends);
    expect(calls()).toBe(tested + 1);
    const long = messagesOf([...Array.from({ length: 63 }, () => 1), MOST_MESSAGE + 1]);
    expect(sha256Each(NONE, long.bytes, long.ends)).toEqual(openssl(NONE, long.bytes, long.ends));
    sha256Each(NONE, bytes, ends.subarray(0, 63));
    expect(calls()).toBe(tested + 1);
  });

  test("OpenSSL, where the kernel hashes otherwise", () => {
    const { each, calls } = counted((...args) => kernelHash()(...args).fill(0, -1));
    expect(batchHash(() => each).sha256Each(NONE, bytes, ends)).toEqual(openssl(NONE, bytes, ends));
    expect(calls()).toBe(1);
  });

  test("OpenSSL, where the kernel makes other MACs", () => {
    let calls = 0;
    const { hmacSha256Under } = batchHash(kernelHash, () => (...args) => {
      calls += 1;
      return kernelMac()(...args).fill(0, -1);
    });
    const keys = randomBytes(64 * 32);
    const macs = hmacSha256Under(keys, NONE);
    expect(Buffer.compare(macs, batchHash().hmacSha256Under(keys, NONE))).toBe(0);
    expect(calls).toBe(1);
  });
});
