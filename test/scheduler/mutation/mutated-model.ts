/**
 * The model with a mistake in it: a copy of its files in a directory of its own, loaded beside the real one.
 * @module
 */
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { predict } from "../predict.ts";
import type { Mutant } from "./mutants.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const MODEL = "src/core/scheduling";

/** What `predict` of the model needs, besides packages. */
const PARTS = [MODEL, "src/model/snapshot", "test/scheduler/predict.ts", "test/scheduler/scheduler-case.ts"];

/**
 * Loads the mutated model.
 * @param directory an empty one, which goes with the caller; one of its own for each mutant
 * @throws Error when the text to change is not in the file exactly once
 */
export async function loadMutant({ file, from, to, belief }: Mutant, directory: string): Promise<typeof predict> {
  await copyModel(directory);
  const path = join(directory, MODEL, file);
  const text = await readFile(path, "utf8");
  const found = text.split(from).length - 1;
  if (found !== 1) throw new Error(`mutant "${belief}": ${JSON.stringify(from)} is in ${file} ${found} times`);
  await writeFile(
    path,
    text.replace(from, () => to),
  );
  const url = pathToFileURL(join(directory, "test/scheduler/predict.ts"));
  const loaded = (await import(url.href)) as { readonly predict: typeof predict };
  return loaded.predict;
}

async function copyModel(directory: string): Promise<void> {
  for (const part of PARTS) {
    await mkdir(join(directory, dirname(part)), { recursive: true });
    await cp(join(ROOT, part), join(directory, part), { recursive: true });
  }
  await symlink(join(ROOT, "node_modules"), join(directory, "node_modules"));
  await cp(join(ROOT, "package.json"), join(directory, "package.json"));
}
