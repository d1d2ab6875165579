// SPDX-License-Identifier: Apache-2.0
// Opens a relay, a server and two lines, uses them, closes them all, and must then end by itself.
import { frameOf, sessionOf } from "./frames.ts";
import { federation, Net, take } from "./net.ts";

const net = new Net(await federation("alice", "bob"));
const { port } = await net.serve(net.relay());
const [alice, bob] = [await net.dial("alice", port), await net.dial("bob", port)];
const done = Promise.withResolvers<void>();
await alice.post("bob", new Uint8Array(1));
await take(bob.posts(), 1);
await alice.push(frameOf("alice", "bob", { seq: 0 }));
const idle = take(alice.pull(sessionOf(1), done.promise), 1);
await take(bob.pull(sessionOf(1), done.promise), 1);
done.resolve();
await idle;
await net.close();
process.stdout.write("closed\n");
