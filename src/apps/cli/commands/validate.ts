import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { ObjectIndex } from "../../../adapters/files/object-index.ts";
import { type LocatedObject, parseManifest } from "../../../adapters/files/parse-manifest.ts";
import { isManifestName } from "../../../adapters/files/site-directory.ts";
import { EXIT, TandemError } from "../../../model/errors.ts";
import { formatProblem, type Problem } from "../../../model/problem.ts";
import { auditReferences } from "../../../runtime/audit-references.ts";
import { auditListenPorts } from "../../../runtime/listen-ports.ts";
import { type OutputForm, paint, printResult } from "../output.ts";
import { outputOption } from "./options.ts";

/** `tandem validate PATH...`. */
export function validateCommand(): Command {
  return new Command("validate")
    .description("Check manifests: every problem with file, line, field and what to do")
    .argument("<path...>", "directories, each a site of its own, or files, which together are one site")
    .addOption(outputOption())
    .addHelpText(
      "after",
      "\nA Service and its policy are the same in every site: those of two directories are not compared.\n\nExamples:\n  tandem validate ./west\n  tandem validate ./west ./east\n  tandem validate web.yaml policy.yaml -o json",
    )
    .action(async (paths: string[], options: { output: OutputForm }) => {
      const { objects, problems } = await validate(paths, Date.now());
      printResult({ objects, problems }, options.output, () =>
        problems.length === 0
          ? paint("green", `${objects} objects, no problems`)
          : `${problems.map(formatProblem).join("\n")}\n\n${objects} objects are valid in form, ${problems.length} problems`,
      );
      if (problems.length > 0) process.exitCode = EXIT.invalidInput;
    });
}

/** What there is in some files, and what is wrong with it. */
interface Validated {
  readonly objects: number;
  readonly problems: readonly Problem[];
}

/**
 * Every directory is a site of its own; files that are named one by one are one site.
 * @param now Unix milliseconds
 */
export async function validate(paths: readonly string[], now: number): Promise<Validated> {
  const found = await Promise.all(paths.map(manifestsIn));
  const directories = found.filter(({ isDirectory }) => isDirectory).map(({ files }) => files);
  const single = found.filter(({ isDirectory }) => !isDirectory).flatMap(({ files }) => files);
  const sites = await Promise.all(
    [...directories, ...(single.length === 0 ? [] : [single])].map((files) => validateSite(files, now)),
  );
  return {
    objects: sites.reduce((sum, { objects }) => sum + objects, 0),
    problems: sites.flatMap(({ problems }) => problems),
  };
}

async function validateSite(files: readonly string[], now: number): Promise<Validated> {
  const problems: Problem[] = [];
  const read: [file: string, objects: readonly LocatedObject[]][] = [];
  for (const file of new Set(files)) {
    const parsed = parseManifest(file, await readFile(file, "utf8"));
    if (parsed.ok) read.push([file, parsed.value]);
    else problems.push(...parsed.problems);
  }
  const index = new ObjectIndex();
  index.replaceAll(read);
  const objects = read.reduce((sum, [, { length }]) => sum + length, 0);
  problems.push(...index.problems(), ...auditListenPorts(index), ...auditReferences(index, now));
  return { objects, problems };
}

async function manifestsIn(
  path: string,
): Promise<{ readonly isDirectory: boolean; readonly files: readonly string[] }> {
  const stats = await stat(path).catch((error: unknown) => {
    throw new TandemError("InvalidArgument", `${path} cannot be read`, {
      cause: error,
      remedy: "Name an existing file or directory",
    });
  });
  if (!stats.isDirectory()) return { isDirectory: false, files: [path] };
  const names = (await readdir(path)).filter(isManifestName).sort();
  return { isDirectory: true, files: names.map((name) => join(path, name)) };
}
