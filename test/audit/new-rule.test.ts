import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

let copy: string;

/** The sources as they are, with the rule of docs/assess.md: one file, and one line in the array with its import. */
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "tandem-new-rule-"));
  cpSync(join(ROOT, "src"), join(copy, "src"), { recursive: true });
  mkdirSync(join(copy, "tools"));
  mkdirSync(join(copy, "docs"));
  for (const file of ["package.json", "tools/rule-pages.mjs"]) cpSync(join(ROOT, file), join(copy, file));
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));

  const page = readFileSync(join(ROOT, "docs/assess.md"), "utf8");
  const source = /### To add a rule.*?```ts\n(.*?)```/s.exec(page)?.[1] ?? "";
  const rules = join(copy, "src/core/audit/rules");
  writeFileSync(join(rules, "host-port.ts"), source);
  const index = readFileSync(join(rules, "index.ts"), "utf8");
  const withLine = index.replace("AuditRule[] = [\n", "AuditRule[] = [\n  hostPort,\n");
  writeFileSync(join(rules, "index.ts"), `import { hostPort } from "./host-port.ts";\n${withLine}`);
});

afterAll(() => {
  rmSync(copy, { recursive: true });
});

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1", ports: [{containerPort: 80, hostPort: 80}]}]}
`;

test("a rule that is one file and one line is found by the command, and has its page", () => {
  const run = (...args: readonly string[]): string =>
    execFileSync(process.execPath, args, { cwd: copy, input: DEPLOYMENT, encoding: "utf8" });
  const out = run("src/apps/cli/main.ts", "audit", "-", "--all", "--fail-on", "none");
  expect(out).toContain("Deployment shop/web takes a port of its nodes");
  run("tools/rule-pages.mjs");
  expect(readFileSync(join(copy, "docs/rules/host-port.md"), "utf8")).toContain("# host-port: A port of the node");
  expect(readFileSync(join(copy, "docs/rules/README.md"), "utf8")).toContain("[host-port](host-port.md)");
});
