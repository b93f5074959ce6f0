/**
 * Adds to the lockfile what a registry mirror can make npm leave out: the builds for other platforms of packages such as
 * Biome. A mirror that lags has not all of them; npm then drops them from the lockfile, and `npm ci` refuses it.
 *
 * The added entries have no integrity hash, since it cannot be known here; npm installs them on those platforms alone.
 *
 * Usage: `node tools/complete-lockfile.mjs`, after `npm install` has changed the lockfile.
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

/**
 * @typedef {object} LockEntry
 * @property {string} [version]
 * @property {boolean} [dev]
 * @property {boolean} [optional]
 * @property {readonly string[]} [os]
 * @property {readonly string[]} [cpu]
 * @property {readonly string[]} [libc]
 * @property {Record<string, string>} [optionalDependencies]
 */

/** @typedef {{ packages: Record<string, LockEntry> }} Lock */

const systems = ["android", "darwin", "freebsd", "linux", "openharmony", "win32"];
/** Names of processors in packages' names, and what Node calls them. */
const processors = new Map([
  ["aarch64", "arm64"],
  ["arm", "arm"],
  ["arm64", "arm64"],
  ["armv7", "arm"],
  ["ia32", "ia32"],
  ["loong64", "loong64"],
  ["ppc64", "ppc64"],
  ["riscv64", "riscv64"],
  ["s390x", "s390x"],
  ["x64", "x64"],
]);

/**
 * Adds an entry for each optional dependency that has none.
 * @param {Lock} lock content of `package-lock.json`
 * @returns {{ lock: Lock, added: readonly string[] }} the completed lockfile, sorted as npm sorts it, and what is new
 * @throws {Error} when such a package names no platform or no exact version: then nobody can say what to write
 */
export function completeLockfile(lock) {
  /** @type {Record<string, LockEntry>} */
  const missing = {};
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (!isLocked(lock, path, name)) {
        missing[`node_modules/${name}`] = foreignEntry(name, version, entry.dev === true);
      }
    }
  }
  const packages = Object.entries({ ...lock.packages, ...missing });
  packages.sort(([left], [right]) => left.localeCompare(right, "en"));
  return { lock: { ...lock, packages: Object.fromEntries(packages) }, added: Object.keys(missing) };
}

/**
 * @param {Lock} lock
 * @param {string} dependent
 * @param {string} name
 */
function isLocked(lock, dependent, name) {
  // As Node resolves: in the dependent's own node_modules, then in that of each package around it.
  const levels = dependent.split("/node_modules/");
  return (
    levels.some(
      (_, depth) => `${levels.slice(0, depth + 1).join("/node_modules/")}/node_modules/${name}` in lock.packages,
    ) || `node_modules/${name}` in lock.packages
  );
}

/**
 * @param {string} name
 * @param {string} version
 * @param {boolean} dev
 * @returns {LockEntry}
 */
function foreignEntry(name, version, dev) {
  const words = name.split(/[/-]/);
  const os = systems.find((system) => words.includes(system));
  const cpu = words.map((word) => processors.get(word)).find((processor) => processor !== undefined);
  if (os === undefined || cpu === undefined || !/^\d+\.\d+\.\d+$/.test(version)) {
    throw new Error(`cannot tell the platform or version of the optional dependency ${name}@${version}`);
  }
  const musl = words.some((word) => word.startsWith("musl"));
  return {
    version,
    cpu: [cpu],
    ...(dev ? { dev } : {}),
    ...(os === "linux" ? { libc: [musl ? "musl" : "glibc"] } : {}),
    optional: true,
    os: [os],
  };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const file = new URL("../package-lock.json", import.meta.url);
  const { lock, added } = completeLockfile(JSON.parse(readFileSync(file, "utf8")));
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(
    added.length === 0 ? "package-lock.json is complete" : `added ${added.length} entries:\n${added.join("\n")}`,
  );
}
