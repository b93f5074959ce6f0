import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
let installed: string;
let launcher: string;

beforeEach(() => {
  installed = mkdtempSync(join(tmpdir(), "tandem-launcher-"));
  launcher = join(installed, "bin", "tandem.js");
  mkdirSync(join(installed, "bin"));
  mkdirSync(join(installed, "dist", "apps", "cli"), { recursive: true });
  mkdirSync(join(installed, "node_modules"));
  copyFileSync(join(root, "bin", "tandem.js"), launcher);
  writeFileSync(join(installed, "package.json"), '{"type":"module"}');
  // Makes the launcher believe that it runs on Node 18, so that it goes through the packaged Node.
  writeFileSync(
    join(installed, "old-node.mjs"),
    'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "18.0.0" } });\n',
  );
});
afterEach(() => rmSync(installed, { recursive: true, force: true }));

function writeApp(source: string): void {
  writeFileSync(join(installed, "dist", "apps", "cli", "main.js"), source);
}

function installNode(): void {
  symlinkSync(join(root, "node_modules", "node"), join(installed, "node_modules", "node"));
}

const oldNode = () => ["--import", join(installed, "old-node.mjs"), launcher];

describe("on Node 24 or newer", () => {
  test("the app runs in this process with its arguments", () => {
    writeApp("console.log(process.argv.slice(2).join('|'));");
    const { stdout } = spawnSync(process.execPath, [launcher, "status", "--json"], { encoding: "utf8" });
    expect(stdout).toBe("status|--json\n");
  });

  test("started as kubectl's plugin it is another app", () => {
    writeApp("console.log('main');");
    writeFileSync(
      join(installed, "dist", "apps", "cli", "kubectl-main.js"),
      "console.log('plugin', process.argv.slice(2).join('|'));",
    );
    const plugin = join(installed, "kubectl-tandem");
    symlinkSync(launcher, plugin);
    const { stdout } = spawnSync(process.execPath, [plugin, "status", "-n", "shop"], { encoding: "utf8" });
    expect(stdout).toBe("plugin status|-n|shop\n");
  });

  test("a checkout runs its sources", () => {
    writeApp("console.log('dist');");
    mkdirSync(join(installed, "src", "apps"), { recursive: true });
    cpSync(join(installed, "dist", "apps", "cli"), join(installed, "src", "apps", "cli"), { recursive: true });
    writeFileSync(
      join(installed, "src", "apps", "cli", "main.ts"),
      "const from: string = 'src';\nconsole.log(from);\n",
    );
    expect(spawnSync(process.execPath, [launcher], { encoding: "utf8" }).stdout).toBe("src\n");
  });
});

describe("on an older Node", () => {
  test("the app runs on the packaged Node with arguments, standard input and exit code", () => {
    installNode();
    writeApp(
      "let input = ''; for await (const part of process.stdin) input += part;\n" +
        "console.log(process.versions.node.split('.')[0], process.argv.slice(2).join('|'), input); process.exitCode = 9;",
    );
    const { stdout, status } = spawnSync(process.execPath, [...oldNode(), "a", "b c"], {
      encoding: "utf8",
      input: "in",
    });
    expect(stdout).toBe("24 a|b c in\n");
    expect(status).toBe(9);
  });

  test.each(["SIGTERM", "SIGINT"] as const)("%s reaches the app", async (signal) => {
    installNode();
    writeApp(`process.on("${signal}", () => process.exit(5)); setInterval(() => {}, 1000); console.log("ready");`);
    const child = spawn(process.execPath, oldNode(), { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    child.kill(signal);
    expect(await once(child, "exit")).toEqual([5, null]);
  });

  test("an app that a signal ended is reported as a shell would", () => {
    installNode();
    writeApp('process.kill(process.pid, "SIGKILL");');
    expect(spawnSync(process.execPath, oldNode()).status).toBe(137);
  });

  test("without the packaged Node the message says what to install", () => {
    writeApp("");
    const { stderr, status } = spawnSync(process.execPath, oldNode(), { encoding: "utf8" });
    expect(stderr).toContain("needs Node 24: this is Node 18.0.0");
    expect(stderr).toContain("Install Node 24 or newer");
    expect(status).toBe(3);
  });
});
