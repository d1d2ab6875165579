// SPDX-License-Identifier: Apache-2.0
// What lets a person come to the desk: tokens of a real provider on the loopback, and everything that is none.
import { createPublicKey, createSecretKey } from "node:crypto";
import { base64url, exportSPKI, generateKeyPair, SignJWT } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { SignInConfig } from "../src/config-people.ts";
import { DESK_ROLES, type DeskRole, ROUTES, type Route, routeOf } from "../src/desk-routes.ts";
import { SignInError } from "../src/errors.ts";
import { admitSignedIn } from "../src/sign-in.ts";
import { CLIENT, TestProvider } from "./provider.ts";

const SUBJECT = "s-3b1f";
const GROUP = "grp-of-people";
const PEOPLE = [
  { person: "anna-p1", roles: ["analyst" as const], key: "ed25519:a", validUntil: "2030-01-01T00:00:00Z" },
  { person: "anna-p2", roles: ["lawful" as const], key: "ed25519:b", validUntil: "2030-01-01T00:00:00Z" },
];

let provider: TestProvider;
beforeAll(async () => {
  provider = await TestProvider.open({});
});
afterEach(async () => {
  await provider.stop();
  await provider.start(["first"]);
});
afterAll(() => provider.stop());

/** A desk of its own, with a clock that a test moves. */
class Desk {
  now = Date.now();
  readonly log: object[] = [];
  readonly #admit: ReturnType<typeof admitSignedIn>;

  constructor(roles: readonly DeskRole[] = ["analyst"], more: Partial<SignInConfig> = {}) {
    const { issuer, ca } = provider;
    const groups = (role: DeskRole): readonly string[] => (roles.includes(role) ? [`${GROUP}-${role}`] : []);
    const config: SignInConfig = {
      issuer,
      ca,
      client: CLIENT,
      roleClaim: "groups",
      scope: "openid",
      roles: {
        analyst: groups("analyst"),
        lawful: groups("lawful"),
        ethical: groups("ethical"),
        officer: groups("officer"),
        operator: groups("operator"),
        auditor: groups("auditor"),
      },
      ...more,
    };
    this.#admit = admitSignedIn({
      config,
      people: () => PEOPLE,
      now: () => this.now,
      log: (event) => void this.log.push(event),
    });
  }

  come(token: string | undefined, name = "draft") {
    const route = ROUTES.find((one) => one.name === name);
    if (route === undefined) throw new Error(`there is no route ${name}`);
    return this.#admit(route, token === undefined ? undefined : `Bearer ${token}`);
  }
}

const member = (...roles: readonly DeskRole[]) => ({
  sub: SUBJECT,
  groups: roles.map((role) => `${GROUP}-${role}`),
});

/** Why somebody was not let in. Nothing of the token is in it, nor in the log. */
async function refusal(desk: Desk, token: string | undefined, name?: string): Promise<SignInError> {
  const reason = await desk.come(token, name).then(
    () => expect.fail("somebody was let in"),
    (error: unknown) => error,
  );
  if (!(reason instanceof SignInError)) throw reason;
  const said = JSON.stringify([reason.message, reason.hint, reason.code, desk.log]);
  for (const secret of [SUBJECT, GROUP, ...(token ?? "").split(".").filter((part) => part.length > 8)])
    expect(said).not.toContain(secret);
  expect(desk.log).toEqual([{ event: "sign-in.refused", code: reason.code }]);
  return reason;
}

