// SPDX-License-Identifier: Apache-2.0
import { fromUtf8, utf8 } from "@koplamp/wire";
import { expect, test } from "vitest";
import { PostInbox } from "../src/post-inbox.ts";

test("what nobody reads is bounded per sender in number: the oldest makes room", async () => {
  const inbox = new PostInbox();
  inbox.deliver("fiod", "kept", utf8("fine"));
  const dropped = Array.from({ length: 1100 }, (_, at) => inbox.deliver("douane", `n/${at}`, utf8(`${at}`)));
  expect(dropped.filter((reason) => reason === "too much unread").length).toBe(76);
  expect(fromUtf8(await inbox.receive("douane", "n/76"))).toBe("76");
  expect(fromUtf8(await inbox.receive("douane", "n/1099"))).toBe("1099");
  const oldest = inbox.receive("douane", "n/75");
  inbox.fail("n/", new Error("it was dropped"));
  await expect(oldest).rejects.toThrow("it was dropped");
  expect(fromUtf8(await inbox.receive("fiod", "kept"))).toBe("fine");
});

test("and in bytes", async () => {
  const inbox = new PostInbox();
  const body = new Uint8Array(15 * 2 ** 20);
  const dropped = Array.from({ length: 6 }, (_, at) => inbox.deliver("douane", `${at}`, body));
  expect(dropped.filter((reason) => reason !== undefined).length).toBe(2);
  expect(await inbox.receive("douane", "2")).toBe(body);
});

test("failed prefixes are remembered up to a bound, the newest ones", async () => {
  const inbox = new PostInbox();
  for (let at = 0; at < 1025; at += 1) inbox.fail(`q/${at}/`, new Error(`${at} is over`));
  await expect(inbox.receive("douane", "q/1/step")).rejects.toThrow("1 is over");
  await expect(inbox.receive("douane", "q/1024/step")).rejects.toThrow("1024 is over");
  inbox.deliver("douane", "q/0/step", utf8("taken again"));
  expect(fromUtf8(await inbox.receive("douane", "q/0/step"))).toBe("taken again");
});
