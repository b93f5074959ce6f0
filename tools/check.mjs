/**
 * `npm run check`: format, lint, types, import graph and dead code, all of them even when one fails, each with its
 * duration. Exits with 1 when any failed.
 *
 * Usage: `node tools/check.mjs [NAME...]` runs only the named steps.
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = join(root, "node_modules", ".bin");
// Folders appear as the project grows; a tool that is given a missing one fails.
const folders = ["src", "test", "tools", "bench", "bin"].filter((folder) => existsSync(join(root, folder)));

/** @type {readonly { name: string, command: readonly [string, ...string[]] }[]} */
const steps = [
  { name: "format", command: ["biome", "format", "."] },
  { name: "lint", command: ["oxlint"] },
  { name: "types", command: ["tsc", "-b", "--pretty", "false"] },
  { name: "imports", command: ["depcruise", "--config", ".dependency-cruiser.mjs", ...folders] },
  { name: "dead-code", command: ["knip", "--no-progress"] },
];

// Dead is what no entry point reaches: without the entry point everything would be.
const entryPoint = "src/apps/cli/main.ts";
const runnable = existsSync(join(root, entryPoint)) ? steps : steps.filter((step) => step.name !== "dead-code");
if (runnable.length < steps.length) {
  console.log(`dead-code: not run, ${entryPoint} does not exist`);
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !steps.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(`no such check: ${unknown.join(", ")}; there are ${steps.map((step) => step.name).join(", ")}`);
  process.exit(2);
}

const results = runnable.filter((step) => wanted.length === 0 || wanted.includes(step.name)).map(runStep);
console.log(
  `\ncheck: ${results.map(({ name, ok, seconds }) => `${name} ${ok ? "ok" : "FAILED"} ${seconds}s`).join(", ")}`,
);
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;

/** @param {(typeof steps)[number]} step */
function runStep({ name, command: [program, ...args] }) {
  console.log(`\n== ${name}: ${program} ${args.join(" ")}`);
  const start = performance.now();
  const { status, error } = spawnSync(join(bin, program), args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}` },
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const ok = status === 0;
  console.log(`== ${name}: ${ok ? "ok" : `FAILED${error ? ` (${error.message})` : ""}`} in ${seconds} s`);
  return { name, ok, seconds };
}
