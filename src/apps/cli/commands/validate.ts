import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { ObjectIndex } from "../../../adapters/files/object-index.ts";
import { parseManifest } from "../../../adapters/files/parse-manifest.ts";
import { isManifestName } from "../../../adapters/files/site-directory.ts";
import { EXIT, TandemError } from "../../../model/errors.ts";
import { formatProblem, type Problem } from "../../../model/problem.ts";
import { type OutputForm, paint, printResult } from "../output.ts";
import { outputOption } from "./options.ts";

/** `tandem validate PATH...`. */
export function validateCommand(): Command {
  return new Command("validate")
    .description("Check manifests: every problem with file, line, field and what to do")
    .argument("<path...>", "files or directories")
    .addOption(outputOption())
    .addHelpText("after", "\nExamples:\n  tandem validate ./west\n  tandem validate web.yaml policy.yaml -o json")
    .action(async (paths: string[], options: { output: OutputForm }) => {
      const { objects, problems } = await validate(paths);
      printResult({ objects, problems }, options.output, () =>
        problems.length === 0
          ? paint("green", `${objects} objects, no problems`)
          : `${problems.map(formatProblem).join("\n")}\n\n${objects} objects are good, ${problems.length} problems`,
      );
      if (problems.length > 0) process.exitCode = EXIT.invalidInput;
    });
}

async function validate(
  paths: readonly string[],
): Promise<{ readonly objects: number; readonly problems: readonly Problem[] }> {
  const files = (await Promise.all(paths.map(manifestsIn))).flat();
  const index = new ObjectIndex();
  const problems: Problem[] = [];
  let objects = 0;
  for (const file of files) {
    const parsed = parseManifest(file, await readFile(file, "utf8"));
    if (!parsed.ok) {
      problems.push(...parsed.problems);
      continue;
    }
    objects += parsed.value.length;
    index.replace(file, parsed.value);
  }
  return { objects, problems: [...problems, ...index.problems()] };
}

async function manifestsIn(path: string): Promise<string[]> {
  const stats = await stat(path).catch((error: unknown) => {
    throw new TandemError("InvalidArgument", `${path} cannot be read`, {
      cause: error,
      remedy: "Name an existing file or directory",
    });
  });
  if (!stats.isDirectory()) return [path];
  return (await readdir(path))
    .filter(isManifestName)
    .sort()
    .map((name) => join(path, name));
}
