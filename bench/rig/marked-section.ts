import { readFile, writeFile } from "node:fs/promises";

/**
 * Replaces what stands between `<!-- NAME -->` and `<!-- /NAME -->` in a file. Throws when the file lacks a marker, for
 * results must not silently end up nowhere.
 */
export async function replaceSection(path: string, name: string, content: string): Promise<void> {
  const text = await readFile(path, "utf8");
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(open), text.indexOf(close)];
  if (from < 0 || to < from) throw new Error(`${path} has no section between ${open} and ${close}`);
  await writeFile(path, `${text.slice(0, from + open.length)}\n${content}\n${text.slice(to)}`);
}
