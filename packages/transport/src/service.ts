// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from "node:url";
import { type GrpcObject, loadPackageDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import type { ProtoGrpcType } from "./gen/session.ts";

const protos = fileURLToPath(new URL("../../../protos", import.meta.url));

/** The session service as the protocol file describes it. The options are those of the generated types. */
export const sessionService: ProtoGrpcType["koplamp"]["session"]["v1"]["SessionService"] = load();

function load(): ProtoGrpcType["koplamp"]["session"]["v1"]["SessionService"] {
  const definition = loadSync("koplamp/session/v1/session.proto", {
    includeDirs: [protos],
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
  });
  const loaded: GrpcObject = loadPackageDefinition(definition);
  // Safe because `check:protos` holds the generated types and the protocol file together.
  return (loaded as unknown as ProtoGrpcType).koplamp.session.v1.SessionService;
}
