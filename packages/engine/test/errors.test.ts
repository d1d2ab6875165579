// SPDX-License-Identifier: Apache-2.0
import { TransportError } from "@koplamp/transport";
import { expect, it } from "vitest";
import { asEngineError } from "../src/errors.ts";

it("a session that the relay has forgotten is the coordinator's, not that of the node whose line says so", () => {
  const said = "expected the relay that began the session, got another one";
  const error = asEngineError(new TransportError("expired", said), "anna");
  expect(error).toMatchObject({ code: "unreachable", party: "coordinator" });
  expect(asEngineError(new TransportError("limit", "too much"), "anna")).toMatchObject({
    code: "limits",
    party: "anna",
  });
});
