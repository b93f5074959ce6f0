import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** What an earlier benchmark wrote to `path`; null when there is nothing. Throws when it is not JSON. */
export async function readResults<T>(path: string): Promise<T | null> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new Error(`${path} holds no results: remove it or choose another --out`, { cause: error });
  }
}

/** Writes results as JSON to `path` and as Markdown beside it. */
export async function writeResults(path: string, results: unknown, markdown: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(results, null, 1)}\n`);
  await writeFile(`${path.replace(/\.json$/, "")}.md`, `${markdown}\n`);
}
