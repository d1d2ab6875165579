// SPDX-License-Identifier: Apache-2.0
// What a coordinator may try besides keeping, changing and misdelivering what it relays: other rosters, keys, plans and
// sessions than the others have, false words, letters from before, and strangers.
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { PartyId } from "@koplamp/protocol";
import { openPost } from "@koplamp/transport";
import type { Line, Posted } from "@koplamp/wire";
import type { CoordinatorPorts, SessionChannel } from "../src/index.ts";
import { type Federation, primitives, rng, type Wishes } from "./federation.ts";
import { hub, lines, type Said, type Script, says } from "./hostile-coordinator.ts";
import { PARTIES } from "./hostile-stage.ts";

const OTHER = `sha256:${"ab".repeat(32)}` as const;
const text = (value: object): Uint8Array => new Uint8Array(Buffer.from(JSON.stringify(value)));

/** What the coordinator believes of the federation is not what the nodes do. */
const AGREEMENT: readonly Script[] = [
  {
    name: "another roster",
    wishes: hub(({ membership }) => ({ membership: { ...membership, rosterHash: OTHER } })),
  },
  {
    name: "an earlier covenant",
    wishes: hub(({ membership }) => ({ membership: { ...membership, covenantHash: OTHER } })),
  },
  ...tickets("another plan", (ticket) => ({ ...ticket, planHash: OTHER })),
  ...tickets("another contract", (ticket) => ({ ...ticket, contractHash: OTHER })),
  ...tickets("the roster of before", (ticket) => ({ ...ticket, rosterHash: OTHER })),
  ...tickets("another protocol", (ticket) => ({ ...ticket, protocol: "sum-threshold/1" })),
  ...tickets("a protocol that nobody has", (ticket) => ({ ...ticket, protocol: "x/1" })),
  ...tickets("other parameters", (ticket) => ({ ...ticket, rowsPadded: [512, 512, 512] })),
  ...tickets("one contributor less", (ticket) => ({
    ...ticket,
    contributors: ["anna", "cleo"],
    rowsPadded: [256, 256],
  })),
  ...tickets("one party less", (ticket) => ({ ...ticket, parties: ["anna", "cleo"] })),
  ...tickets("a stranger among the parties", (ticket) => ({ ...ticket, parties: [...PARTIES, "dora"] })),
  ...tickets("another shape", (ticket) => ({ ...ticket, shape: "pairs" })),
  ...tickets("another recipient", (ticket) => ({ ...ticket, recipients: ["bert"] })),
  ...tickets("a higher floor", (ticket) => ({ ...ticket, minCount: 100 })).map(falsely),
  ...tickets("another label", (ticket) => ({ ...ticket, label: "1/2" })),
];

/** The same change to every ticket, so that they agree; and to anna's alone, as if she had said it. */
function tickets(
  name: string,
  change: (ticket: Readonly<Record<string, unknown>>) => object,
): readonly Script[] {
  const altered = (which: (from: PartyId) => boolean): Wishes =>
    hub(({ post }) => ({
      post: {
        ...post,
        listen: (prefix, handler) =>
          post.listen(prefix, (from, topic, body) => {
            const whole =
              prefix !== "ticket/" || !which(from) ? body : text(change(JSON.parse(`${Buffer.from(body)}`)));
            handler(from, topic, whole);
          }),
      },
    }));
  return [
    { name: `${name}, as if all had asked for it`, wishes: altered(() => true) },
    { name: `${name}, as if one had asked for it`, wishes: altered((from) => from === "anna") },
  ];
}

function falsely(script: Script): Script {
  return { ...script, false: true };
}

const ready = (topic: string): boolean => topic.includes("/ready/");
const hello = (topic: string): boolean => topic.endsWith("/hello");
const receipt = (topic: string): boolean => topic.includes("/receipt/");

/** One thing said in place of another, wherever the topic is of that kind. */
function instead(
  name: string,
  kind: (topic: string) => boolean,
  change: (to: PartyId, topic: string, body: Uint8Array) => Said,
): Script {
  return {
    name,
    wishes: says((to, topic, body) => (kind(topic) ? change(to, topic, body) : [[to, topic, body]])),
  };
}

const stop = (code: string, party: string, more = {}): Uint8Array =>
  text({ code, hint: "", message: "it was them", party, rule: null, ...more });

