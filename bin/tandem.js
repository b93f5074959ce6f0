#!/usr/bin/env node
/**
 * The commands `tandem` and `kubectl-tandem`, told apart by the name they are started by. Starts the app on Node 24: in this process when it is one, else through the dependency `node`,
 * so that it runs wherever npm does. Plain JavaScript that Node 18 understands.
 * @module
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const requiredNode = 24;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const main = basename(process.argv[1] ?? "").startsWith("kubectl-") ? "kubectl-main" : "main";
// The sources win where both are: only a checkout has them, and its dist/ may be of yesterday.
const source = join(root, "src", "apps", "cli", `${main}.ts`);
const app = existsSync(source) ? source : join(root, "dist", "apps", "cli", `${main}.js`);

if (Number.parseInt(process.versions.node, 10) >= requiredNode) {
  // The app must see itself as the main script, as when Node was started on it.
  process.argv[1] = app;
  await import(pathToFileURL(app).href);
} else {
  runOnPackagedNode();
}

function runOnPackagedNode() {
  // In a group of its own: what a terminal or a supervisor sends to the whole group comes here alone and is sent on once.
  // The app takes a second signal for an impatient person.
  const child = spawn(packagedNode(), [app, ...process.argv.slice(2)], { stdio: "inherit", detached: true });
  const forwarded = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR2"]);
  for (const signal of forwarded) {
    process.on(signal, () => child.kill(signal));
  }
  child.on("error", (error) => fail(`Node ${requiredNode} could not be started: ${error.message}`));
  child.on("exit", (code, signal) => {
    // 128 + n is what a shell reports for a program that signal n ended.
    process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  });
}

function packagedNode() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve("node/package.json")), "bin", "node");
  } catch {
    return fail(`this is Node ${process.versions.node}, and the package "node" is not installed.`);
  }
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  console.error(
    `tandem: needs Node ${requiredNode}: ${message}\n        Install Node ${requiredNode} or newer, or install Tandem again with npm.`,
  );
  process.exit(3);
}
