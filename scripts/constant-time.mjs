// @ts-check
/**
 * Checks a WebAssembly module in text (one instruction a line, as AssemblyScript writes it) against the rules of constant
 * time: what comes from memory, and all that is computed of it, is secret and may decide no branch, address, length,
 * selection or division. Parameters are secret when a call passes something secret; what is called returns secrets.
 * A rule about instructions: what an engine makes of them is its own, and docs/adr/0012 says what that leaves open.
 */

/** Operands and results of instructions, by the first name that fits; what is not here ends the check. */
/** @type {readonly [name: RegExp, operands: number, results: number][]} */
const SHAPES = [
  [/\.(bitselect|relaxed_madd)$/, 3, 1],
  [/\.(eqz|not|neg|splat|all_true|extend_\w+|wrap_i64|convert_\w+|reinterpret_\w+|clz|ctz)$/, 1, 1],
  [/^i8x16\.shuffle$|\.replace_lane$/, 2, 1],
  [/\.extract_lane\w*$/, 1, 1],
  [
    /\.(add|sub|mul|relaxed_swizzle|div\w*|rem\w*|and|andnot|or|xor|shl|shr_[su]|rot[lr]|eq|ne|[lg][te](_[su])?)$/,
    2,
    1,
  ],
];
const DIVISION = /\.(div|rem)/;

/**
 * @typedef {{ name: string, op: string, args: string[] }} Line
 * @typedef {{ name: string, params: string[], results: number, lines: Line[] }} Func
 */

/**
 * Where a module breaks the rules, but for functions whose names hold one of `exempt`: their inputs are public.
 * @param {string} wat @param {readonly string[]} exempt @returns {readonly string[]}
 */
export function violations(wat, exempt) {
  const funcs = functionsOf(wat);
  /** @type {Set<string>} */
  const secret = new Set(); // "function local"
  /** @type {Set<string>} */
  const found = new Set();
  for (let before = -1; before !== secret.size; ) {
    before = secret.size;
    for (const func of funcs.values()) {
      if (!exempt.some((part) => func.name.includes(part))) checkFunction(func, funcs, secret, found);
    }
  }
  return [...found];
}

