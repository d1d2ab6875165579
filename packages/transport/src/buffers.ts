// SPDX-License-Identifier: Apache-2.0

/** The same memory under the type that the generated code asks for. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
