// SPDX-License-Identifier: Apache-2.0
// Punycode (RFC 3492) with the parameters of internationalised domain names (section 5).

const BASE = 36;
const DIGITS = "abcdefghijklmnopqrstuvwxyz0123456789";

/** The ASCII form of a label that holds other characters, without its `xn--` (RFC 3492, section 6.3). */
export function punycode(label: string): string {
  const codes = Array.from(label, (character) => character.codePointAt(0) ?? 0);
  const basic = codes.filter((code) => code < 0x80);
  let output = String.fromCharCode(...basic) + (basic.length > 0 ? "-" : "");
  let [done, delta, bias, code] = [basic.length, 0, 72, 0x80];
  while (done < codes.length) {
    const next = Math.min(...codes.filter((point) => point >= code));
    delta += (next - code) * (done + 1);
    code = next;
    for (const point of codes) {
      if (point < code) delta += 1;
      if (point !== code) continue;
      output += variableLength(delta, bias);
      bias = adapted(delta, done + 1, done === basic.length);
      delta = 0;
      done += 1;
    }
    delta += 1;
    code += 1;
  }
  return output;
}

function variableLength(delta: number, bias: number): string {
  let text = "";
  let rest = delta;
  for (let at = BASE; ; at += BASE) {
    const threshold = Math.min(26, Math.max(1, at - bias));
    if (rest < threshold) return text + (DIGITS[rest] ?? "");
    text += DIGITS[threshold + ((rest - threshold) % (BASE - threshold))] ?? "";
    rest = Math.floor((rest - threshold) / (BASE - threshold));
  }
}

/** RFC 3492, section 6.1. */
function adapted(delta: number, points: number, first: boolean): number {
  let rest = Math.floor(delta / (first ? 700 : 2));
  rest += Math.floor(rest / points);
  let steps = 0;
  for (; rest > 455; steps += BASE) rest = Math.floor(rest / 35);
  return steps + Math.floor((36 * rest) / (rest + 38));
}
