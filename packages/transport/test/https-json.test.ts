// SPDX-License-Identifier: Apache-2.0
// Asking an identity provider: over TLS of a known authority, one answer, of a bounded size.
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { afterEach, expect, it } from "vitest";
import { createAuthority, httpsJson, issueCertificate } from "../src/index.ts";

let close = async (): Promise<void> => {};
afterEach(() => close());

/** A server that answers as a test wants. */
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const authority = await createAuthority("login");
  const { certificate, key } = await issueCertificate(authority, { federation: "login", party: "login" });
  const server = createServer({ cert: certificate, key }, answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  close = () =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  return { url: new URL(`https://127.0.0.1:${port}/a?b=c`), ca: authority.certificate };
}

it("gives the status and the JSON, of a GET and of a form", async () => {
  const { url, ca } = await serve((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.once("end", () =>
      response
        .writeHead(418)
        .end(JSON.stringify([request.method, request.url, body, request.headers.authorization])),
    );
  });
  expect(await httpsJson({ url, ca })).toEqual({ status: 418, body: ["GET", "/a?b=c", "", null] });
  expect(await httpsJson({ url, ca, form: { x: "a b&c" } })).toEqual({
    status: 418,
    body: ["POST", "/a?b=c", "x=a+b%26c", null],
  });
});

it("follows no redirect", async () => {
  let asked = 0;
  const { url, ca } = await serve((_, response) => {
    asked += 1;
    response.writeHead(302, { location: "/elsewhere" }).end("{}");
  });
  expect(await httpsJson({ url, ca })).toMatchObject({ status: 302 });
  expect(asked).toBe(1);
});

it.each<[string, string, (response: ServerResponse) => void]>([
  ["too much", "too-large", (response) => response.end(JSON.stringify("a".repeat(2 ** 18)))],
  ["no JSON", "invalid-frame", (response) => response.end("<html>secret</html>")],
  [
    "an end before the end",
    "unreachable",
    (response) => response.writeHead(200, { "content-length": 9 }).write("{"),
  ],
])("refuses %s, and repeats none of it", async (_, code, answer) => {
  const { url, ca } = await serve((__, response) => {
    answer(response);
    if (code === "unreachable") setTimeout(() => response.destroy(), 20);
  });
  const reason = await httpsJson({ url, ca }).catch((error: unknown) => error);
  expect(reason).toMatchObject({ name: "TransportError", code });
  expect(String(reason)).not.toMatch(/secret|aaa/);
});

it("asks nobody without TLS, and nobody under another authority", async () => {
  const { url } = await serve((_, response) => response.end("{}"));
  const plain = new URL(url.href.replace("https", "http"));
  await expect(httpsJson({ url: plain })).rejects.toMatchObject({ code: "refused" });
  await expect(httpsJson({ url })).rejects.toMatchObject({ code: "unreachable" });
  const { certificate } = await createAuthority("another");
  await expect(httpsJson({ url, ca: certificate })).rejects.toMatchObject({ code: "unreachable" });
});
