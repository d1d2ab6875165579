// SPDX-License-Identifier: Apache-2.0
// The thirteenth encoding: what the matching protocols make of an identifier before anybody's secret covers it.
import { admitCharter } from "@koplamp/covenant";
import { hashToGroup, POINT_BYTES } from "@koplamp/crypto";
import { chooseGroup, nodePrimitives } from "@koplamp/pool";
import type { NodeClient } from "@koplamp/sdk";
import { readCharter } from "@koplamp/store";
import { inputEncoder, NORM_VERSION } from "@koplamp/wire";
import type { Needle, Planted } from "./needles.ts";

type Plan = Awaited<ReturnType<NodeClient["explain"]>>["plan"];

const ELEMENT = "unblinded element";

/**
 * H1(in(x)) of every identifier of one register, raw and in hex: whoever has it can try out identifiers. `charter` is
 * the folder of a machine's charter, `first` the index of the register's first identifier among all that were planted.
 */
export async function elementNeedles(
  { purpose, protocol, inputs }: Plan,
  charter: string,
  register: { readonly identifiers: readonly Planted[]; readonly first: number },
): Promise<readonly Needle[]> {
  const primitives = nodePrimitives();
  const encode = inputEncoder({
    covenantId: admitCharter(readCharter(charter), primitives).covenant.id,
    purposeId: purpose,
    epoch: protocol.epoch ?? "",
    keySpec: inputs[0]?.kinds.join("+") ?? "",
    normVersion: NORM_VERSION,
  });
  const { group } = await chooseGroup();
  const { identifiers, first } = register;
  const points = hashToGroup(
    group,
    primitives,
    identifiers.map(({ canonical }) => encode([canonical])),
  );
  return identifiers.flatMap((_, at) => {
    const element = Buffer.from(points.slice(at * POINT_BYTES, (at + 1) * POINT_BYTES));
    const forms = [element, Buffer.from(element.toString("hex"))];
    return forms.map((bytes) => ({ bytes, encoding: ELEMENT, planted: first + at }));
  });
}
