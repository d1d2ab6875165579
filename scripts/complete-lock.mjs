// @ts-check
/**
 * Adds to package-lock.json a placeholder for each optional package that the registry in use could not
 * serve: without it `npm ci` refuses the lock. npm skips a placeholder whose os, cpu or libc differ, and
 * fetches it by name and version where they fit. Plain JavaScript: it runs before the pinned Node exists.
 *
 *   node scripts/complete-lock.mjs          repairs the file
 *   node scripts/complete-lock.mjs --check  exits 1 if a repair is needed
 */
import { readFileSync, writeFileSync } from "node:fs";

const FILE = "package-lock.json";
const lock = JSON.parse(readFileSync(FILE, "utf8"));

/** @type {[name: string, version: string][]} */
const missing = Object.entries(lock.packages).flatMap(([path, entry]) =>
  Object.entries(entry.optionalDependencies ?? {}).filter(
    ([name]) => !(`${path}/node_modules/${name}` in lock.packages || `node_modules/${name}` in lock.packages),
  ),
);

if (process.argv.includes("--check")) {
  if (missing.length > 0) {
    process.stderr.write(`error: ${FILE} lacks ${missing.length} optional packages\nhint: npm run lock\n`);
    process.exitCode = 1;
  }
} else if (missing.length > 0) {
  for (const [name, version] of missing) lock.packages[`node_modules/${name}`] = placeholder(name, version);
  const npmOrder = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en"));
  writeFileSync(FILE, `${JSON.stringify({ ...lock, packages: Object.fromEntries(npmOrder) }, null, 2)}\n`);
}

/** @param {string} name @param {string} version */
function placeholder(name, version) {
  const os = /android|darwin|freebsd|openbsd|linux|openharmony|win32/.exec(name)?.[0];
  const cpu = /arm64|aarch64|arm|ia32|loong64|ppc64|riscv64|s390x|x64/.exec(name)?.[0];
  if (os === undefined || cpu === undefined) throw new Error(`${name}: no platform in the name`);
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    throw new Error(`${name}: not an exact version: ${version}`);
  const libc = name.includes("musl") ? ["musl"] : /linux.*gnu/.test(name) ? ["glibc"] : undefined;
  return {
    version,
    optional: true,
    os: [os],
    cpu: [cpu === "aarch64" ? "arm64" : cpu],
    ...(libc && { libc }),
  };
}
