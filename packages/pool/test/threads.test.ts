// SPDX-License-Identifier: Apache-2.0
import { CryptoError } from "@koplamp/crypto";
import { type Job, ProtocolError } from "@koplamp/protocol";
import { afterEach, describe, expect, test } from "vitest";
import { inlineWorkers, type SessionPool, startThreads, type Workers } from "../src/index.ts";
import * as jobs from "./registry.ts";

const registry = new URL("./registry.ts", import.meta.url);
const open: Workers[] = [];

function threads(size: number, options: { memoryBytes?: number; replaced?: (reason: string) => void } = {}) {
  const workers = startThreads({ registry, size, ...options });
  open.push(workers);
  return workers;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((workers) => workers.close()));
});

function run<Args extends readonly unknown[], Value>(
  session: SessionPool,
  work: Job<Args, Value>,
  ...args: Args
): Promise<Value> {
  // Safe because the registry binds each job by its type.
  return session.run(work, args) as Promise<Value>;
}

const failureOf = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => new Error("it did not fail"),
    (reason) => reason as Error,
  );

describe.each([
  ["threads", () => threads(2)],
  ["inline", async () => inlineWorkers(await jobs.table())],
] as const)("workers: %s", (_name, start) => {
  test("a session keeps its secrets to itself, and they are gone after wipe", async () => {
    const workers = await start();
    const secret = new Uint8Array(32).fill(9);
    const [first, second] = [await workers.session({ k: secret }), await workers.session({})];
    secret.fill(0);
    expect(await run(first, jobs.read, "k")).toEqual(new Uint8Array(32).fill(9));
    await run(second, jobs.keep, "k", new Uint8Array(32).fill(1));
    expect(await run(first, jobs.read, "k")).toEqual(new Uint8Array(32).fill(9));
    await first.wipe();
    await first.wipe();
    expect(await failureOf(run(first, jobs.read, "k"))).toMatchObject({ name: "PoolError", code: "over" });
    expect(await run(second, jobs.read, "k")).toEqual(new Uint8Array(32).fill(1));
    await workers.close();
  });

  test("a closed pool begins no session and goes on with none", async () => {
    const workers = await start();
    const session = await workers.session({});
    const running = run(session, jobs.spin, 50);
    await workers.close();
    await running;
    expect((await failureOf(workers.session({}))).name).toBe("PoolError");
    expect((await failureOf(run(session, jobs.spin, 1))).name).toBe("PoolError");
    await session.wipe();
  });

  test("an unknown job", async () => {
    const workers = await start();
    const session = await workers.session({});
    expect(await failureOf(session.run({ name: "nowhere" }, []))).toMatchObject({ code: "unknown-job" });
    await workers.close();
  });
});

describe("what crosses between threads", () => {
  test("structured values, and views cut out of their buffers", async () => {
    const session = await threads(1).session({});
    const view = new Uint8Array(100_000).fill(3).subarray(10, 20);
    const value = { list: [1n, "é", null], map: new Map([["a", Uint32Array.of(1, 2)]]), view };
    expect(await run(session, jobs.echo, value)).toEqual(value);
    expect(await run(session, jobs.bufferBytes, view)).toBe(10);
    expect(await run(session, jobs.bufferBytes, Buffer.from("abc"))).toBe(3);
    expect(view.length).toBe(10); // arguments are copied, never moved
  });

  test("shared memory is not copied: a job reads what stands there now", async () => {
    const session = await threads(1).session({});
    const shared = new Uint8Array(new SharedArrayBuffer(8192));
    const seen = (await run(session, jobs.echo, { shared })) as { readonly shared: Uint8Array };
    shared[7] = 9;
    expect(seen.shared[7]).toBe(9);
  });

  test("a large result comes whole, and a secret that is returned stays in its vault", async () => {
    const session = await threads(1).session({});
    expect(await run(session, jobs.large, 1_000_000)).toEqual(new Uint8Array(1_000_000).fill(7));
    const secret = new Uint8Array(10_000).fill(5);
    await run(session, jobs.keep, "list", secret);
    expect(await run(session, jobs.read, "list")).toEqual(secret);
    expect(await run(session, jobs.read, "list")).toEqual(secret);
  });

  test("our own errors keep name, code, message and the party that they name", async () => {
    const session = await threads(1).session({});
    const crypto = await failureOf(run(session, jobs.refuse, "crypto"));
    expect(crypto).toBeInstanceOf(CryptoError);
    expect(crypto).toMatchObject({ code: "invalid-proof", message: "a proof does not hold" });
    const protocol = await failureOf(run(session, jobs.refuse, "protocol"));
    expect(protocol).toBeInstanceOf(ProtocolError);
    expect(protocol).toMatchObject({ code: "vault" });
    expect(await failureOf(run(session, jobs.refuse, "psi"))).toMatchObject({
      name: "PsiError",
      code: "not-evaluated",
      message: "an item was not evaluated before",
      party: "bert",
    });
    const nobody = await failureOf(run(session, jobs.refuse, "nobody"));
    expect(nobody).toMatchObject({ name: "PsiError", party: undefined }); // an id of a party, or nothing
  });

  test.each(["type", "node", "text"])("no word of another error: %s", async (kind) => {
    const session = await threads(1).session({});
    const failure = await failureOf(run(session, jobs.refuse, kind));
    expect(failure).toMatchObject({ name: "PoolError", code: "job" });
    expect(`${failure.message} ${failure.stack} ${JSON.stringify(failure)}`).not.toContain("9187629");
  });

  test("what cannot be cloned is refused without a word of it, either way", async () => {
    const session = await threads(1).session({});
    const sent = await failureOf(run(session, jobs.echo, () => "9187629"));
    expect(sent).toMatchObject({ name: "PoolError", code: "clone" });
    const got = await failureOf(run(session, jobs.unclonable));
    expect(got).toMatchObject({ name: "PoolError", code: "job" });
    expect(`${sent.message}${got.message}`).not.toContain("9187629");
    expect(await run(session, jobs.echo, 1)).toBe(1);
  });
});

