// SPDX-License-Identifier: Apache-2.0
// A real OpenID provider on the loopback, under an authority of the test's own, and the browser of one who signs in.
import { createServer, request, type Server } from "node:https";
import { createServer as createPlainServer } from "node:net";
import { createAuthority, issueCertificate } from "@koplamp/transport";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { Provider } from "oidc-provider";

/** The name under which the provider knows the desk. */
export const CLIENT = "koplamp";
const DEVICE = "urn:ietf:params:oauth:grant-type:device_code";

type PrivateKey = Awaited<ReturnType<typeof generateKeyPair>>["privateKey"];
type PublicJwk = Readonly<Record<"kty" | "n" | "e", string>>;

/** One provider, its people and their groups. */
export class TestProvider {
  readonly issuer: string;
  readonly ca: string;
  readonly #port: number;
  readonly #tls: { readonly cert: string; readonly key: string };
  readonly #groups: Readonly<Record<string, readonly string[]>>;
  #server: Server | undefined;
  #keys: readonly { readonly kid: string; readonly key: PrivateKey }[] = [];

  private constructor(
    port: number,
    ca: string,
    tls: { readonly cert: string; readonly key: string },
    groups: Readonly<Record<string, readonly string[]>>,
  ) {
    this.issuer = `https://127.0.0.1:${port}`;
    this.ca = ca;
    this.#port = port;
    this.#tls = tls;
    this.#groups = groups;
  }

  static async open(groups: Readonly<Record<string, readonly string[]>>): Promise<TestProvider> {
    const authority = await createAuthority("login");
    const { certificate, key } = await issueCertificate(authority, { federation: "login", party: "login" });
    const tls = { cert: certificate, key };
    const provider = new TestProvider(await freePort(), authority.certificate, tls, groups);
    await provider.start(["first"]);
    return provider;
  }

  /** Another authority than that of any provider. */
  static authority(): Promise<{ readonly certificate: string }> {
    return createAuthority("another");
  }

  /** Its keys, as everybody can read them. */
  async publicKeys(): Promise<readonly PublicJwk[]> {
    return await Promise.all(
      this.#keys.map(async ({ key }) => {
        const { kty = "", n = "", e = "" } = await exportJWK(key);
        return { kty, n, e };
      }),
    );
  }

  /** Serves with fresh keys of these names. */
  async start(kids: readonly string[]): Promise<void> {
    const known = this.#keys;
    const keys = await Promise.all(
      kids.map(async (kid) => {
        const old = known.find((one) => one.kid === kid);
        return old ?? { kid, key: (await generateKeyPair("RS256", { extractable: true })).privateKey };
      }),
    );
    this.#keys = keys;
    const jwks = await Promise.all(
      keys.map(async ({ kid, key }) => ({ ...(await exportJWK(key)), kid, alg: "RS256", use: "sig" })),
    );
    const provider = new Provider(this.issuer, {
      clients: [
        {
          client_id: CLIENT,
          token_endpoint_auth_method: "none",
          grant_types: [DEVICE],
          response_types: [],
          redirect_uris: [],
          application_type: "native",
        },
      ],
      jwks: { keys: jwks },
      scopes: ["openid", "groups"],
      claims: { openid: ["sub"], groups: ["groups"] },
      conformIdTokenClaims: false,
      ttl: { AccessToken: 600, DeviceCode: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
      cookies: { keys: ["a test"] },
      features: { deviceFlow: { enabled: true } },
      findAccount: (_, id) => ({
        accountId: id,
        claims: () => ({ sub: id, groups: [...(this.#groups[id] ?? [])] }),
      }),
    });
    const server = createServer(this.#tls, provider.callback());
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  /** A token by a key of the provider, with what a test wants otherwise than usual. */
  async token(
    claims: JWTPayload & Readonly<Record<string, unknown>> = {},
    header: Readonly<Record<string, string>> = {},
    nowMs: number = Date.now(),
  ): Promise<string> {
    const [first] = this.#keys;
    if (first === undefined) throw new Error("the provider has no key");
    const iat = Math.floor(nowMs / 1000);
    const usual = { iss: this.issuer, aud: CLIENT, sub: "s-1", groups: [], iat, exp: iat + 600 };
    return await new SignJWT({ ...usual, ...claims })
      .setProtectedHeader({ alg: "RS256", kid: first.kid, ...header })
      .sign(first.key);
  }

  /** Signs somebody in who follows a link, as a browser would: every form is sent on, until none is left. */
  async browse(link: string, login: string): Promise<string> {
    const jar = new Map<string, string>();
    let { html, url } = await this.#page(jar, new URL(link));
    for (let pages = 0; pages < 12; pages += 1) {
      const form = /<form[^>]*action="([^"]+)"[^>]*>([\s\S]*?)<\/form>/.exec(html);
      if (form === null) return html;
      const inputs = [...(form[2] ?? "").matchAll(/<input[^>]*name="([^"]+)"[^>]*>/g)];
      const fields = Object.fromEntries(
        inputs.map(([tag, name]) => [name, /value="([^"]*)"/.exec(tag)?.[1] ?? ""]),
      );
      if ("login" in fields) Object.assign(fields, { login, password: "x" });
      ({ html, url } = await this.#page(jar, new URL(form[1] ?? "", url), { confirm: "yes", ...fields }));
    }
    throw new Error("the provider's pages come to no end");
  }

  async #page(
    jar: Map<string, string>,
    url: URL,
    form?: Readonly<Record<string, string>>,
  ): Promise<{ readonly html: string; readonly url: URL }> {
    const body = form === undefined ? undefined : new URLSearchParams(form).toString();
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { cookie, ...(body && { "content-type": "application/x-www-form-urlencoded" }) };
    const method = body === undefined ? "GET" : "POST";
    const { promise, resolve, reject } = Promise.withResolvers<[string, string | undefined]>();
    const asking = request(url, { method, headers, ca: this.ca, agent: false }, (answer) => {
      for (const line of answer.headers["set-cookie"] ?? []) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        jar.set(name, value);
      }
      let html = "";
      answer.setEncoding("utf8").on("data", (text: string) => {
        html += text;
      });
      answer.once("end", () => resolve([html, answer.headers.location]));
    });
    asking.once("error", reject).end(body);
    const [html, location] = await promise;
    return location === undefined ? { html, url } : await this.#page(jar, new URL(location, url));
  }
}

async function freePort(): Promise<number> {
  const server = createPlainServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return address !== null && typeof address === "object" ? address.port : 0;
}
