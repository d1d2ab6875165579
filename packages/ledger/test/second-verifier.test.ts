// SPDX-License-Identifier: Apache-2.0
// scripts/verify.sh: the same verdict as our own verifier, and no harm from hostile bundles.
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { admitPublicKey } from "@koplamp/crypto";
import { bind, type JobTable } from "@koplamp/protocol";
import { base64, fromBase64, fromHex, timeMs, timeText } from "@koplamp/wire";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { countOf, Federation, matchOf, primitives } from "../../engine/test/federation.ts";
import {
  agreed,
  agreedVerdict,
  hasTools,
  type Made,
  made,
  SCRIPT,
  shell,
  shellVerified,
  verified,
} from "./bundles.ts";
import { GOVERNED_TAMPERINGS, TAMPERINGS } from "./tampering.ts";

const LISTS = { anna: ["x", "y", "z"], bert: ["y", "z", "q"], cleo: ["z", "r"], dora: undefined };
const THREE = ["anna", "bert", "cleo"];

let federations: readonly Federation[] = [];
let good: readonly Made[] = [];
const first = (): Made => {
  const [one] = good;
  if (one === undefined) throw new Error("expected a bundle");
  return one;
};

beforeAll(async () => {
  const [real, lab, two] = [agreed(LISTS), new Federation(LISTS), agreed({ anna: ["x", "y"], bert: ["y"] })];
  federations = [real, lab, two];
  good = [
    await made(real, "anna", matchOf(THREE, ["anna", "cleo"])),
    await made(real, "dora", countOf(THREE, ["anna"])),
    await made(real, "bert", matchOf(["bert", "cleo"], ["bert"], { id: "again" })),
    await made(two, "anna", matchOf(["anna", "bert"], ["anna"])),
    await made(lab, "anna", countOf(THREE, ["anna"], { mode: "hub" })),
  ];
}, 60_000);

afterAll(async () => {
  await Promise.all(federations.map((one) => one.close()));
});

describe.skipIf(!hasTools)("the second verifier", () => {
  it("is short enough to read", () => {
    const lines = readFileSync(SCRIPT, "utf8").trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(300);
    expect(lines[0]).toBe("#!/bin/sh");
  });

  it("and ours see by the witnesses' clocks that a session is dated back", async () => {
    const lab = good.at(-1) ?? first(); // where approvals are not looked at, nothing else is wrong
    const bytes = TAMPERINGS.find(({ name }) => name === "a session that is dated back")?.act(lab, () => 0);
    const { lines } = verified(bytes ?? lab.bytes, lab.covenant);
    const failed = lines.filter(({ verdict }) => verdict === "FAIL");
    expect(failed).toMatchObject([{ promise: "order", detail: expect.stringContaining("long after") }]);
    const { lines: second } = await shellVerified(bytes ?? lab.bytes, lab.covenant);
    expect(second.filter((line) => line.startsWith("FAIL "))).toEqual([
      expect.stringMatching(/^FAIL 10 order: .* not witnessed right after$/),
    ]);
  });

  it("verifies five good bundles, as our own verifier does", async () => {
    for (const { bytes, covenant } of good) expect(await agreedVerdict(bytes, covenant)).toBe("VERIFIED");
    const { lines, status } = await shellVerified(first().bytes, first().covenant);
    expect(status).toBe(0);
    expect(lines.map((line) => line.split(":")[0])).toEqual([
      "PASS 1 bundle",
      "PASS 2 covenant",
      "PASS 3 roster",
      "PASS 4 plan",
      "SKIP 5 contract",
      "PASS 6 approvals",
      "PASS 7 quotas",
      "PASS 8 ledgers",
      "PASS 9 disclosed",
      "PASS 10 order",
      "PASS 11 egress",
      "PASS 12 receipts",
      "SKIP 13 erasure",
      "VERIFIED (11/11)",
    ]);
    const lab = await shellVerified(good[4]?.bytes ?? new Uint8Array(), good[4]?.covenant ?? "");
    expect(lab.lines).toContain("SKIP 6 approvals: lab");
  }, 60_000);

  it.each(["tokens", "pair", "bulk"])(
    "verifies a match in shards in mode %s, of which one was lost, as our own verifier does",
    async (mode) => {
      let calls = 0;
      const lose = (table: JobTable): JobTable => {
        const joins = [...table].filter(([name]) => /^psi\.(?:tokens|pair|bulk)\.join$/.test(name));
        const losing = joins.map(([name, code]) =>
          bind({ name }, (vault, ...args: readonly unknown[]) => {
            calls += 1;
            if (calls === 1) throw new Error("a worker was lost");
            return code(vault, ...args);
          }),
        );
        return new Map([...table, ...losing]);
      };
      const two = agreed(
        { anna: ["x", "y"], bert: ["y"] },
        { jobs: (table, party) => (party === "anna" ? lose(table) : table) },
      );
      const { bytes, covenant } = await made(
        two,
        "anna",
        matchOf(["anna", "bert"], ["anna"], { mode, shards: 2 }),
      );
      expect(await agreedVerdict(bytes, covenant)).toBe("VERIFIED");
      const { lines } = verified(bytes, covenant);
      const disclosed = lines.find(({ promise }) => promise === "disclosed")?.detail;
      expect(disclosed).toContain("sessions that were lost and run again: 1; nothing else");
      await two.close();
    },
  );

  it("fails what was tampered with, as our own verifier does", async () => {
    const verdicts: string[] = [];
    const some = TAMPERINGS.filter((_, at) => at % 3 === 0); // all of them in test/slow
    for (const [at, { name, act }] of [...some, ...GOVERNED_TAMPERINGS].entries()) {
      const one = at < some.length ? (good[at % 2] ?? first()) : first();
      const verdict = await agreedVerdict(
        act(one, (below) => (at * 7919 + 13) % below),
        one.covenant,
      );
      verdicts.push(`${name}: ${verdict}`);
    }
    expect(verdicts.length).toBeGreaterThan(20);
    expect(verdicts.filter((line) => !line.endsWith(": FAILED"))).toEqual([]);
  }, 240_000);

  it("fails under another covenant, and says how it is called", async () => {
    expect(await agreedVerdict(first().bytes, `sha256:${"0".repeat(64)}`)).toBe("FAILED");
    const folder = mkdtempSync(join(tmpdir(), "koplamp-call-"));
    writeFileSync(join(folder, "trust"), "covenant sha256:00\n");
    writeFileSync(join(folder, "bundle"), first().bytes);
    for (const args of [[], ["bundle"], ["bundle", "nothing"], ["/dev/zero", "trust"], ["bundle", "trust"]]) {
      const { status, errors } = await shell(args, folder, 10_000);
      expect([status, errors.startsWith("usage") || errors.startsWith("expected one line")]).toEqual([
        2,
        true,
      ]);
    }
    rmSync(folder, { recursive: true });
  }, 60_000);
});