describe("a token of the issuer for our client", () => {
  it("lets its person in, whether the role is one group of many or the only one", async () => {
    const desk = new Desk();
    await desk.come(await provider.token(member("analyst")));
    await desk.come(await provider.token({ ...member("analyst"), aud: [CLIENT] }));
    await desk.come(await provider.token({ ...member("analyst"), aud: [CLIENT, "b"], azp: CLIENT }));
    await desk.come(await provider.token({ groups: ["x", `${GROUP}-analyst`] }));
    await desk.come(await provider.token({ groups: `${GROUP}-analyst` }));
    expect(desk.log).toEqual([]);
  });

  it.each<[string, Readonly<Record<string, unknown>>, string, RegExp]>([
    ["for another client", { aud: "payroll" }, "refused", /one for another client/],
    ["for nobody", { aud: undefined }, "refused", /one for another client/],
    [
      "for several, issued to another",
      { aud: [CLIENT, "payroll"], azp: "payroll" },
      "refused",
      /another client/,
    ],
    ["for several, issued to nobody named", { aud: [CLIENT, "payroll"] }, "refused", /another client/],
    ["for us, issued to another", { azp: "payroll" }, "refused", /another client/],
    ["of another issuer", { iss: "https://127.0.0.1:1" }, "refused", /another issuer's/],
    ["of no issuer", { iss: undefined }, "refused", /another issuer's/],
    ["of the issuer with a slash more", { iss: "slash" }, "refused", /another issuer's/],
    ["that has expired", { iat: -700, exp: -61 }, "expired", /your sign-in has expired/],
    ["that is thirteen hours old", { iat: -13 * 3600, exp: 600 }, "expired", /your sign-in has expired/],
    ["without an end", { exp: undefined }, "refused", /one without an end/],
    ["without a beginning", { iat: undefined }, "refused", /dated in the future, or not at all/],
    ["that begins later", { nbf: 120 }, "refused", /not valid yet/],
    ["that is dated tomorrow", { iat: 86_400, exp: 90_000 }, "refused", /dated in the future/],
    ["of nobody", { sub: undefined }, "refused", /got another one/],
    ["with too many groups", { groups: Array.from({ length: 1025 }, () => "g") }, "refused", /groups/],
  ])("is none when it is one %s", async (_, changed, code, message) => {
    const now = Math.floor(Date.now() / 1000);
    const times = Object.entries(changed).map(([name, value]) => {
      if (value === "slash") return [name, `${provider.issuer}/`];
      return [name, ["iat", "exp", "nbf"].includes(name) && typeof value === "number" ? now + value : value];
    });
    const token = await provider.token({ ...member("analyst"), ...Object.fromEntries(times) });
    const reason = await refusal(new Desk(), token);
    expect(reason).toMatchObject({
      code,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(/koplamp login/),
    });
  });

  it("may be off by a minute, as clocks are", async () => {
    const now = Math.floor(Date.now() / 1000);
    await new Desk().come(await provider.token({ ...member("analyst"), exp: now - 50 }));
    await new Desk().come(await provider.token({ ...member("analyst"), iat: now + 50, nbf: now + 50 }));
  });

  it.each(["at+jwt", "logout+jwt", "dpop+jwt"])("is none when it is of the kind %s", async (typ) => {
    const token = await provider.token(member("analyst"), { typ });
    expect(await refusal(new Desk(), token)).toMatchObject({
      message: expect.stringMatching(/another kind of token/),
    });
  });
});

describe("a forged token", () => {
  const claims = () => {
    const iat = Math.floor(Date.now() / 1000);
    return { iss: provider.issuer, aud: CLIENT, iat, exp: iat + 600, ...member("analyst") };
  };

  it("without a signature is none", async () => {
    for (const alg of ["none", "None", "NONE"]) {
      const head = base64url.encode(JSON.stringify({ alg, kid: "first" }));
      const token = `${head}.${base64url.encode(JSON.stringify(claims()))}.`;
      expect(await refusal(new Desk(), token)).toMatchObject({ code: "refused" });
    }
  });

  it("under the issuer's public key as a secret is none", async () => {
    const kids = await keysOf();
    const secrets = [...kids, Buffer.from("")].filter((secret) => secret.length > 0);
    expect(secrets.length).toBeGreaterThan(0);
    for (const alg of ["HS256", "HS384", "HS512"]) {
      for (const secret of secrets) {
        const token = await new SignJWT(claims())
          .setProtectedHeader({ alg, kid: "first" })
          .sign(createSecretKey(Buffer.concat([secret, Buffer.alloc(64 - Math.min(64, secret.length))])));
        const reason = await refusal(new Desk(), token);
        expect(reason).toMatchObject({
          code: "refused",
          message: expect.stringMatching(/in a way that does not count/),
        });
      }
    }
  });

  it("by another key is none, whether it names the issuer's key, an unknown one, or brings its own", async () => {
    const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
    const jwk = { ...createPublicKey(await exportSPKI(publicKey)).export({ format: "jwk" }) };
    const sign = (header: object) =>
      new SignJWT(claims()).setProtectedHeader({ alg: "RS256", ...header }).sign(privateKey);
    const first = await refusal(new Desk(), await sign({ kid: "first" }));
    expect(first).toMatchObject({ message: expect.stringMatching(/one that is not signed by it/) });
    const unknown = await refusal(new Desk(), await sign({ kid: "other" }));
    expect(unknown).toMatchObject({ message: expect.stringMatching(/a key that the issuer does not name/) });
    const own = await refusal(new Desk(), await sign({ kid: "first", jwk, jku: "https://127.0.0.1:1/" }));
    expect(own).toMatchObject({ message: expect.stringMatching(/one that is not signed by it/) });
  });

  it("with one bit changed anywhere is none", async () => {
    const token = await provider.token(member("analyst"));
    for (let at = 0; at < token.length; at += 37) {
      const other = token[at] === "A" ? "B" : "A";
      const reason = await refusal(new Desk(), `${token.slice(0, at)}${other}${token.slice(at + 1)}`);
      expect(reason.code).toBe("refused");
    }
  });

  it.each(["", "x", "a.b.c", "a.b", "e30.e30.e30.e30", "\u0000.a.b", `${"A".repeat(20_000)}.a.b`])(
    "of another form is none",
    async (token) => {
      expect(await refusal(new Desk(), token)).toMatchObject({ code: "refused" });
    },
  );

  it("is no different from none at all where nobody has signed in", async () => {
    expect(await refusal(new Desk(), undefined)).toMatchObject({
      code: "absent",
      message: "this node wants its people to sign in, and nobody has",
      hint: expect.stringMatching(/koplamp login/),
    });
  });
});

/** The public keys of the issuer, in the forms in which a careless verifier might take them for a secret. */
async function keysOf(): Promise<readonly Buffer[]> {
  const jwks = await provider.publicKeys();
  return jwks.flatMap((jwk) => {
    const key = createPublicKey({ key: jwk, format: "jwk" });
    return [Buffer.from(key.export({ type: "spki", format: "pem" })), Buffer.from(jwk.n, "base64url")];
  });
}

describe("the roles of a person", () => {
  it("open exactly the routes of the table, one role at a time", async () => {
    const table = await Promise.all(
      ROUTES.map(async ({ name, roles }) => {
        const desk = new Desk(DESK_ROLES);
        const may = await Promise.all(
          DESK_ROLES.map(async (role) => {
            const token = await provider.token(member(role));
            return await desk.come(token, name).then(
              () => [role],
              () => [],
            );
          }),
        );
        return [name, roles === "open" ? DESK_ROLES : roles, may.flat()] as const;
      }),
    );
    for (const [name, said, may] of table) expect([name, [...may].sort()]).toEqual([name, [...said].sort()]);
  });

  it("stand in one table: what each may do", () => {
    const may = (role: DeskRole) =>
      ROUTES.filter(({ roles }) => roles !== "open" && roles.includes(role)).map(({ name }) => name);
    expect(may("auditor")).toEqual([
      ...[
        "status",
        "standing",
        "inbox",
        "question",
        "prove-erasure",
        "withdrawals",
        "suspension",
        "exposure",
        "interests",
        "interest-audit",
      ],
    ]);
    expect(may("operator")).toEqual([
      ...["status", "standing", "pause", "unpause", "withdrawals", "withdraw", "suspension", "policy"],
    ]);
    expect(may("lawful")).toEqual([
      ...["status", "standing", "inbox", "question", "decide", "withdrawals", "suspension"],
    ]);
    expect(may("officer")).toEqual([
      ...["status", "standing", "pause", "unpause", "inbox", "question", "decide", "withdrawals"],
      ...["suspension", "suspend", "exposure", "interests", "withdraw-interest", "interest-audit"],
    ]);
    expect(may("ethical")).toEqual(may("lawful"));
    expect(ROUTES.filter(({ roles }) => roles === "open").map(({ name }) => name)).toEqual(["sign-in"]);
    for (const { roles } of ROUTES) expect(roles.length).toBeGreaterThan(0);
  });

  it("are told in the refusal, and the groups are not", async () => {
    const desk = new Desk(DESK_ROLES);
    const token = await provider.token(member("auditor"));
    expect(await refusal(desk, token)).toMatchObject({
      code: "role",
      message: "expected somebody who is analyst at this node's desk, got somebody who is auditor",
    });
    const none = await provider.token({ groups: [] });
    expect(await refusal(new Desk(), none, "status")).toMatchObject({
      code: "role",
      message: expect.stringMatching(/is nothing$/),
    });
  });

  it("are those of the configured claim only, and of whole groups", async () => {
    const { groups } = member("analyst");
    for (const claims of [
      { groups: [], roles: groups },
      { groups: { analyst: groups } },
      { groups: groups.map((group) => `${group}-x`) },
      { groups: groups.map((group) => group.slice(0, -1)) },
      { groups: groups.map((group) => group.toUpperCase()) },
      { groups: [groups] },
      { groups: `${groups.join(" ")} x` },
    ])
      expect(await refusal(new Desk(), await provider.token(claims))).toMatchObject({ code: "role" });
  });
});

describe("somebody who signed in and hands in a signature", () => {
  const refused = expect.objectContaining({ code: "role", hint: expect.any(String) });

  it("acts in the roles of the sign-in only", async () => {
    const caller = await new Desk(DESK_ROLES).come(await provider.token(member("lawful")), "decide");
    caller.expectActing("lawful", "ed25519:b");
    caller.expectActing("prosecutor", "ed25519:outside"); // whoever decides here hands in what an outsider signed
    for (const role of ["ethical", "officer", "analyst"])
      expect(() => caller.expectActing(role, "ed25519:b")).toThrow(refused);
  });

  it("signs with their own key, where subjects are bound to people", async () => {
    const subjects = new Map([[SUBJECT, "anna-p2"]]);
    const desk = new Desk(DESK_ROLES, { subjects });
    const caller = await desk.come(await provider.token(member("lawful", "analyst")), "decide");
    caller.expectActing("lawful", "ed25519:b");
    expect(() => caller.expectActing("lawful", "ed25519:a")).toThrow(refused);
    expect(() => caller.expectActing("analyst", "ed25519:a")).toThrow(refused);
    expect(() => caller.expectActing("lawful", "ed25519:c")).toThrow(refused);
    const stranger = { ...member("lawful"), sub: "s-other" };
    const other = await desk.come(await provider.token(stranger), "decide");
    expect(() => other.expectActing("lawful", "ed25519:b")).toThrow(refused);
  });
});

describe("the keys of the provider", () => {
  const HOUR = 3_600_000;

  it("serve for an hour while it does not answer, and no longer", async () => {
    const desk = new Desk();
    await desk.come(await provider.token(member("analyst")));
    await provider.stop();
    for (const ms of [0, HOUR / 2, HOUR - 60_000]) {
      desk.now = Date.now() + ms;
      await desk.come(await provider.token(member("analyst"), {}, desk.now));
    }
    desk.now = Date.now() + HOUR + 1000;
    const token = await provider.token(member("analyst"), {}, desk.now);
    expect(await refusal(desk, token)).toMatchObject({
      code: "provider",
      hint: expect.stringMatching(/koplamp node doctor/),
    });
  });

  it("let nobody in when it never answered, nor when it names itself otherwise", async () => {
    const token = await provider.token(member("analyst"));
    const slash = new Desk(["analyst"], { issuer: `${provider.issuer}/` });
    expect(await refusal(slash, token)).toMatchObject({ code: "provider" });
    const foreign = new Desk(["analyst"], { ca: (await TestProvider.authority()).certificate });
    expect(await refusal(foreign, token)).toMatchObject({ code: "provider" });
    await provider.stop();
    const desk = new Desk();
    expect(await refusal(desk, token)).toMatchObject({ code: "provider" });
  });

  it("are read again for a token by a new one, but not for every unknown one", async () => {
    const desk = new Desk();
    await desk.come(await provider.token(member("analyst")));
    await provider.stop();
    await provider.start(["second", "first"]);
    const token = await provider.token(member("analyst"));
    expect(await refusal(desk, token)).toMatchObject({ message: expect.stringMatching(/does not name/) }); // they were read just now
    desk.now += 11_000;
    await desk.come(token);
    await provider.stop();
    await provider.start(["second"]);
    const old = await provider.token(member("analyst"), { kid: "first" });
    desk.now += 11 * 60_000;
    desk.log.length = 0;
    expect(await refusal(desk, old)).toMatchObject({ code: "refused" }); // it has been taken away
  });
});

it("what is on no route does not exist", () => {
  const hash = `sha256:${"a".repeat(64)}`;
  expect(routeOf("GET", `/v1/inbox/${hash}`)).toMatchObject({ route: { name: "question" }, hash });
  for (const [method, url] of [
    ["GET", "/v1/inbox/HASH"],
    ["POST", "/v1/inbox"],
    ["GET", "/v1/status?x"],
    ["GET", "/v1/status/"],
    ["GET", "//v1/status"],
    ["GET", `/v1/inbox/${hash}/../../status`],
    ["GET", `/v1/status/${hash}`],
    ["HEAD", "/v1/status"],
    ["", ""],
  ] as const)
    expect(routeOf(method, url)).toBeUndefined();
  const routes: readonly Route[] = ROUTES;
  expect(new Set(routes.map(({ method, path }) => `${method} ${path}`)).size).toBe(routes.length);
});
