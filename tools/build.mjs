/**
 * `npm run build`: compiles `src/` into `dist/`, where the packed package runs from.
 * @module
 */
import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");

// What was compiled from a file that is gone would be packed too; without its records tsc compiles everything again.
rmSync(dist, { recursive: true, force: true });
rmSync(join(root, ".tsbuild"), { recursive: true, force: true });

const apps = readdirSync(join(root, "src", "apps"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => join("src", "apps", entry.name));
const { status } = spawnSync(join(root, "node_modules", ".bin", "tsc"), ["-b", ...apps], {
  cwd: root,
  stdio: "inherit",
});
if (status !== 0) {
  process.exit(status ?? 1);
}
cpSync(join(root, "src", "gen"), join(dist, "gen"), {
  recursive: true,
  filter: (path) => !path.endsWith(".d.ts") && !path.endsWith(".stamp"),
});