describe.skipIf(!hasTools)("the functions of its awk programs", () => {
  const [, library = ""] = /LIB='\n([\s\S]*?)\n'\n/.exec(readFileSync(SCRIPT, "utf8")) ?? [];

  /** What an expression over `$0` gives for each line. */
  function awk(expression: string, lines: readonly string[]): readonly string[] {
    const input = lines.map((line) => `${line}\n`).join("");
    const { stdout } = spawnSync("awk", [`${library}\n{ print ${expression} }`], {
      input,
      env: { PATH: process.env["PATH"], LC_ALL: "C" },
    });
    return stdout.toString().split("\n").slice(0, -1);
  }

  it("read base64 as our own reader does", () => {
    const good = Array.from({ length: 200 }, (_, at) => randomBytes(1 + (at % 40)));
    expect(
      awk(
        "hex($0)",
        good.map((bytes) => bytes.toString("base64")),
      ),
    ).toEqual(good.map((bytes) => bytes.toString("hex")));
    const bad = [
      "A",
      "AB",
      "ABC",
      "AB=C",
      "A===",
      "AB==CDEF",
      "AR==",
      "AAF=",
      "A B=",
      "-_-_",
      "=AAA",
      "====",
    ];
    expect(awk("hex($0)", bad)).toEqual(bad.map(() => ""));
    for (const text of bad) expect(() => fromBase64(text)).toThrow();
  });

  it("tell the time as our own clock does", () => {
    const times = Array.from({ length: 500 }, (_, at) =>
      timeText((at * 2_000_003_000_000) % 8_000_000_000_000),
    );
    expect(awk("sec($0)", times)).toEqual(times.map((time) => String(timeMs(time) / 1000)));
    expect(awk("dec($0)", ["0000000080000000", "00000000ffffffff"])).toEqual(["2147483648", "4294967295"]); // after 2038
  });

  it("refuse keys of small order and other forms of keys, and take those that may count", () => {
    const ones = "ff".repeat(30);
    const order8 = [
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ];
    const low = ["00".repeat(32), `01${"00".repeat(31)}`, `ec${ones}7f`, ...order8];
    const signed = low.map(
      (key) => key.slice(0, 62) + (Number.parseInt(key.slice(62), 16) | 128).toString(16),
    );
    const high = ["ed", "ee", "f0", "ff"].flatMap((first) => [`${first}${ones}7f`, `${first}${ones}ff`]);
    const bad = [...low, ...signed, ...high, "", "00", "00".repeat(33)];
    expect(awk("admitted($0)", bad)).toEqual(bad.map(() => "0"));
    for (const key of bad)
      expect(() => admitPublicKey(primitives, `ed25519:${base64(fromHex(key))}`)).toThrow();
    const keys = Array.from({ length: 100 }, () => Buffer.from(primitives.ed25519PublicKey(randomBytes(32))));
    expect(
      awk(
        "admitted($0)",
        keys.map((key) => key.toString("hex")),
      ),
    ).toEqual(keys.map(() => "1"));
  });
});

