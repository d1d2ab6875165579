// SPDX-License-Identifier: Apache-2.0

/** The languages in which a contract can be read. */
export type Language = "nl" | "en";

/** `a, b and c`. */
export function listed(names: readonly string[], lang: Language): string {
  const last = names.at(-1) ?? "";
  if (names.length < 2) return last;
  return `${names.slice(0, -1).join(", ")} ${lang === "nl" ? "en" : "and"} ${last}`;
}

/** A number with separators of thousands: 1,383 or 1.383. */
export function grouped(value: number | string, lang: Language): string {
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, lang === "nl" ? "." : ",");
}

/** Bytes in a unit that fits. */
export function bytesText(bytes: number, lang: Language): string {
  const units = ["B", "KB", "MB", "GB"];
  let [value, at] = [bytes, 0];
  while (value >= 1000 && at < units.length - 1) {
    value /= 1000;
    at += 1;
  }
  const digits = at > 0 && value < 10 ? value.toFixed(1) : String(Math.round(value));
  return `${lang === "nl" ? digits.replace(".", ",") : digits} ${units[at]}`;
}

/** Seconds as a person would say them. */
export function secondsText(seconds: number, lang: Language): string {
  const [about, under, hours] = lang === "nl" ? ["ongeveer", "minder dan", "uur"] : ["about", "under", "h"];
  if (seconds < 1) return `${under} 1 s`;
  if (seconds < 120) return `${about} ${Math.round(seconds)} s`;
  return seconds < 7200
    ? `${about} ${Math.round(seconds / 60)} min`
    : `${about} ${Math.round(seconds / 3600)} ${hours}`;
}