/** Words of its own: nonces, hands, receipts, ends. */
const WORDS: readonly Script[] = [
  instead("another nonce for each node", ready, (to, topic) => [[to, topic, rng(16)]]),
  instead("another nonce for one node", ready, (to, topic, body) => [
    [to, topic, to === "anna" ? rng(16) : body],
  ]),
  instead("a nonce that is too long", ready, (to, topic) => [[to, topic, rng(17)]]),
  instead("no nonce", ready, () => []),
  instead("a nonce for one node only", ready, (to, topic, body) =>
    to === "anna" ? [[to, topic, body]] : [],
  ),
  instead("two nonces", ready, (to, topic, body) => [
    [to, topic, body],
    [to, topic, rng(16)],
  ]),
  instead("a nonce for another session", ready, (to, topic, body) => [
    [to, topic.replace("0/1", "0/2"), body],
  ]),
  instead("a nonce for another question", ready, (to, _topic, body) => [
    [to, `q/${"0".repeat(32)}/ready/0/1`, body],
  ]),
  instead("other keys for each node", hello, (to, topic, body) => [[to, topic, turned(body, to.length)]]),
  instead("its hello to one node only", hello, (to, topic, body) =>
    to === "anna" ? [[to, topic, body]] : [],
  ),
  instead("two hellos", hello, (to, topic, body) => [
    [to, topic, turned(body, 40)],
    [to, topic, body],
  ]),
  instead("its hello in another session", hello, (to, topic, body) => [
    [to, topic.replace(/[0-9a-f]{32}/, "0".repeat(32)), body],
  ]),
  reflecting("the node's own hello back", (from, to) => from === to),
  reflecting("another node's hello as its own", (from, to) => from !== to),
  { ...withEarlier("the hello of the session before"), again: true },
  { name: "a key that is on no roster, under receipts", wishes: hub(() => ({ identity: randomBytes(32) })) },
  instead("no receipts", receipt, () => []),
  instead("receipts to one node only", receipt, (to, topic, body) =>
    to === "anna" ? [[to, topic, body]] : [],
  ),
  instead("receipts for another line", receipt, (to, topic, body) => [
    [to, topic.replace(/\w+$/, "anna"), body],
  ]),
  instead("the same nonce for ever", ready, (to, topic) => [[to, topic, new Uint8Array(16)]]),
  ...(["integrity", "internal", "quota", "refused", "nonsense"] as const).map((code) =>
    instead(`a stop that blames bert: ${code}`, ready, (to, topic) => [
      [to, stopTopic(topic), stop(code, "bert")],
    ]),
  ),
  instead("a stop for one node only", ready, (to, topic, body) => [
    to === "anna" ? [to, stopTopic(topic), stop("stopped", "coordinator")] : [to, topic, body],
  ]),
  instead("a stop of 300 kB", ready, (to, topic) => [
    [to, stopTopic(topic), stop("stopped", "bert", { message: "x".repeat(300_000) })],
  ]),
  instead("an end of the channel in the middle of the handshake", hello, (to, topic, body) => [
    [to, topic.replace("hello", "end"), new Uint8Array()],
    [to, topic, body],
  ]),
];

const stopTopic = (topic: string): string => topic.replace(/ready\/.*/, "stop");
const turned = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.map((byte, place) => (place === at % bytes.length ? byte ^ 1 : byte));

/** Hands back hellos that came: to whoever they are from, or to the others. */
function reflecting(name: string, which: (from: PartyId, to: PartyId) => boolean): Script {
  const heard = new Map<PartyId, Uint8Array>();
  const wishes: Wishes = {
    post: (post, party) =>
      party !== "coordinator"
        ? post
        : {
            ...post,
            receive: async (from, topic) => {
              const body = await post.receive(from, topic);
              if (hello(topic)) heard.set(from, body);
              return body;
            },
            send: async (to, topic, body) => {
              if (!hello(topic)) return await post.send(to, topic, body);
              for (let ms = 0; ms < 1000 && heard.size < PARTIES.length; ms += 10) await sleep(10);
              const [, other = body] = [...heard].find(([from]) => which(from, to)) ?? [];
              await post.send(to, topic, other);
            },
          },
  };
  return { name, wishes };
}

