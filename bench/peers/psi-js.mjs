// SPDX-License-Identifier: Apache-2.0
// @ts-check
/**
 * One intersection by @openmined/psi.js: two lists of `items` names, of which half are common. Both sides in one process,
 * their messages as bytes, with the raw data structure: the others may name an item that the other does not hold.
 *
 *   node psi-js.mjs 98304   ->   {"cpuMs", "wallMs", "shared", "right"}
 */
import PSI from "@openmined/psi.js";

const items = Number(process.argv[2]);
const psi = await PSI();
const names = (/** @type {number} */ from) => Array.from({ length: items }, (_, at) => `item ${from + at}`);
const [held, asked] = [names(0), names(Math.floor(items / 2))];

const [cpu, wall] = [process.cpuUsage(), performance.now()];
const server = psi.server.createWithNewKey(true);
const client = psi.client.createWithNewKey(true);
const setup = server.createSetupMessage(0, items, held, psi.dataStructure.Raw).serializeBinary();
const request = client.createRequest(asked).serializeBinary();
const response = server.processRequest(psi.request.deserializeBinary(request)).serializeBinary();
const found = client.getIntersection(
  psi.serverSetup.deserializeBinary(setup),
  psi.response.deserializeBinary(response),
);
const { user, system } = process.cpuUsage(cpu);
const right = [...found].sort((a, b) => a - b).every((place, at) => place === at);
process.stdout.write(
  JSON.stringify({
    cpuMs: (user + system) / 1000,
    wallMs: performance.now() - wall,
    shared: found.length,
    right: right && found.length === items - Math.floor(items / 2),
  }),
);