/** @param {string} wat @returns {Map<string, Func>} */
function functionsOf(wat) {
  const bodies = wat.split(/^ (?=\(func )/m).slice(1);
  return new Map(bodies.map((text) => [nameOf(text), functionOf(text)]));
}

/** @param {string} text */
function nameOf(text) {
  return /^\(func (\S+)/.exec(text)?.[1] ?? "";
}

/** @param {string} text @returns {Func} */
function functionOf(text) {
  const [head = "", ...body] = (text.split(/^ \)/m)[0] ?? "").split("\n");
  const name = nameOf(text);
  const params = [...head.matchAll(/\(param (\$\S+) /g)].map(([, param = ""]) => param);
  const lines = body
    .map((line) => line.trim().split(" "))
    .filter(([op = ""]) => op !== "" && op !== "(local")
    .map(([op = "", ...args]) => ({ name, op, args }));
  return { name, params, results: head.includes("(result ") ? 1 : 0, lines };
}

/** What one pass over a function knows: which values on the stack are secret, and what its blocks began with. */
class Pass {
  /** @type {boolean[]} */
  stack = [];
  /** @type {{ height: number, results: number, secret: boolean }[]} */
  blocks = [];
  /** @param {Func} func @param {Set<string>} secret @param {Set<string>} found */
  constructor(func, secret, found) {
    this.func = func;
    this.secret = secret;
    this.found = found;
  }

  /** Takes values off the stack; where `branch` code follows that is never reached, there may be none. @param {number} count */
  take(count) {
    let any = false;
    for (let at = 0; at < count; at += 1) any = (this.stack.pop() ?? false) || any;
    return any;
  }

  /** @param {number} count @param {boolean} value */
  give(count, value) {
    for (let at = 0; at < count; at += 1) this.stack.push(value);
  }

  /** @param {boolean} isSecret @param {string} what */
  mustBePublic(isSecret, what) {
    if (isSecret) this.found.add(`${this.func.name}: ${what} depends on a secret`);
  }

  /** @param {string} name @param {string} local @param {boolean} isSecret */
  mark(name, local, isSecret) {
    if (isSecret) this.secret.add(`${name} ${local}`);
  }
}

/** @param {Func} func @param {Map<string, Func>} funcs @param {Set<string>} secret @param {Set<string>} found */
function checkFunction(func, funcs, secret, found) {
  const pass = new Pass(func, secret, found);
  for (const line of func.lines) {
    if (control(pass, line) || variable(pass, line) || access(pass, line)) continue;
    if (line.op === "call") call(pass, funcs, line);
    else compute(pass, line);
  }
}

/** @param {Pass} pass @param {Line} line */
function control(pass, { op, args }) {
  if (op === "if" || op === "block" || op === "loop") {
    if (op === "if") pass.mustBePublic(pass.take(1), "a branch");
    const results = args.includes("(result") ? 1 : 0;
    pass.blocks.push({ height: pass.stack.length, results, secret: false });
  } else if (op === "else" || op === "end") {
    endBlock(pass, op);
  } else if (op === "br_if") {
    pass.mustBePublic(pass.take(1), "a branch");
  } else if (op === "select") {
    pass.mustBePublic(pass.take(1), "a selection");
    pass.give(1, pass.take(2));
  } else if (op === "drop") {
    pass.take(1);
  } else {
    return ["br", "return", "unreachable", ")"].includes(op);
  }
  return true;
}

/** @param {Pass} pass @param {string} op */
function endBlock(pass, op) {
  const block = pass.blocks.at(-1);
  if (block === undefined) return;
  block.secret = pass.take(Math.min(block.results, pass.stack.length - block.height)) || block.secret;
  pass.stack.length = block.height;
  if (op === "else") return;
  pass.blocks.pop();
  pass.give(block.results, block.secret);
}

/** @param {Pass} pass @param {Line} line */
function variable(pass, { name, op, args: [local = ""] }) {
  if (op === "local.get") {
    pass.give(1, pass.secret.has(`${name} ${local}`));
  } else if (op === "local.set" || op === "local.tee") {
    const value = pass.take(1);
    pass.mark(name, local, value);
    if (op === "local.tee") pass.give(1, value);
  } else if (op === "global.get" || op.endsWith(".const")) {
    pass.give(1, false);
  } else {
    return false;
  }
  return true;
}

/** @param {Pass} pass @param {Line} line */
function access(pass, { op }) {
  if (/\.load\w*_lane$/.test(op)) {
    pass.take(1);
    pass.mustBePublic(pass.take(1), "an address");
    pass.give(1, true);
  } else if (/\.load/.test(op)) {
    pass.mustBePublic(pass.take(1), "an address");
    pass.give(1, true);
  } else if (/\.store/.test(op)) {
    pass.take(1);
    pass.mustBePublic(pass.take(1), "an address");
  } else if (op === "memory.fill" || op === "memory.copy") {
    pass.mustBePublic(pass.take(3), "an address or a length");
  } else {
    return false;
  }
  return true;
}

/** @param {Pass} pass @param {Map<string, Func>} funcs @param {Line} line */
function call(pass, funcs, { args: [callee = ""] }) {
  const func = funcs.get(callee);
  if (func === undefined) throw new Error(`${pass.func.name}: what is called is not in the text: ${callee}`);
  for (const param of [...func.params].reverse()) pass.mark(callee, param, pass.take(1));
  pass.give(func.results, true);
}

/** @param {Pass} pass @param {Line} line */
function compute(pass, { op }) {
  const shape = SHAPES.find(([name]) => name.test(op));
  if (shape === undefined) throw new Error(`${pass.func.name}: an instruction that is not known here: ${op}`);
  const value = pass.take(shape[1]);
  if (DIVISION.test(op)) pass.mustBePublic(value, "a division");
  pass.give(shape[2], value);
}
