/**
 * Brings a bare clone to where its npm scripts run: installs the packages when they are missing or stale, generates
 * `src/gen/`, finds or fetches Envoy. Each npm script runs it first; with nothing to do it is silent and quick.
 *
 * Plain JavaScript with nothing but Node's own modules, since it runs before anything is installed and on whatever Node
 * the machine has.
 *
 * Usage: `node tools/setup.mjs [--no-envoy]`. Exit code 3: a person has to do something, and the message says what.
 * @module
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { installProblem, nodeProblem, pathOutsidePackages, SetupProblem, staleness } from "./setup-plan.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const exitNeedsPerson = 3;

try {
  await setUp();
} catch (error) {
  if (!(error instanceof SetupProblem)) {
    throw error;
  }
  console.error(`\nset-up: ${error.message}\n        ${error.remedy}`);
  process.exitCode = exitNeedsPerson;
}

async function setUp() {
  const problem = nodeProblem(process.versions.node);
  if (problem !== undefined) {
    throw problem;
  }
  await installPackages();
  await generateCode();
  if (!process.argv.includes("--no-envoy")) {
    await provideEnvoy();
  }
}

async function installPackages() {
  const reason = staleness(readLock("package-lock.json") ?? {}, readLock("node_modules/.package-lock.json"));
  if (reason === undefined) {
    return;
  }
  await step(`installing packages: ${reason} (npm ci, about a minute)`, async () => {
    const args = [
      "ci",
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
      "--fetch-retries=1",
      "--fetch-retry-mintimeout=1000",
    ];
    const path = pathOutsidePackages(process.env["PATH"] ?? "", delimiter);
    const status = await runToEnd("npm", args, { ...process.env, PATH: path });
    if (status !== 0) {
      throw installProblem(status);
    }
  });
}

async function generateCode() {
  const { generateProtos, protosAreStale } = await import("./generate-protos.mjs");
  if (protosAreStale()) {
    await step("generating src/gen from Envoy's protos", () => generateProtos());
  }
}

async function provideEnvoy() {
  // The lookup is TypeScript, shared with the product: it needs the packaged Node when this one is older.
  if (Number.parseInt(process.versions.node, 10) >= 24) {
    const { fetchEnvoyIfMissing } = await import("./fetch-envoy.mjs");
    await fetchEnvoyIfMissing();
    return;
  }
  const node = join(root, "node_modules", "node", "bin", "node");
  const status = await runToEnd(node, [join(root, "tools", "fetch-envoy.mjs")], process.env);
  if (status !== 0) {
    process.exit(typeof status === "number" ? status : 1);
  }
}

/**
 * @param {string} file
 * @returns {import("./setup-plan.mjs").Lockfile | undefined}
 */
function readLock(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), "utf8"));
  } catch {
    // Missing, or cut off by an interrupted install: either way what is there cannot be relied on.
    return undefined;
  }
}

/**
 * @param {string} what
 * @param {() => Promise<unknown>} work
 */
async function step(what, work) {
  const start = performance.now();
  console.error(`set-up: ${what} ...`);
  await work();
  console.error(`set-up: done in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number | string>} exit code, or the signal or error code that ended it
 */
function runToEnd(command, args, env) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", 2, 2] });
    child.on("error", (error) => resolve("code" in error ? String(error.code) : error.message));
    child.on("exit", (code, signal) => resolve(code ?? signal ?? 1));
  });
}