/** Says in a session what it said in the one before. */
function withEarlier(name: string): Script {
  const said = new Map<PartyId, Uint8Array>();
  return instead(name, hello, (to, topic, body) => {
    const before = said.get(to) ?? body;
    said.set(to, body);
    return [[to, topic, before]];
  });
}

/** Its channel with one function changed. */
const channel = (name: string, change: (channel: SessionChannel) => Partial<SessionChannel>): Script => ({
  name,
  wishes: hub(({ openChannel }) => ({
    openChannel: async (request) => {
      const open = await openChannel(request);
      return { ...open, ...change(open) };
    },
  })),
});

const session = (
  name: string,
  change: (request: Parameters<CoordinatorPorts["openChannel"]>[0]) => object,
): Script => ({
  name,
  wishes: hub(({ openChannel }) => ({
    openChannel: (request) => openChannel({ ...request, ...change(request) }),
  })),
});

/** Frames and sessions of its own. */
const SESSIONS: readonly Script[] = [
  session("another transcript", () => ({ transcript: rng(32) })),
  session("another session", () => ({ session: rng(16) })),
  session("a session without one of the nodes", ({ peers }) => ({ peers: peers.slice(1) })),
  {
    ...channel("false counts", ({ send }) => ({
      send: (to, type, bytes) =>
        send(
          to,
          type,
          bytes.map(() => 0),
        ),
    })),
    false: true,
  },
  {
    ...channel("other counts for each recipient", ({ send }) => ({
      send: (to, type, bytes) => send(to, type, to === "anna" ? bytes : bytes.map(() => 0)),
    })),
    false: true,
  },
  channel("counts of another length", ({ send }) => ({
    send: (to, type, bytes) => send(to, type, bytes.slice(1)),
  })),
  channel("no counts", () => ({ send: async () => {} })),
  channel("counts for one recipient only", ({ send }) => ({
    send: async (to, type, bytes) => (to === "anna" ? await send(to, type, bytes) : undefined),
  })),
  channel("counts twice", ({ send }) => ({
    send: async (to, type, bytes) => {
      await send(to, type, bytes);
      await send(to, type, bytes);
    },
  })),
  channel("counts for whoever gets none", ({ send }) => ({
    send: async (_to, type, bytes) => {
      for (const party of PARTIES) await send(party, type, bytes);
    },
  })),
  channel("a message of another type", ({ send }) => ({ send: (to, _type, bytes) => send(to, "T", bytes) })),
  channel("words of a party: a root, a commitment, ready", ({ send }) => ({
    send: async (to) => {
      for (const type of ["R", "commit", "echo", "alpha", "ready"]) await send(to, type, rng(32));
    },
  })),
  ...["R", "C", "ready"].map((type) =>
    channel(`"${type}" before anything was sent`, ({ receive, send }) => {
      let said = false;
      return {
        receive: async (from) => {
          if (!said) for (const party of PARTIES) await send(party, type, rng(32));
          said = true;
          return await receive(from);
        },
      };
    }),
  ),
  channel("a notice that it has logged, though it has no ledger", ({ gate, receive }) => ({
    receive: async (from) => {
      await gate.send(from, text({ leaves: [], proofs: [], release: 0 }));
      return await receive(from);
    },
  })),
  channel("an end as soon as hands are shaken", ({ abort, receive }) => ({
    receive: (from) => {
      abort(new Error("no"));
      return receive(from);
    },
  })),
  channel("an end once it has everything", ({ abort }) => ({ send: async () => abort(new Error("no")) })),
  hearing("one node's ticket is not heard", (from, hand) => void (from !== "bert" && hand())),
  hearing("every ticket is heard twice", (_from, hand) => {
    hand();
    hand();
  }),
  hearing("no ticket is heard", () => {}),
  hearing(
    "one node's ticket is heard late",
    (from, hand) => void (from === "bert" ? setTimeout(hand, 300) : hand()),
  ),
];

function hearing(name: string, change: (from: PartyId, hand: () => void) => void): Script {
  return {
    name,
    wishes: hub(({ post }) => ({
      post: {
        ...post,
        listen: (prefix, handler) =>
          post.listen(prefix, (from, topic, body) => change(from, () => handler(from, topic, body))),
      },
    })),
  };
}

