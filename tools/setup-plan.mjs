/**
 * What set-up decides, apart from what it does: functions of data, so that they can be tested on any machine.
 * @module
 */

/** The oldest Node that runs set-up itself. Everything after it runs on the packaged Node 24. */
export const oldestNodeForSetup = 20;

/** A problem that a person has to solve, and how. Set-up prints both and exits with code 3. */
export class SetupProblem extends Error {
  /**
   * @param {string} message what is wrong
   * @param {string} remedy what to do about it
   * @param {ErrorOptions} [options]
   */
  constructor(message, remedy, options) {
    super(message, options);
    this.name = "SetupProblem";
    this.remedy = remedy;
  }
}

/**
 * Says what to do when the running Node is too old for set-up.
 * @param {string} version such as `process.versions.node`
 * @returns {SetupProblem | undefined} undefined when it is new enough
 */
export function nodeProblem(version) {
  if (Number.parseInt(version, 10) >= oldestNodeForSetup) {
    return undefined;
  }
  return new SetupProblem(
    `Set-up needs Node ${oldestNodeForSetup} or newer; this is Node ${version}.`,
    `Install a newer Node (any from ${oldestNodeForSetup} on will do: Tandem brings its own Node 24), then try again.`,
  );
}

/**
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {boolean} [optional] may be missing after an install, as packages for other platforms are
 * @property {boolean} [devOptional]
 * @property {boolean} [link]
 * @property {boolean} [inBundle]
 */

/** @typedef {{ packages?: Record<string, LockedPackage> }} Lockfile */

/**
 * Compares the lockfile with the one that npm leaves in `node_modules`, which lists what is installed there.
 * @param {Lockfile} wanted content of `package-lock.json`
 * @param {Lockfile | undefined} installed content of `node_modules/.package-lock.json`; undefined when there is none
 * @returns {string | undefined} the first reason to install, undefined when everything is there
 */
export function staleness(wanted, installed) {
  if (installed === undefined) {
    return "no packages are installed";
  }
  for (const [path, entry] of Object.entries(wanted.packages ?? {})) {
    if (path === "" || entry.link === true) {
      continue;
    }
    const present = installed.packages?.[path];
    if (present === undefined && (entry.optional === true || entry.devOptional === true)) {
      continue;
    }
    if (present?.version !== entry.version) {
      const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
      return `${name} is ${present?.version ?? "missing"}, wanted ${entry.version}`;
    }
  }
  return undefined;
}

/**
 * Takes the folders that an install replaces off the search path. npm scripts put `node_modules/.bin` first, where an
 * install deletes the very `node` that would run it.
 * @param {string} searchPath the PATH
 * @param {string} separator `:` or `;`
 * @returns {string} the PATH without them
 */
export function pathOutsidePackages(searchPath, separator) {
  return searchPath
    .split(separator)
    .filter((dir) => !/[/\\]node_modules[/\\]/.test(`${dir}/`))
    .join(separator);
}

/**
 * Words a failed `npm ci`.
 * @param {number | string | null} status exit code, signal or error code of npm
 * @returns {SetupProblem}
 */
export function installProblem(status) {
  if (status === "ENOENT") {
    return new SetupProblem("Set-up needs npm, and there is none on the PATH.", "Install npm, then try again.");
  }
  return new SetupProblem(
    `npm ci failed (${status}); what it printed is above.`,
    "Check the network and npm's registry and proxy settings (npm config list), then try again.",
  );
}
