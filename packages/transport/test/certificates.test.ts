// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createAuthority, issueCertificate } from "../src/certificates.ts";
import { partyIn, spkiPin } from "../src/tls.ts";

describe("certificates", () => {
  it("name the party, chain to their authority, and have a pin that only their key has", async () => {
    const authority = await createAuthority("ships-nl");
    const alice = await issueCertificate(authority, {
      federation: "ships-nl",
      party: "alice",
      hosts: ["a.example"],
    });
    const again = await issueCertificate(authority, { federation: "ships-nl", party: "alice" });
    const parsed = new X509Certificate(alice.certificate);
    const issuer = new X509Certificate(authority.certificate);
    expect(partyIn(parsed)).toBe("alice");
    expect(parsed.checkIssued(issuer) && parsed.verify(issuer.publicKey)).toBe(true);
    expect(parsed.ca).toBe(false);
    expect(issuer.ca).toBe(true);
    expect(parsed.checkHost("a.example")).toBe("a.example");
    expect(parsed.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(alice.pin).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(spkiPin(parsed)).toBe(alice.pin);
    expect(again.pin).not.toBe(alice.pin);
  });

  it("hold from and until the dates asked for", async () => {
    const authority = await createAuthority("ships-nl");
    const fromMs = Date.UTC(2020, 0, 1);
    const old = await issueCertificate(authority, { federation: "f", party: "alice", fromMs, days: 1 });
    const parsed = new X509Certificate(old.certificate);
    expect([parsed.validFromDate.getTime(), parsed.validToDate.getTime()]).toEqual([
      fromMs,
      fromMs + 86_400_000,
    ]);
  });

  it("that name no party, or an impossible one, belong to nobody", async () => {
    const authority = await createAuthority("ships-nl");
    expect(partyIn(new X509Certificate(authority.certificate))).toBeUndefined();
    const odd = await issueCertificate(authority, { federation: "f", party: "alice/../bob" });
    expect(partyIn(new X509Certificate(odd.certificate))).toBeUndefined();
  });
});
