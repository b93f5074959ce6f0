import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { installProblem, nodeProblem, pathOutsidePackages, staleness } from "./setup-plan.mjs";

describe("the running Node", () => {
  test.each(["20.0.0", "22.12.0", "24.21.0", "100.0.0"])("%s can run set-up", (version) => {
    expect(nodeProblem(version)).toBeUndefined();
  });

  test.each(["8.17.0", "18.20.4"])("%s is refused with a remedy", (version) => {
    expect(nodeProblem(version)?.message).toContain(`this is Node ${version}`);
    expect(nodeProblem(version)?.remedy).toContain("Install a newer Node");
  });
});

describe("installed packages are compared with the lockfile", () => {
  const wanted = {
    packages: {
      "": { version: "0.1.0" },
      "node_modules/a": { version: "1.0.0" },
      "node_modules/a/node_modules/@scope/b": { version: "2.0.0" },
      "node_modules/only-on-windows": { version: "3.0.0", optional: true },
    },
  };
  const installed = {
    packages: {
      "node_modules/a": { version: "1.0.0" },
      "node_modules/a/node_modules/@scope/b": { version: "2.0.0" },
    },
  };

  test("all there, but for another platform's packages: nothing to do", () => {
    expect(staleness(wanted, installed)).toBeUndefined();
  });

  test("nothing installed", () => {
    expect(staleness(wanted, undefined)).toBe("no packages are installed");
  });

  test("a package of another version", () => {
    const older = { packages: { ...installed.packages, "node_modules/a": { version: "0.9.0" } } };
    expect(staleness(wanted, older)).toBe("a is 0.9.0, wanted 1.0.0");
  });

  test("a nested package that is missing", () => {
    const cut = { packages: { "node_modules/a": { version: "1.0.0" } } };
    expect(staleness(wanted, cut)).toBe("@scope/b is missing, wanted 2.0.0");
  });

  test("an optional package of another version", () => {
    const other = { packages: { ...installed.packages, "node_modules/only-on-windows": { version: "2.9.0" } } };
    expect(staleness(wanted, other)).toBe("only-on-windows is 2.9.0, wanted 3.0.0");
  });
});

describe("an install", () => {
  test("runs on a Node that it does not delete", () => {
    expect(pathOutsidePackages("/p/node_modules/.bin:/usr/bin:/p/node_modules:/opt/node_modules_x", ":")).toBe(
      "/usr/bin:/opt/node_modules_x",
    );
  });

  test("that fails says where to look", () => {
    expect(installProblem(1).message).toContain("npm ci failed (1)");
    expect(installProblem(1).remedy).toContain("registry and proxy");
  });
});

describe("set-up as a process", () => {
  let clone: string;
  beforeEach(() => {
    clone = mkdtempSync(join(tmpdir(), "tandem-setup-"));
    mkdirSync(join(clone, "empty"));
    cpSync(fileURLToPath(new URL(".", import.meta.url)), join(clone, "tools"), { recursive: true });
    writeFileSync(join(clone, "package-lock.json"), '{"packages":{"node_modules/a":{"version":"1.0.0"}}}');
  });
  afterEach(() => rmSync(clone, { recursive: true, force: true }));

  test("without npm exits with 3 and says what to install", () => {
    const { status, stderr } = spawnSync(process.execPath, [join(clone, "tools", "setup.mjs")], {
      env: { PATH: join(clone, "empty") },
      encoding: "utf8",
    });
    expect(stderr).toContain("no packages are installed");
    expect(stderr).toContain("Install npm, then try again.");
    expect(status).toBe(3);
  });

  test("with an npm that fails exits with 3", () => {
    writeFileSync(join(clone, "empty", "npm"), "#!/bin/sh\nexit 7\n", { mode: 0o755 });
    const { status, stderr } = spawnSync(process.execPath, [join(clone, "tools", "setup.mjs")], {
      env: { PATH: join(clone, "empty") },
      encoding: "utf8",
    });
    expect(stderr).toContain("npm ci failed (7)");
    expect(status).toBe(3);
  });
});
