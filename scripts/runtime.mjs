// @ts-check
// `npm run` puts the pinned Node first on the PATH. Say so plainly when it did not.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  process.stderr.write(`error: Koplamp needs Node 24.15 or newer, this is ${process.version}\n`);
  process.stderr.write("hint: run it through npm (npm test, npm run …, npm exec -- node …) after npm ci\n");
  process.exitCode = 1;
}
