import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "vitest";
import { SiteDirectory } from "../../src/adapters/files/site-directory.ts";
import { type Manifest, objectStoreContract, type StoreWorld } from "./object-store-contract.ts";

/** A file an object. */
async function openDirectory(): Promise<StoreWorld> {
  const directory = await mkdtemp(join(tmpdir(), "tandem-contract-"));
  const store = new SiteDirectory(directory);
  const pathOf = ({ kind, metadata }: Manifest): string => join(directory, `${kind}-${metadata.name}.json`);
  return {
    store,
    namespace: "shop",
    put: async (manifest) => {
      const temporary = join(directory, ".new.tmp");
      await writeFile(temporary, JSON.stringify(manifest));
      await rename(temporary, pathOf(manifest));
    },
    remove: (manifest) => rm(pathOf(manifest)),
    close: async () => {
      store.close();
      await rm(directory, { recursive: true });
    },
  };
}

describe("a directory of manifests", () => {
  objectStoreContract(openDirectory);
});
