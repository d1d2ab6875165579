// SPDX-License-Identifier: Apache-2.0
// Loaded before a daemon's own program (`--import`): marks the places of points.ts in the source text as it is loaded,
// and kills a process there when a file says so. The program knows nothing of it; the tree is never changed.
import { appendFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { editOnLoad } from "../sabotage/child.ts";
import { MARKS, ORDER_FILE, type Order, SEEN_FILE } from "./points.ts";

editOnLoad(MARKS);

Object.assign(globalThis, {
  koplampAt: (place: string): void => {
    if (!existsSync(ORDER_FILE)) return;
    const order = JSON.parse(readFileSync(ORDER_FILE, "utf8")) as Order; // written by the test
    if (order.place !== place) return;
    rmSync(ORDER_FILE);
    process.kill(order.pid, "SIGKILL"); // where it is this process, the call does not return
  },
  koplampSaw: (way: string, peer: string, frame: Uint8Array): void => {
    const hash = `sha256:${Buffer.from(frame).toString("hex")}`;
    appendFileSync(SEEN_FILE, `${JSON.stringify({ way, peer, frame: hash })}\n`);
  },
});
