import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { formatProblem } from "../../../model/problem.ts";
import { readClusterFiles } from "./read-cluster-files.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tandem-files-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

async function file(name: string, content: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

const NODE = "apiVersion: v1\nkind: Node\nmetadata: {name: a1}\n";

test("what is wrong is said with its line and field, and the rest is read", async () => {
  const bad =
    "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers: [{name: c}]\n  priority: high\n";
  const path = await file("cluster.yaml", `${NODE}${bad}---\na: [\n`);
  const { snapshot, problems } = await readClusterFiles([path]);
  expect(snapshot.nodes).toHaveLength(1);
  expect(snapshot.pods).toHaveLength(0);
  const texts = problems.map(formatProblem);
  expect(texts).toHaveLength(2);
  expect(texts).toContainEqual(
    expect.stringMatching(/cluster\.yaml:10: spec\.priority: .*Correct it; the object is left out/),
  );
  expect(texts).toContainEqual(expect.stringMatching(/cluster\.yaml:13:\d+: not valid YAML/));
});

test("folders are read with all below them, Lists are taken apart, other kinds are counted", async () => {
  await file(
    "list.yaml",
    "apiVersion: v1\nkind: List\nitems:\n- {kind: Node, metadata: {name: b1}}\n- {kind: Secret, metadata: {name: s}}\n",
  );
  await file("notes.txt", "not looked at");
  const { snapshot, otherKinds, problems } = await readClusterFiles([directory]);
  expect(snapshot.nodes.map(({ metadata }) => metadata.name)).toEqual(["b1"]);
  expect([...otherKinds]).toEqual([["Secret", 1]]);
  expect(problems).toEqual([]);
});

test("JSON of a whole cluster is read as kubectl prints it, null for what is absent", async () => {
  const items = [
    { kind: "Node", metadata: { name: "a1", labels: null } },
    { kind: "Pod", metadata: { name: "p" }, spec: { containers: "none" } },
  ];
  const { snapshot, problems } = await readClusterFiles([
    await file("all.json", JSON.stringify({ kind: "List", items })),
  ]);
  expect(snapshot.nodes).toHaveLength(1);
  expect(problems.map(({ field }) => field)).toEqual(["items[1].spec.containers"]);
});

test("a path that is not there ends it", async () => {
  await expect(readClusterFiles([join(directory, "nowhere")])).rejects.toMatchObject({ code: "InvalidArgument" });
});

test("a field of an object has its line, in Lists and later documents too; in JSON of a whole cluster the file", async () => {
  const yaml = await file(
    "list.yaml",
    `${NODE}---\napiVersion: v1\nkind: List\nitems:\n- kind: Node\n  metadata: {name: b1}\n  spec:\n    unschedulable: true\n`,
  );
  const { snapshot, locate } = await readClusterFiles([yaml]);
  const [first, second] = snapshot.nodes;
  expect(locate(first ?? {}, ["metadata", "name"])).toEqual({ file: yaml, line: 3 });
  expect(locate(second ?? {}, ["spec", "unschedulable"])).toEqual({ file: yaml, line: 11 });
  // Of what is not there, the deepest part that is.
  expect(locate(second ?? {}, ["spec", "taints", 0])).toEqual({ file: yaml, line: 10 });
  expect(locate({}, [])).toBe(undefined);
  const json = await file("all.json", JSON.stringify({ kind: "Node", metadata: { name: "c1" } }));
  const whole = await readClusterFiles([json]);
  expect(whole.locate(whole.snapshot.nodes[0] ?? {}, ["metadata"])).toEqual({ file: json });
});
