import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EncodedResource } from "./encode-resource.ts";
import { writeSaved } from "../state/saved-file.ts";
import { ResourceCache } from "./resource-cache.ts";
import { Snapshot } from "./snapshot.ts";

const cluster = (name: string): EncodedResource => ({ type: "cluster", name, version: "1", wire: Buffer.from(name) });

describe("a snapshot", () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "snapshot-"));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const fail = (error: unknown): never => {
    throw error;
  };
  /** Writes what two services have. */
  const written = async (): Promise<Snapshot> => {
    const cache = new ResourceCache();
    const snapshot = new Snapshot(directory, cache, fail);
    for (const name of ["shop/a/80", "shop/b/80"]) {
      cache.replace(`service/${name}`, [cluster(name), { ...cluster("key"), type: "secret" }]);
      snapshot.save(`service/${name}`);
    }
    await snapshot.flush();
    return snapshot;
  };

  test("gives back what each owner had, but for secrets", async () => {
    await written();
    const cache = new ResourceCache();
    expect(await new Snapshot(directory, cache, fail).restore()).toEqual({ resources: 2, damaged: [] });
    expect(cache.of("service/shop/a/80")).toEqual([cluster("shop/a/80")]);
    expect([...cache.names("secret")]).toEqual([]);
  });

  test("sets a file of another form aside, though its checksum is right", async () => {
    await written();
    const [first = ""] = (await readdir(directory)).sort();
    const path = join(directory, first);
    await writeSaved(path, "tandem-snapshot/2", '{"type":"cluster"}\n');
    const { resources, damaged } = await new Snapshot(directory, new ResourceCache(), fail).restore();
    expect(resources).toBe(1);
    expect(damaged).toEqual([
      {
        found: "damaged",
        setAside: `${path}.damaged`,
        reason: "its content is not of the form it should have",
      },
    ]);
  });

  test("sets a damaged file aside; what other owners have still counts", async () => {
    await written();
    const [first = ""] = (await readdir(directory)).sort();
    const path = join(directory, first);
    await writeFile(path, (await readFile(path, "utf8")).slice(0, -3));
    const cache = new ResourceCache();
    const { resources, damaged } = await new Snapshot(directory, cache, fail).restore();
    expect(resources).toBe(1);
    expect(damaged).toEqual([{ found: "damaged", setAside: `${path}.damaged`, reason: "its checksum does not match" }]);
    expect(cache.owners()).toEqual(["service/shop/b/80"]);
    // Said once, not at every start.
    expect((await new Snapshot(directory, new ResourceCache(), fail).restore()).damaged).toEqual([]);
  });

  test("removes what a killed write left, and the file of an owner that has nothing any more", async () => {
    await written();
    await writeFile(join(directory, "service%2Fshop%2Fa%2F80.0123456789ab.tmp"), "half");
    const cache = new ResourceCache();
    const snapshot = new Snapshot(directory, cache, fail);
    await snapshot.restore();
    cache.replace("service/shop/a/80", []);
    snapshot.save("service/shop/a/80");
    await snapshot.flush();
    expect(await readdir(directory)).toEqual(["service%2Fshop%2Fb%2F80"]);
  });
});
