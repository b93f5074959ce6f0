import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkManifests, summarise } from "./check-manifests.ts";

const SITE =
  "apiVersion: tandem.dev/v1alpha1\nkind: Site\nmetadata: {name: west}\nspec: {gateways: [{name: west-1, address: 127.0.0.1}]}\n";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tandem-check-manifests-"));
});

afterEach(() => rm(directory, { recursive: true }));

test("a directory without any manifest is a problem, not a success", async () => {
  await writeFile(join(directory, "notes.txt"), "");
  await mkdir(join(directory, "west"));
  const checked = await checkManifests([directory]);
  expect(checked).toMatchObject({ objects: 0, problems: [{ file: directory }] });
  expect(summarise(checked)).toBe("0 objects are good, 1 problem");
});

test("files that cannot be read or expanded are problems with their names, and the others are checked", async () => {
  const bomb = [
    "a: &a [x, x]",
    ..."bcdefgh".split("").map((name, at) => `${name}: &${name} [${`*${"abcdefg"[at] ?? ""},`.repeat(9)}]`),
  ];
  await writeFile(join(directory, "a.yaml"), bomb.join("\n"));
  await mkdir(join(directory, "b.yaml"));
  await writeFile(join(directory, "c.yaml"), SITE);
  const checked = await checkManifests([directory]);
  expect(checked).toMatchObject({
    objects: 1,
    problems: [{ file: join(directory, "a.yaml") }, { file: join(directory, "b.yaml") }],
  });
  expect(summarise(checked)).toBe("1 object is good, 2 problems");
});

test("without a problem the number of objects is said", async () => {
  await writeFile(join(directory, "site.yaml"), SITE);
  expect(summarise(await checkManifests([join(directory, "site.yaml")]))).toBe("1 object, no problems");
});

test("a path that is not there is a wrong argument", async () => {
  await expect(checkManifests([join(directory, "absent")])).rejects.toMatchObject({ code: "InvalidArgument" });
});
