import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { formatProblem } from "../../model/problem.ts";
import { checkManifests, summarise } from "./check-manifests.ts";

const NOW = Date.parse("2026-05-01T12:00:00Z");
const SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {ports: [{port: 80}]}\n";
const POLICY =
  "apiVersion: tandem.dev/v1alpha1\nkind: FailoverPolicy\nmetadata: {name: web, namespace: shop}\n" +
  "spec: {targetRefs: [{kind: Service, name: web}], sites: [{name: west}, {name: east}]}\n";

const SITE =
  "apiVersion: tandem.dev/v1alpha1\nkind: Site\nmetadata: {name: west}\nspec: {gateways: [{name: west-1, address: 127.0.0.1}]}\n";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tandem-validate-"));
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

async function write(path: string, text: string): Promise<string> {
  await mkdir(join(root, path, ".."), { recursive: true });
  await writeFile(join(root, path), text);
  return join(root, path);
}

async function problemsOf(...paths: string[]): Promise<readonly string[]> {
  const { problems } = await checkManifests(
    paths.map((path) => join(root, path)),
    NOW,
  );
  return problems.map((problem) => formatProblem(problem).replaceAll(`${root}/`, ""));
}

describe("checking manifests", () => {
  test("each directory is a site of its own", async () => {
    await write("west/web.yaml", `${SERVICE}---\n${POLICY}`);
    await write("east/web.yaml", `${SERVICE}---\n${POLICY}`);
    expect(await problemsOf("west", "east")).toEqual([]);
    expect(await checkManifests([join(root, "west"), join(root, "east")], NOW)).toMatchObject({ objects: 4 });
  });

  test("files that are named one by one are one site", async () => {
    await write("one/web.yaml", SERVICE);
    await write("two/web.yaml", SERVICE);
    expect(await problemsOf("one/web.yaml", "two/web.yaml")).toEqual([
      "two/web.yaml:1: Service shop/web stands already in one/web.yaml:1, which counts. Remove one of the two",
    ]);
    expect(await problemsOf("one/web.yaml", "one/web.yaml")).toEqual([]);
  });

  test("of two policies for one Service the newcomer's place and the file that counts are named", async () => {
    await write("west/a.yaml", `${SERVICE}---\n${POLICY}`);
    await write("west/b.yaml", POLICY.replace("name: web,", "name: other,"));
    expect(await problemsOf("west")).toEqual([
      "west/b.yaml:1: spec.targetRefs: Service shop/web has a policy already: web in west/a.yaml:6, which counts. Leave one policy per Service",
    ]);
  });

  test("port clashes and references to what is not there are found", async () => {
    const listening = SERVICE.replace("shop}", 'shop, annotations: {tandem.dev/listen: "15021"}}');
    await write("west/web.yaml", `${listening}---\n${POLICY}`);
    await write(
      "west/away.yaml",
      "apiVersion: tandem.dev/v1alpha1\nkind: Switch\nmetadata: {name: away, namespace: shop}\n" +
        "spec: {targetRef: {kind: Service, name: web}, to: north}\n",
    );
    expect(await problemsOf("west")).toEqual([
      'west/web.yaml:1: metadata.annotations["tandem.dev/listen"]: of Service shop/web: port 15021 is the gateways\' own, for readiness. Choose another port; 15022 is free',
      "west/away.yaml:1: spec.to: FailoverPolicy shop/web does not list the site north. Write one of west, east",
    ]);
  });
});

test("a directory without any manifest is a problem, not a success", async () => {
  await writeFile(join(root, "notes.txt"), "");
  await mkdir(join(root, "west"));
  const checked = await checkManifests([root], NOW);
  expect(checked).toMatchObject({ objects: 0, problems: [{ file: root }] });
  expect(summarise(checked)).toBe("0 objects are valid in form, 1 problem");
});

test("files that cannot be read or expanded are problems with their names, and the others are checked", async () => {
  const bomb = [
    "a: &a [x, x]",
    ..."bcdefgh".split("").map((name, at) => `${name}: &${name} [${`*${"abcdefg"[at] ?? ""},`.repeat(9)}]`),
  ];
  await writeFile(join(root, "a.yaml"), bomb.join("\n"));
  await mkdir(join(root, "b.yaml"));
  await writeFile(join(root, "c.yaml"), SITE);
  const checked = await checkManifests([root], NOW);
  expect(checked).toMatchObject({
    objects: 1,
    problems: [{ file: join(root, "a.yaml") }, { file: join(root, "b.yaml") }],
  });
  expect(summarise(checked)).toBe("1 object is valid in form, 2 problems");
});

test("without a problem the number of objects is said", async () => {
  await writeFile(join(root, "site.yaml"), SITE);
  expect(summarise(await checkManifests([join(root, "site.yaml")], NOW))).toBe("1 object, no problems");
});

test("a path that is not there is a wrong argument", async () => {
  await expect(checkManifests([join(root, "absent")], NOW)).rejects.toMatchObject({ code: "InvalidArgument" });
});
