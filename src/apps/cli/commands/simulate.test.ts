import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../../../..");
const EXAMPLE = join(ROOT, "examples/three-zones.yaml");

async function simulate(
  args: readonly string[],
  input = "",
): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [join(ROOT, "src/apps/cli/main.ts"), "simulate", ...args]);
  const code = new Promise<number | null>((resolve) => child.on("close", resolve));
  child.stdin.end(input);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, out, err };
}

test("a loss is shown with the worst first, and why replacements find no place", async () => {
  const { code, out } = await simulate([EXAMPLE, "--lose", "zone=eu-1c"]);
  expect(code).toBe(0);
  expect(out).toContain(
    "shop/web  7 (annotation)  9       6         6      15m         0s    150%  ▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆  stays below what it needs: always (16/16 seeds)",
  );
  expect(out).toContain("  55s to 1m15s    NoExecute taint: c2, c1 ... (3)");
  expect(out).toContain("start-up assumed: 30s for ReplicaSet shop/web (--startup)");
  expect(out).toContain("6 node(s) didn't match pod topology spread constraints, 3 node(s) had untolerated taint(s)");
  expect(out.split("\n").length).toBeLessThanOrEqual(25);
});

test("what a pipeline fails on is said by the exit code", async () => {
  const lose = [EXAMPLE, "--lose", "zone=eu-1c", "--fail-on", "below-needs", "-o", "json"];
  const unreachable = await simulate(lose);
  expect(unreachable.code).toBe(1);
  expect(JSON.parse(unreachable.out)).toMatchObject({ lostNodes: ["c1", "c2", "c3"], pending: [{}, {}, {}] });
  expect((await simulate([...lose, "--as", "deleted"])).code).toBe(0);
});

test("a drain waits for budgets, and an older result says what got better", async () => {
  const directory = await mkdtemp(join(tmpdir(), "tandem-simulate-"));
  try {
    const lose = [EXAMPLE, "--lose", "zone=eu-1c", "--seeds", "1"];
    const old = join(directory, "old.json");
    await writeFile(old, (await simulate([...lose, "-o", "json"])).out);
    const better = await simulate([...lose, "--as", "deleted", "--compare", old, "--fail-on", "worse"]);
    expect(better.code).toBe(0);
    expect(better.out).toContain("the older result is of another question: unreachable, 15m");
    expect(better.out).toContain("better: shop/web: seconds below need 900 -> 90");
    await writeFile(old, (await simulate([...lose, "--as", "deleted", "-o", "json"])).out);
    const worse = await simulate([...lose, "--compare", old, "--fail-on", "worse"]);
    expect(worse.code).toBe(1);
    expect(worse.out).toContain("worse: ReplicaSet shop/web: pods without a place 0 -> 3");
    await writeFile(old, "{}");
    expect(await simulate([...lose, "--compare", old])).toMatchObject({
      code: 2,
      err: expect.stringContaining("is no result: form: "),
    });
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("one pod is explained, every single failure is ranked", async () => {
  const { out } = await simulate([EXAMPLE, "--lose", "zone=eu-1c", "--explain", "web-c1"]);
  expect(out).toContain("shop/web-c1 of ReplicaSet shop/web, on c1 before; zone=eu-1c unreachable");
  expect(out).toContain("    6 node(s) didn't match pod topology spread constraints: a1, a2, a3 and 3 more");
  const each = await simulate([EXAMPLE, "--each", "zone", "--seeds", "1", "--fail-on", "below-needs"]);
  expect(each.code).toBe(1);
  expect(each.out).toContain("3 failures tried by zone: 3 break something, 3 single points of failure");
});

test("what says nothing together is refused, all of it at once", async () => {
  const { code, err } = await simulate([EXAMPLE, "--pairs", "--fail-on", "worse"]);
  expect(code).toBe(2);
  expect(err).toContain("--lose or --each: say what is lost");
  expect(err).toContain("--pairs: say with --each of what");
  expect(err).toContain("--fail-on worse: say with --compare than what");
  const far = [EXAMPLE, "--lose", "zone=eu-1c", "--until", "25h", "--add-nodes", "eu-1a=1@26h"];
  expect((await simulate(far)).err).toMatch(/--until: 24h at most\n.*--add-nodes eu-1a: comes after the end/);
  const each = [EXAMPLE, "--each", "zone", "--add-nodes", "eu-1a=1@1m"];
  expect((await simulate(each)).err).toContain("leave --add-nodes and --seed out");
  expect((await simulate([EXAMPLE, "--each", "rack"])).err).toContain("--each rack: no node has the label rack");
  const pool = await simulate([EXAMPLE, "--lose", "zone=eu-1c", "--add-nodes", "eu-1c=1@1m"]);
  expect(pool).toMatchObject({ code: 2, err: expect.stringContaining("--add-nodes eu-1c: no node that is left") });
  expect((await simulate([EXAMPLE, "--lose", "zone=eu-1c", "--add-nodes", "x"])).err).toContain("POOL=N@TIME");
});

test("a domain that is not there is refused with what there is", async () => {
  const { code, err } = await simulate([EXAMPLE, "--lose", "zone=eu-9", "--lose", "rack=r1", "--lose", "node=a11"]);
  expect(code).toBe(2);
  expect(err).toContain("--lose zone=eu-9: no node is there; ");
  expect(err).toContain("--lose rack=r1: no node has the label rack");
  expect(err).toContain("--lose node=a11: no node is there; did you mean a1?");
});

test("objects come on standard input, too, and without a node nothing can be lost", async () => {
  const secret = { kind: "Secret", metadata: { name: "s" } };
  const { code, err } = await simulate(["-", "--lose", "node=a1"], JSON.stringify(secret));
  expect(code).toBe(5);
  expect(err).toContain("not looked at: 1 Secret");
  expect(err).toContain("there is no Node among the objects");
});