describe.skipIf(!hasTools)("a hostile bundle", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "koplamp-hostile-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** Headers that GNU tar would follow, each in front of a good bundle's files. */
  const hostile: Readonly<Record<string, () => Uint8Array>> = {
    "a path upwards": () => archive({ name: "../escaped", bytes: "x" }),
    "a path upwards below a folder": () => archive({ name: "documents/../../escaped", bytes: "x" }),
    "an absolute path": () => archive({ name: "/tmp/koplamp-escaped", bytes: "x" }),
    "a symbolic link": () => archive({ name: "documents", type: "2", link: ".." }),
    "a hard link": () => archive({ name: "documents/x", type: "1", link: "index" }),
    "a folder": () => archive({ name: "documents/", type: "5" }),
    "a device": () => archive({ name: "documents/x", type: "3" }),
    "a long name in an entry of its own": () =>
      archive({ name: "././@LongLink", type: "L", bytes: "../escaped" }),
    "a name in an extended header": () =>
      archive({ name: "documents/x", type: "x", bytes: "19 path=../escaped\n" }),
    "a sparse file": () => archive({ name: "documents/x", type: "S" }),
    "a file of 8 GiB": () => archive({ name: "documents/x", size: 2 ** 33 - 1 }),
    "a name that is an option": () => archive({ name: "--checkpoint-action=exec=touch escaped", bytes: "x" }),
    "bytes of another form": () => Uint8Array.from({ length: 4096 }, (_, at) => (at * 31) & 255),
    "a compressed file": () => Uint8Array.from([0x1f, 0x8b, 8, 0, ...new Uint8Array(1024)]),
    nothing: () => new Uint8Array(),
    "zeros alone": () => new Uint8Array(10_240),
    "JSON that is too deep": () => document("[".repeat(100_000)),
    "JSON that ends early": () => document('{"a":"'),
    "two fields of one name": () => document('{"a":1,"a":2}'),
  };

  it.each(Object.entries(hostile))(
    "with %s fails at once and leaves nothing behind",
    async (_, make) => {
      writeFileSync(join(folder, "bundle"), make());
      writeFileSync(join(folder, "trust"), `covenant ${first().covenant}\n`);
      const { status, lines } = await shell(["bundle", "trust"], folder, 10_000);
      expect([status, lines.at(-1)]).toEqual([5, "FAILED"]);
      expect(readdirSync(folder).sort()).toEqual(["bundle", "trust"]);
      expect(readdirSync(tmpdir()).filter((name) => name.includes("escaped"))).toEqual([]);
    },
    20_000,
  );

  it("of 65 MiB is not read", async () => {
    writeFileSync(join(folder, "bundle"), new Uint8Array(65 * 2 ** 20));
    writeFileSync(join(folder, "trust"), `covenant ${first().covenant}\n`);
    const { status, lines } = await shell(["bundle", "trust"], folder, 10_000);
    expect([status, lines[0]]).toEqual([5, "FAIL 1 bundle: larger than 64 MiB"]);
  }, 20_000);
});

interface Header {
  readonly name: string;
  readonly type?: string;
  readonly link?: string;
  readonly bytes?: string;
  readonly size?: number;
}

/** An archive of an index that is this text. */
function document(bytes: string): Uint8Array {
  const hash = createHash("sha256").update(bytes).digest("hex");
  return archive({ name: `documents/${hash}.json`, bytes }, hash);
}

/** An archive of an `index` and one more file, with whatever header. */
function archive(header: Header, index: string = "0".repeat(64)): Uint8Array {
  const files = [{ name: "index", bytes: `${index}\n` }, header];
  return Uint8Array.from(Buffer.concat([...files.map(member), Buffer.alloc(1024)]));
}

function member({ name, type = "0", link = "", bytes = "", size = bytes.length }: Header): Buffer {
  const head = Buffer.alloc(512);
  head.write(name, 0);
  head.write("0000644\x000000000\x000000000\0", 100);
  head.write(`${size.toString(8).padStart(11, "0")}\0${"0".repeat(11)}\0        ${type}${link}`, 124);
  head.write("ustar\x000", 257);
  head.write("0000000\x000000000\0", 329);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([head, Buffer.from(bytes), Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}
