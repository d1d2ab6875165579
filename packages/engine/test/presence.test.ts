// SPDX-License-Identifier: Apache-2.0
import { PeerLost } from "@koplamp/protocol";
import { expect, it } from "vitest";
import { Presence } from "../src/index.ts";
import { Federation, TestClock } from "./federation.ts";

it("a peer that was given up is waited for again once its line is up, though it has said nothing", async () => {
  const all = new Federation({ anna: ["x"], bert: ["x"] }, { coordinator: false });
  const { line, ports } = all.machine("anna");
  const { post } = ports;
  const presence = new Presence(line, post, new TestClock(), 20);
  const lost = post.receive("bert", "a-topic");
  await all.machine("bert").line.close();
  const over = Promise.withResolvers<void>();
  const watching = presence.watch(["bert"], over.promise);
  await expect(lost).rejects.toThrow(PeerLost);
  await expect(post.receive("bert", "a-topic")).rejects.toThrow(PeerLost);
  over.resolve();
  await watching;

  const back = all.relay.line("bert");
  let settled = false;
  const again = post.receive("bert", "a-topic").finally(() => (settled = true));
  again.catch(() => {}); // it ends with the post
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(settled).toBe(false);
  presence.close();
  await back.close();
  await all.close();
});
