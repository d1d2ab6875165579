// SPDX-License-Identifier: Apache-2.0
// The same protocols on ristretto255, and our own frozen values: two backends must agree on every byte.
import { type Group, loadSodium, nobleGroup } from "@koplamp/crypto";
import { MemoryVault, runJob } from "@koplamp/protocol";
import { hex, utf8 } from "@koplamp/wire";
import { beforeAll, describe, expect, it } from "vitest";
import { oraclePrimitives as primitives } from "../../crypto/test/oracle-primitives.ts";
import { findKernelGroup } from "../../pool/src/index.ts";
import {
  hubCoordinator,
  hubNode,
  type Matched,
  matchTokensParty,
  newInputs,
  openCache,
  psiJobs,
  tellMatches,
} from "../src/index.ts";
import { Federation, inputsOf } from "./federation.ts";

let sodium: Group;
beforeAll(async () => {
  sodium = await loadSodium();
});

const PARTIES = ["douane", "kmar", "nvwa"];
const LISTS: Readonly<Record<string, readonly string[]>> = {
  douane: ["9187629", "9074729", "1234567"],
  kmar: ["9187629", "1234567", "9319466"],
  nvwa: ["9187629"],
};
const packed = Object.fromEntries(Object.entries(LISTS).map(([party, list]) => [party, inputsOf(list)]));

function prepared(group: Group): Federation {
  const federation = new Federation(group, primitives, PARTIES, "frozen");
  federation.pad = () => 8;
  federation.ceremony();
  for (const party of PARTIES) federation.evaluate(party, inputsOf(LISTS[party] ?? []));
  return federation;
}

/** Everything that left in a ceremony, three evaluations, a match and a count, as one hash. */
function everything(group: Group): {
  readonly answer: unknown;
  readonly counts: unknown;
  readonly hash: string;
} {
  const federation = prepared(group);
  const setups = federation.matchSetups(packed, ["douane"]);
  const match = federation.run(
    Object.fromEntries(setups.map((setup) => [setup.me, matchTokensParty(setup, federation.rng)])),
  );
  const nodes = federation.overlapSetups(packed, ["kmar"], { shape: "histogram", atLeast: null });
  const [first] = nodes;
  if (first === undefined) throw new Error("no node");
  const count = federation.run({
    ...Object.fromEntries(nodes.map((setup) => [setup.me, hubNode(setup, federation.rng)])),
    coordinator: hubCoordinator(first),
  });
  const sent = [...match.transcript, ...count.transcript].map(
    ({ from, to, type, bytes }) => `${from} ${to} ${type} ${hex(bytes)}`,
  );
  return {
    answer: tellMatches(match.outputs.get("douane") as Matched, "holders", 2),
    counts: count.outputs.get("kmar"),
    hash: hex(primitives.sha256(utf8(sent.join("\n")))),
  };
}

describe("on ristretto255", () => {
  it("match and count are right, and every backend sends the same bytes", () => {
    const run = everything(sodium);
    expect(run.answer).toEqual([
      { item: 0, holders: ["douane", "kmar", "nvwa"] },
      { item: 2, holders: ["douane", "kmar"] },
    ]);
    expect(run.counts).toEqual({ cells: ["1", "2", "3"], counts: [2, 1, 1] });
    for (const group of [nobleGroup(), findKernelGroup(sodium).group]) {
      if (group !== undefined) expect(everything(group).hash).toBe(run.hash);
    }
  });
});

describe("frozen values", () => {
  const bytes = (value: number, length = 32): Uint8Array => new Uint8Array(length).fill(value);

  it.each(["sodium", "noble"])("of keyset/1 and evaluate/1, by %s", (name) => {
    const group = name === "noble" ? nobleGroup() : sodium;
    const jobs = new Map(psiJobs({ group, primitives }));
    const vault = new MemoryVault();
    const share = runJob(jobs, vault, "psi.keyset.create", [bytes(1), "douane", bytes(2)]) as {
      commitment: Uint8Array;
      opening: Uint8Array;
    };
    expect(hex(vault.get("k"))).toBe("10a4dd798e0226d41c4e1129424560d9cb97435a7ca184a5e6a2e66c4de85902");
    expect(hex(share.opening)).toBe(
      "f001d31ac78ca9a933c155bba6b19e98e5d328687234a203a89f2debab456b390e999ad4b67312a54dce449ac702ee12913588a5f0528e94a9ea41e02dbec900f9a692a923f4cf347d8372f16c8819f8ff2b78dbc6b51cb87ec0248c14e6af0a75479a1dc33e99582351e006588e62ef877e1164d82541e081320f8ba98d2c4a",
    );
    expect(hex(share.commitment)).toBe("d74171673f577874ec1f931ece6e23ed89930537e403a66e5be5462256f00cf4");

    const federation = prepared(group);
    const vaults = new MemoryVault({ cacheKey: federation.site("nvwa").cacheKey.slice() });
    const { inputs, scope, chunks } = federation.items("nvwa", inputsOf(["9187629"]));
    runJob(jobs, vaults, openCache.name, [scope, chunks]);
    expect(runJob(jobs, vaults, newInputs.name, [inputs])).toEqual(new Uint32Array());
    runJob(jobs, vaults, "psi.cache.load", [inputs]);
    const { kmar = bytes(0) } = federation.keySet?.keys ?? {};
    expect(hex(kmar)).toBe("e037ff48807f4f0a2e63959193b7e85d31d6b54f1aaf02781043e21513912558");
    expect(hex(vaults.get("s"))).toBe("730a6ac9ad0bacffb187bf2af27fe672df958b3fbe4f25480b955d46231ec54e");
  });

  it("of a token, a hub token, masked numbers and a group secret", () => {
    const jobs = new Map(psiJobs({ group: sodium, primitives }));
    const secrets = {
      s: bytes(1),
      distinct: Uint8Array.of(0, 0, 0, 1),
      "group/use": bytes(2),
      "exporter/kmar": bytes(3),
    };
    const vault = new MemoryVault(secrets);
    const run = (name: string, ...args: readonly unknown[]): string =>
      hex(runJob(jobs, vault, name, args) as Uint8Array);
    const sid = bytes(4);
    expect(run("psi.tokens.make", { sid, from: "douane", to: "kmar" }, 1, bytes(5))).toBe(
      "6a3a2a5c6f899643fab1c4c8a2ba674f",
    );
    expect(run("psi.tokens.make", { sid, from: "", to: "kmar" }, 1, bytes(5))).toBe(
      "ca3bf519593c9129b371617df8c68c2c",
    );
    expect(run("psi.tokens.hub", { sid, use: "use" }, 1, bytes(5))).toBe("11db6b5bb247cc1161c86baea1dde7c7");
    expect(run("psi.tokens.padding", { sid, me: "douane", among: ["douane", "kmar"] }, 256)).toBe(
      "db8b59400023884c3ce6d949c14aea47",
    );
    expect(run("psi.tokens.items", { sid, me: "douane", among: ["douane", "kmar"] })).toBe(
      "35ea7cb0b17febf8d4cbe2f854861ad2",
    );
    runJob(jobs, vault, "crypto.group-secret.derive", [bytes(6, 64), bytes(7), "use"]);
    expect(hex(vault.get("group/use"))).toBe(
      "d3687255e8467e090b4c22f631cd7daf5c7c08b54e9f471149cbc4522f62553c",
    );
  });
});