/** Keeps what it has handed on, and hands all of it on again: its queue is what it was. */
const backAgain = (after: number): Wishes =>
  lines((line) => ({
    posts: async function* (): AsyncGenerator<Posted, void> {
      const handed: Posted[] = [];
      for await (const posted of line.posts()) {
        handed.push(posted);
        yield posted;
        if (handed.length === after) yield* [...handed];
      }
    },
  }));

const framesAgain = (after: number): Wishes =>
  lines((line) => ({
    pull: async function* (id, done): AsyncGenerator<Uint8Array, void> {
      const handed: Uint8Array[] = [];
      for await (const frame of line.pull(id, done)) {
        handed.push(frame);
        yield frame;
        if (handed.length === after) yield* [...handed];
      }
    },
  }));

/** Who is there, as the relay tells it; frames take so long that somebody is looked for. */
const present = (name: string, change: (line: Line, party: PartyId) => Line["onPresence"]): Script => ({
  name,
  wishes: lines((line, party) => ({
    onPresence: change(line, party),
    push: async (frame) => {
      await sleep(25);
      await line.push(frame);
    },
  })),
});

/** The past, and who is there. */
const STATE: readonly Script[] = [
  ...[3, 9, 20, 40].map(
    (after): Script => ({ name: `all letters again after ${after}`, wishes: backAgain(after) }),
  ),
  ...[1, 2, 4].map(
    (after): Script => ({ name: `all frames again after ${after}`, wishes: framesAgain(after) }),
  ),
  present("everybody is away", (line) => (listener) => line.onPresence((party) => listener(party, false))),
  present(
    "bert is away",
    (line) => (listener) => line.onPresence((party, online) => listener(party, online && party !== "bert")),
  ),
  present("nobody is ever named", () => () => () => {}),
  present("everybody comes and goes", (line) => (listener) => {
    const known = new Set<PartyId>();
    let online = true;
    const timer = setInterval(() => {
      online = !online;
      for (const party of known) listener(party, online);
    }, 20);
    const stop = line.onPresence((party) => void known.add(party));
    return () => {
      clearInterval(timer);
      stop();
    };
  }),
  present("a stranger is there", (line) => (listener) => {
    listener("dora", true);
    return line.onPresence(listener);
  }),
];

/** Posts as somebody, with a key of one's own, to all, under the topics that nodes listen to. */
function strangerSays(name: string, me: PartyId): Script {
  return {
    name,
    besides: (all: Federation) => {
      const { addresses } = all.membership;
      const [identity, sealX25519, sealMlKem] = [randomBytes(32), randomBytes(32), randomBytes(64)];
      const line = all.relay.line(me);
      const post = openPost({ line, me, identity, addresses, primitives, rng, sealX25519, sealMlKem });
      const topics = [
        "offer/1",
        "propose/",
        `people/${"0".repeat(32)}`,
        "witness/add/1",
        "boot/1",
        "withdraw/",
      ];
      for (const to of [...PARTIES, "coordinator"].filter((party) => party !== me))
        for (const topic of [...topics, "ticket/1/0/1"]) post.send(to, topic, text({})).catch(() => {}); // it may be shut
    },
  };
}

/** Strangers, and members that somebody else plays. */
const STRANGERS: readonly Script[] = [
  strangerSays("a stranger with a card of its own making", "dora"),
  strangerSays("a member's name under another key", "bert"),
  strangerSays("the coordinator's name under another key", "coordinator"),
  {
    name: "letters in the coordinator's own name, of everything that only members say",
    wishes: says((to, topic, body) =>
      ready(topic)
        ? [
            ...[
              "offer/1",
              "propose/",
              `people/${topic.slice(2, 34)}`,
              "witness/add/1",
              `${topic.slice(0, 35)}verdict`,
            ].map((name) => [to, name, text({})] as const),
            [to, topic, body],
          ]
        : [[to, topic, body]],
    ),
  },
  { name: "two coordinators at once", besides: (all) => all.startSecondCoordinator() },
];

/** Every script of a coordinator's own. */
export const SCRIPTS: readonly Script[] = [...AGREEMENT, ...WORDS, ...SESSIONS, ...STATE, ...STRANGERS].map(
  (script) => ({ ...script, wishes: { graceMs: 100, ...script.wishes } }),
);