describe("threads", () => {
  test("sessions are spread, and stay where they began", async () => {
    const workers = threads(2);
    const sessions = await Promise.all([0, 1, 2, 3].map(() => workers.session({})));
    const where = await Promise.all(sessions.map((session) => run(session, jobs.thread)));
    expect(new Set(where).size).toBe(2);
    expect(where.filter((thread) => thread === where[0]).length).toBe(2);
    expect(await Promise.all(sessions.map((session) => run(session, jobs.thread)))).toEqual(where);
    await sessions[0]?.wipe();
    expect(await run(await workers.session({}), jobs.thread)).toBe(where[0]);
  });

  test("start as sessions need them", async () => {
    const [several, other] = [threads(3), threads(1)];
    const first = await run(await several.session({}), jobs.thread);
    expect(await run(await other.session({}), jobs.thread)).toBe(first + 1); // they are numbered in the whole process
    expect(await run(await several.session({}), jobs.thread)).toBe(first + 2);
  });

  test("a thread that dies fails its sessions by name, and the next session gets another", async () => {
    const reasons: string[] = [];
    const workers = threads(1, { replaced: (reason) => void reasons.push(reason) });
    const [first, second] = [await workers.session({}), await workers.session({})];
    const [dying, waiting] = [failureOf(run(first, jobs.die)), failureOf(run(second, jobs.spin, 1))];
    for (const failure of [await dying, await waiting, await failureOf(run(second, jobs.spin, 1))]) {
      expect(failure).toMatchObject({ name: "PoolError", code: "lost" });
    }
    await first.wipe();
    await second.wipe();
    expect(await run(await workers.session({}), jobs.echo, 5)).toBe(5);
    expect(reasons).toEqual(["a worker is replaced: it ended by itself"]);
  });

  test("a registry that does not load is named at the session, and tried again", async () => {
    const workers = startThreads({ registry: new URL("./no-registry.ts", import.meta.url), size: 2 });
    open.push(workers);
    for (const _ of [1, 2, 3]) {
      const failure = await failureOf(workers.session({}));
      expect(failure).toMatchObject({ name: "PoolError", code: "start" });
      expect(failure.message).toContain("no-registry");
    }
  });

  test("a module that is no registry", async () => {
    const workers = startThreads({ registry: new URL("../src/errors.ts", import.meta.url), size: 1 });
    open.push(workers);
    expect((await failureOf(workers.session({}))).message).toContain("to export table()");
  });
});

describe("threads are replaced", () => {
  async function replacedAfter(
    options: { memoryBytes?: number },
    use: (session: SessionPool, at: number) => Promise<unknown>,
    sessions: number,
  ): Promise<{ readonly threads: readonly number[]; readonly reasons: readonly string[] }> {
    const reasons: string[] = [];
    const workers = threads(1, { ...options, replaced: (reason) => void reasons.push(reason) });
    const seen: number[] = [];
    for (let at = 0; at < sessions; at += 1) {
      const session = await workers.session({});
      seen.push(await run(session, jobs.thread));
      await use(session, at);
      await session.wipe();
    }
    return { threads: seen, reasons };
  }

  test("after 64 sessions over ciphertexts of others, and not for other work", async () => {
    const work = (session: SessionPool, at: number) =>
      at % 2 === 0 ? run(session, jobs.encrypted) : run(session, jobs.echo, at);
    const { threads: seen, reasons } = await replacedAfter({}, work, 129);
    expect(reasons).toEqual(["a worker is replaced: it has served 64 encrypted sessions"]);
    expect(seen.filter((thread) => thread === seen[0]).length).toBe(127);
  });

  test("after a failure of the encryption library", async () => {
    const { threads: seen, reasons } = await replacedAfter(
      {},
      (session) => failureOf(run(session, jobs.heFails)),
      2,
    );
    expect(new Set(seen).size).toBe(2);
    expect(reasons[0]).toBe("a worker is replaced: its encryption library failed");
  });

  test("when it has grown, not before", async () => {
    const grow = (session: SessionPool, at: number) => run(session, jobs.grow, at === 1 ? 2 ** 28 : 2 ** 20);
    const { threads: seen, reasons } = await replacedAfter({ memoryBytes: 2 ** 27 }, grow, 3);
    expect(seen[0]).toBe(seen[1]);
    expect(seen[2]).not.toBe(seen[0]);
    expect(reasons).toEqual([expect.stringMatching(/^a worker is replaced: it has grown to \d+ MiB$/)]);
  });

  test("and its sessions end in peace", async () => {
    const workers = threads(1);
    const [failing, other] = [await workers.session({}), await workers.session({ k: new Uint8Array(2) })];
    await failureOf(run(failing, jobs.heFails));
    const next = await workers.session({});
    expect(await run(next, jobs.thread)).not.toBe(await run(other, jobs.thread));
    expect(await run(other, jobs.read, "k")).toEqual(new Uint8Array(2));
    await other.wipe();
    await failing.wipe();
  });
});
