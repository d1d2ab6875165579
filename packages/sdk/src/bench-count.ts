// SPDX-License-Identifier: Apache-2.0
import type { Group } from "@koplamp/crypto";
import { POINT_BYTES, SCALAR_BYTES, UNIFORM_BYTES, WEIGHT_BYTES } from "@koplamp/crypto";

/** Elements that went through each operation of a group, by its name. */
export type Operations = Readonly<Record<string, number>>;

/** A group that works as before, and what went through it since it was last asked. Scalars are not counted. */
export interface CountedGroup {
  readonly group: Group;
  /** The counts, which begin again at nothing. */
  readonly taken: () => Operations;
}

/** Counts the elements of every operation on elements. */
export function countedGroup(group: Group): CountedGroup {
  let counts: Record<string, number> = {};
  const count = (name: string, elements: number): void => {
    counts[name] = (counts[name] ?? 0) + elements;
  };
  const { hashMessages } = group;
  const counted: Group = {
    ...scalarsOf(group),
    hashToGroup: (uniform) => {
      count("hashToGroup", uniform.length / UNIFORM_BYTES);
      return group.hashToGroup(uniform);
    },
    ...(hashMessages === undefined
      ? {}
      : {
          hashMessages: (messages, dst) => {
            const points = hashMessages.call(group, messages, dst);
            if (points !== undefined) count("hashToGroup", messages.length);
            return points;
          },
        }),
    decodeCheck: (points) => {
      count("decodeCheck", points.length / POINT_BYTES);
      group.decodeCheck(points);
    },
    mulSame: (scalar, points) => {
      count("mulSame", points.length / POINT_BYTES);
      return group.mulSame(scalar, points);
    },
    mulBase: (scalars) => {
      count("mulBase", scalars.length / SCALAR_BYTES);
      return group.mulBase(scalars);
    },
    mulPoint: (point, scalars) => {
      count("mulPoint", scalars.length / SCALAR_BYTES);
      return group.mulPoint(point, scalars);
    },
    addEach: (left, right) => {
      count("addEach", left.length / POINT_BYTES);
      return group.addEach(left, right);
    },
    subEach: (left, right) => {
      count("subEach", left.length / POINT_BYTES);
      return group.subEach(left, right);
    },
    msm: (weights, points) => {
      count("msm", weights.length / WEIGHT_BYTES);
      return group.msm(weights, points);
    },
  };
  return {
    group: counted,
    taken: () => {
      const taken = counts;
      counts = {};
      return taken;
    },
  };
}

/** What is done with scalars alone, and the name. */
function scalarsOf(
  group: Group,
): Pick<Group, "name" | "reduce" | "scalarAdd" | "scalarSub" | "scalarMul" | "scalarInvert" | "scalarCheck"> {
  return {
    name: group.name,
    reduce: (wide) => group.reduce(wide),
    scalarAdd: (left, right) => group.scalarAdd(left, right),
    scalarSub: (left, right) => group.scalarSub(left, right),
    scalarMul: (left, right) => group.scalarMul(left, right),
    scalarInvert: (scalar) => group.scalarInvert(scalar),
    scalarCheck: (scalars, nonZero) => group.scalarCheck(scalars, nonZero),
  };
}
