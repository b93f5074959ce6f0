import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../../../..");
const EXAMPLE = join(ROOT, "examples/audit-cluster.yaml");

const SINGLE = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1"}]}
`;

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tandem-audit-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function tandemAudit(args: readonly string[], input = ""): Promise<Ended> {
  const child = spawn(process.execPath, [join(ROOT, "src/apps/cli/main.ts"), "audit", ...args], { cwd: directory });
  const code = new Promise<number | null>((resolve) => child.on("close", resolve));
  child.stdin.end(input);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, out, err };
}

async function file(name: string, content: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

test("the worst is first, with its proof, and gives the exit code", async () => {
  const { code, out } = await tandemAudit([EXAMPLE]);
  expect(code).toBe(14);
  expect(out).toContain("policy: loss of node c1 leaves 0 of 1");
  expect(out).toMatch(/audit-cluster\.yaml:\d+/);
  expect(out.trimEnd().split("\n").length).toBeLessThanOrEqual(25);
});

test("evidence has the line of the field; what is wrong or unknown is said, and the rest goes on", async () => {
  const bad = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: none}\n---\nkind: Widget\n";
  const path = await file("web.yaml", SINGLE + bad);
  const { code, out, err } = await tandemAudit([path, "--rule", "single-replica", "-o", "json"]);
  expect(code).toBe(13);
  expect(JSON.parse(out)).toMatchObject({
    findings: [{ rule: "single-replica", evidence: [{ field: "spec.replicas", value: "1", file: path, line: 5 }] }],
  });
  expect(err).toMatch(/web\.yaml:14: spec\.containers: /);
  expect(err).toContain("not looked at: 1 Widget");
});

test("only new findings fail beside a baseline; --fail-on says from which severity on", async () => {
  const path = await file("web.yaml", SINGLE);
  const baseline = join(directory, "baseline.json");
  expect((await tandemAudit([path, "--write-baseline", baseline])).code).toBe(0);
  expect(JSON.parse(await readFile(baseline, "utf8"))).toMatchObject({ version: 1 });
  expect((await tandemAudit([path, "--baseline", baseline])).code).toBe(0);
  expect((await tandemAudit([path, "--fail-on", "critical"])).code).toBe(0);
  expect((await tandemAudit([path, "--fail-on", "none"])).code).toBe(0);
  expect((await tandemAudit([path, "--rule", "requests-missing", "--fail-on", "low"])).code).toBe(12);
});

test("a configuration that is there is used; mistakes in it are named with what was meant", async () => {
  await file("tandem-audit.yaml", "rules: {single-replica: off}\nfailOn: high\n");
  expect((await tandemAudit(["-"], SINGLE)).code).toBe(0);
  const wrong = await file("wrong.yaml", "rules:\n  single-replcia: off\n");
  expect(await tandemAudit(["-", "--config", wrong], SINGLE)).toMatchObject({
    code: 2,
    err: expect.stringMatching(/wrong\.yaml:2: rules\.single-replcia: .*Did you mean single-replica\?/),
  });
  const field = await file("field.yaml", "failon: high\nexempt: [{rule: single-replica, resaon: x}]\n");
  const { err } = await tandemAudit(["-", "--config", field], SINGLE);
  expect(err).toMatch(/field\.yaml:1: failon: unknown field\. Did you mean failOn\?/);
  expect(err).toMatch(/field\.yaml:2: exempt\[0\]\.resaon: unknown field\. Did you mean reason\?/);
});

test("patches, pages and the list of rules; a rule that is not there is refused with one that is", async () => {
  const patches = await tandemAudit([EXAMPLE, "--patches"]);
  expect(patches.out).toContain(
    `# kubectl patch PodDisruptionBudget cart -n shop --type merge -p '{"spec":{"minAvailable":null,"maxUnavailable":1}}'`,
  );
  expect(patches.out).toMatch(/apiVersion: policy\/v1\nkind: PodDisruptionBudget\nmetadata:\n {2}name: web\n/);
  expect((await tandemAudit(["--explain", "pdb-overlap"])).out).toContain("answered with 500");
  expect((await tandemAudit(["--list-rules"])).out).toContain("pdb-overlap (high)");
  expect(await tandemAudit(["--explain", "pdb-overlay"])).toMatchObject({
    code: 2,
    err: expect.stringContaining("did you mean pdb-overlap?"),
  });
  expect((await tandemAudit([])).code).toBe(2);
});
