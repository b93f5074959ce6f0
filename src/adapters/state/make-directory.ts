import { mkdir, rmdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/**
 * Makes a directory and what is missing above it; gives those that were made, the outermost first. When one cannot be
 * made, none stays. Each is made by itself: where the kernel says "no such file" to every attempt, as below /proc, Node's
 * own recursive way never ends.
 * @param mode permissions of those that are made
 * @throws the system's error
 */
export async function makeDirectory(path: string, mode = 0o777): Promise<readonly string[]> {
  const missing: string[] = [];
  for (let at = resolve(path); !(await exists(at)); at = dirname(at)) missing.unshift(at);
  if (missing.length === 0 && !(await stat(path)).isDirectory()) await mkdir(path);
  const made: string[] = [];
  try {
    for (const one of missing) if (await makeOne(one, mode)) made.push(one);
  } catch (error) {
    await removeMade(made);
    throw error;
  }
  return made;
}

/** Takes back what {@link makeDirectory} made, as far as nothing is in it. */
export async function removeMade(made: readonly string[]): Promise<void> {
  for (const one of made.toReversed()) await rmdir(one).catch(() => {});
}

/** False when somebody else made it meanwhile. */
async function makeOne(path: string, mode: number): Promise<boolean> {
  try {
    await mkdir(path, { mode });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST" && (await stat(path)).isDirectory()) return false;
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Something above it is a file: to make it is what fails then, and says so.
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    throw error;
  }
}
