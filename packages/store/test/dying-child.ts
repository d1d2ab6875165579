// SPDX-License-Identifier: Apache-2.0
// Writes one allowance, and kills itself when SQLite is given a certain statement. The store knows nothing of it.
import { DatabaseSync } from "node:sqlite";
import { openStore } from "../src/store.ts";
import { allowed } from "./leaves.ts";

const [, , file = "", statement = ""] = process.argv;
const store = openStore(file);
const { prepare, exec } = DatabaseSync.prototype;
const die = (text: string): void => {
  if (text.startsWith(statement)) process.kill(process.pid, "SIGKILL"); // does not return
};
DatabaseSync.prototype.prepare = function (text, ...more) {
  die(text);
  return prepare.call(this, text, ...more);
};
DatabaseSync.prototype.exec = function (text) {
  die(text);
  exec.call(this, text);
};
store.append([allowed("b", 7)], [{ budget: "evaluations/k/b", amount: 7n }]);
