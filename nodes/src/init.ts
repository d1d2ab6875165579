// SPDX-License-Identifier: Apache-2.0
import { randomFillSync } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { EXAMPLE_CASES, EXAMPLE_POLICY } from "@koplamp/covenant";
import { publicKeyText } from "@koplamp/crypto";
import type { NodeKeys } from "@koplamp/engine";
import { nodePrimitives } from "@koplamp/pool";
import { PARTY_ID } from "@koplamp/query";
import { writeKeys } from "@koplamp/store";
import { createAuthority, issueCertificate } from "@koplamp/transport";
import { base64, hex } from "@koplamp/wire";
import { StartError } from "./errors.ts";

/** The flags of `node init`. */
export interface InitFlags {
  readonly party?: string | undefined;
  readonly name?: string | undefined;
  readonly federation?: string | undefined;
  readonly out?: string | undefined;
}

/**
 * Makes a new node's keys, a certificate of an authority of its own, a commented node.yaml, and `join.json`: the public
 * part, which the other agencies need for the covenant and the roster. Secrets never leave the folder.
 */
export async function initNode(flags: InitFlags, print: (text: string) => void): Promise<number> {
  const party = required(flags, "party");
  const [name, federation] = [required(flags, "name"), required(flags, "federation")];
  if (!PARTY_ID.test(party)) {
    throw new StartError("usage", `expected a party id ([a-z][a-z0-9-]{0,31}), got "${party}"`);
  }
  const dir = resolve(flags.out ?? party);
  if (existsSync(join(dir, "node.yaml"))) {
    throw new StartError("files", `${dir} holds a node already`, "name another folder with --out");
  }
  const keys = freshKeys();
  await mkdir(join(dir, "tls"), { recursive: true, mode: 0o700 });
  writeKeys(join(dir, "keys"), keys);
  const authority = await createAuthority(federation);
  const machine = await issueCertificate(authority, { federation, party });
  await writeFile(join(dir, "tls", "machine.crt"), machine.certificate);
  await writeFile(join(dir, "tls", "machine.key"), machine.key, { mode: 0o600 });
  await writeFile(join(dir, "tls", "ca.crt"), authority.certificate);
  await writeFile(
    join(dir, "join.json"),
    `${JSON.stringify(publicPart(party, name, keys, machine.pin), null, 2)}\n`,
  );
  await mkdir(join(dir, "policy"), { mode: 0o700 });
  await writeFile(join(dir, "policy", "base.cedar"), EXAMPLE_POLICY, { mode: 0o600 });
  await writeFile(join(dir, "policy", "cases.yaml"), EXAMPLE_CASES, { mode: 0o600 });
  await writeFile(join(dir, "node.yaml"), nodeYaml(party, federation), { mode: 0o600 });
  print(`${dir}`);
  print("  keys/       secret; back it up, show it to nobody");
  print("  tls/        the machine's certificate; replace it by one of your own authority if you have one");
  print("  join.json   public: give it to the other agencies for covenant, card and roster");
  print("  policy/     an example of own policies, which can only narrow the covenant; not in force yet");
  print("  node.yaml   fill in the covenant's hash, the relay and your sources");
  print(
    "people who ask and approve keep their own keys: koplamp key new --out NAME.key; the public part goes on the card",
  );
  print(`next  koplamp node doctor --config ${join(dir, "node.yaml")}`);
  return 0;
}

function required(flags: InitFlags, name: "party" | "name" | "federation"): string {
  const value = flags[name];
  if (value !== undefined && value !== "") return value;
  throw new StartError("usage", `--${name} is missing`, "koplamp node init --help");
}

function freshKeys(): NodeKeys {
  const secret = (length = 32): Uint8Array => randomFillSync(new Uint8Array(length));
  return {
    identity: secret(),
    ledger: secret(),
    witness: secret(),
    covenant: secret(),
    storage: secret(),
    sealX25519: secret(),
    sealMlKem: secret(64),
    people: {}, // they keep their own
  };
}

/** What the others need to know: public keys and pins. */
function publicPart(party: string, name: string, keys: NodeKeys, pin: string): object {
  const primitives = nodePrimitives();
  const key = (seed: Uint8Array): string => publicKeyText(primitives.ed25519PublicKey(seed));
  const mlkem768 = primitives.mlKemKeyPair(keys.sealMlKem).publicKey;
  return {
    koplamp: "join/v1",
    party,
    name,
    covenant: key(keys.covenant),
    identity: key(keys.identity),
    ledger: key(keys.ledger),
    witness: key(keys.witness),
    seal: {
      x25519: base64(primitives.x25519KeyPair(keys.sealX25519).publicKey),
      mlkem768Hash: `sha256:${hex(primitives.sha256(mlkem768))}`,
      mlkem768: base64(mlkem768),
    },
    tlsPins: [pin],
  };
}

function nodeYaml(party: string, federation: string): string {
  return `koplamp: node/v1
party: ${party}                        # our id in the covenant
federations:
  - id: ${federation}
    covenant: sha256:…               # the hash that people read out to each other; everything follows from it
    charter: charter                 # folder with the signed covenant, cards and roster
    coordinators:                    # dialled out, never in
      - url: https://relay.example.nl:443
        pins: [sha256:…]             # of the relay's key; a certificate authority alone is not enough
identity:
  keys: keys                         # seeds of this machine; only its owner may read them
  certificate: tls/machine.crt
  key: tls/machine.key
  ca: tls/ca.crt
sources: {}
#  vessels:
#    file: /srv/data/vessels.parquet  # exactly this file: .csv .tsv .parquet .json .jsonl
#    columns:                         # what is not listed does not exist for a question
#      imo:  { kind: imo }
#      flag: { kind: category }
#    subject: imo                     # the unit that minCount protects; absent: the row
# people:                             # whoever may open the socket is at the desk; with this they sign in first
#   oidc: { issuer: https://login.example.nl, client: koplamp, roleClaim: groups }   # ca: FILE; scope: openid groups
#   roles: { analyst: [GROUP], lawful: [GROUP], ethical: [GROUP], officer: [GROUP], operator: [GROUP], auditor: [GROUP] }
#   subjects: { SUBJECT: p1 }         # absent: any person with the role; keys sign in any case
# policy: policy/                     # own Cedar policies; what none permits is refused: koplamp policy check
# state: state                        # ledger, caches, the desk's socket
# limits: { workers: auto, grace: 30 s, backend: auto }   # native, kernel or wasm: that backend alone
# log: { level: info }
`;
}
