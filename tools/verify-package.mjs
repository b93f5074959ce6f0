/**
 * Packs the package as a release would, installs it into an empty prefix as a user would, and runs it there.
 *
 * Usage: `npm run verify:package`
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { pathOutsidePackages } from "./setup-plan.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** @type {{ version: string }} */
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const work = mkdtempSync(join(tmpdir(), "tandem-package-"));
// The user's machine has no checkout on its PATH, and perhaps an older Node than the one that runs this.
const env = { ...process.env, PATH: pathOutsidePackages(process.env["PATH"] ?? "", delimiter) };

try {
  const packed = run("npm", ["pack", "--json", "--pack-destination", work], root);
  // prepack's own output may stand before the JSON.
  const [{ filename }] = JSON.parse(packed.slice(packed.lastIndexOf("\n[\n") + 1));
  const prefix = join(work, "prefix");
  run("npm", ["install", "--global", "--prefix", prefix, "--no-audit", "--no-fund", join(work, filename)], work);
  const [command = "", plugin = ""] = ["tandem", "kubectl-tandem"].map((name) => join(prefix, "bin", name));
  for (const installed of [command, plugin]) {
    if (!existsSync(installed)) {
      throw new Error(`the package installs no command: ${installed} is missing`);
    }
  }
  if (existsSync(join(root, "src", "apps", "cli", "main.ts"))) {
    const printed = run(command, ["--version"], work).trim();
    if (!printed.includes(version)) {
      throw new Error(`tandem --version printed "${printed}", wanted ${version}`);
    }
    run(plugin, ["status", "--help"], work);
    console.log(`package ok: installed ${filename}, tandem --version prints ${printed}`);
  } else {
    console.log(`package installs (${filename}); tandem --version not run: src/apps/cli/main.ts does not exist`);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} cwd
 * @returns {string} what it printed
 */
function run(command, args, cwd) {
  const { status, stdout, error } = spawnSync(command, args, {
    cwd,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) {
    throw new Error(`${command} ${args.join(" ")} failed: ${error?.message ?? `exit code ${status}`}\n${stdout}`);
  }
  return stdout;
}
