// SPDX-License-Identifier: Apache-2.0
// What somebody puts in the register of the own agency, and takes back, as they sign it. It never leaves the own node.
import { z } from "zod";
import { isTime } from "../time.ts";
import { bytes32, hash, party, publicKey, time } from "./fields.ts";
import type { InterestWord, OwnInterest } from "./types.ts";

const WORDS = z.string().min(1, "expected some words").max(200, "expected at most 200 letters");
const WHEN = z.string().refine(isTime, "expected an instant as YYYY-MM-DDThh:mm:ssZ");
const AROUND = z.strictObject({ latitudeMicro: z.int(), longitudeMicro: z.int(), metres: z.int() });

/** An interest with what its own desk needs. The values of a kind are checked where its items are made. */
export const ownInterestForm: z.ZodType<OwnInterest> = z.strictObject({
  interest: z.union([
    z.strictObject({
      kind: z.literal("presence"),
      place: z.union([AROUND, z.strictObject({ municipality: z.string() })]),
      from: WHEN,
      to: WHEN,
    }),
    z.strictObject({
      kind: z.string().refine((kind) => kind !== "presence"),
      values: z.array(z.string()).readonly(),
    }),
  ]),
  reference: WORDS,
  desk: WORDS,
  by: WORDS,
  expires: WHEN,
});

/** `interest/v1`: an interest is added, or the word that added it is taken back. */
export const interestWordForm: z.ZodType<InterestWord> = z
  .strictObject({
    koplamp: z.literal("interest/v1"),
    covenantHash: hash,
    party,
    action: z.enum(["add", "withdraw"], "expected add or withdraw"),
    own: ownInterestForm.nullable(),
    previous: hash.nullable(),
    by: publicKey,
    at: time,
    salt: bytes32,
  })
  .refine(({ action, own }) => (action === "add") === (own !== null), {
    message: "expected an interest where one is added, and only there",
    path: ["own"],
  })
  .refine(({ action, previous }) => (action === "withdraw") === (previous !== null), {
    message: "expected the hash of the word that is taken back, and only there",
    path: ["previous"],
  });
