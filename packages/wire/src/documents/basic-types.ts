// SPDX-License-Identifier: Apache-2.0
// What the fields of documents are made of.

/** `sha256:` and 64 lower-case hex digits. */
export type Hash = string;
/** `ed25519:` and base64 of 32 bytes. */
export type PublicKey = string;
/** `YYYY-MM-DDThh:mm:ssZ`. */
export type Time = string;
/** An ISO 8601 duration of days, months or years. */
export type Period = string;
/** Dutch, English or both. */
export type Text = { readonly nl?: string; readonly en?: string };
/** Query classes by intrusion, A to F. */
export type QueryClass = "A" | "B" | "C" | "D" | "E" | "F";
