import { spawn } from "node:child_process";
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
    "shop/web  7 (annotation)  9       6         6      stays below what it needs: always (16/16 seeds)",
  );
  expect(out).toContain("3 node(s) had untolerated taint(s), 6 node(s) didn't match pod topology spread constraints");
  expect(out.split("\n").length).toBeLessThanOrEqual(25);
});

test("what a pipeline fails on is said by the exit code", async () => {
  const lose = [EXAMPLE, "--lose", "zone=eu-1c", "--fail-on", "below-needs", "-o", "json"];
  const unreachable = await simulate(lose);
  expect(unreachable.code).toBe(1);
  expect(JSON.parse(unreachable.out)).toMatchObject({ lostNodes: ["c1", "c2", "c3"], pending: [{}, {}, {}] });
  expect((await simulate([...lose, "--as", "deleted"])).code).toBe(0);
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
