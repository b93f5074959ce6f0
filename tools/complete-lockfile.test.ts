import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { completeLockfile } from "./complete-lockfile.mjs";

describe("a lockfile without other platforms' packages", () => {
  test("gains them with their platforms, for development only where their dependent is", () => {
    const { lock, added } = completeLockfile({
      packages: {
        "node_modules/a": {
          version: "1.2.3",
          dev: true,
          optionalDependencies: {
            "@a/cli-linux-x64": "1.2.3",
            "@a/cli-linux-x64-musl": "1.2.3",
            "@a/cli-win32-arm64-msvc": "1.2.3",
          },
        },
        "node_modules/@a/cli-linux-x64": { version: "1.2.3" },
      },
    });
    expect(added).toEqual(["node_modules/@a/cli-linux-x64-musl", "node_modules/@a/cli-win32-arm64-msvc"]);
    expect(lock.packages["node_modules/@a/cli-linux-x64-musl"]).toEqual({
      version: "1.2.3",
      cpu: ["x64"],
      dev: true,
      libc: ["musl"],
      optional: true,
      os: ["linux"],
    });
    expect(lock.packages["node_modules/@a/cli-win32-arm64-msvc"]).toMatchObject({ cpu: ["arm64"], os: ["win32"] });
  });

  test("finds a package that is nested in its dependent or in one around it", () => {
    const needs = { version: "1.0.0", optionalDependencies: { "b-darwin-x64": "1.0.0" } };
    for (const place of [
      "node_modules/x/node_modules/y/node_modules/",
      "node_modules/x/node_modules/",
      "node_modules/",
    ]) {
      const packages = { "node_modules/x/node_modules/y": needs, [`${place}b-darwin-x64`]: { version: "1.0.0" } };
      expect(completeLockfile({ packages }).added).toEqual([]);
    }
    const elsewhere = { "node_modules/x/node_modules/y": needs, "node_modules/z/node_modules/b-darwin-x64": {} };
    expect(completeLockfile({ packages: elsewhere }).added).toEqual(["node_modules/b-darwin-x64"]);
  });

  test.each([
    ["fsevents", "2.3.3"],
    ["a-darwin-x64", "^1.0.0"],
  ])("cannot be completed by %s@%s", (name, version) => {
    const packages = { "node_modules/a": { optionalDependencies: { [name]: version } } };
    expect(() => completeLockfile({ packages })).toThrow(`${name}@${version}`);
  });
});

describe("this project's lockfile", () => {
  const text = readFileSync(new URL("../package-lock.json", import.meta.url), "utf8");

  test("has every platform's packages", () => {
    expect(completeLockfile(JSON.parse(text)).added).toEqual([]);
  });

  test("names no registry", () => {
    expect(text).not.toContain('"resolved"');
  });
});
