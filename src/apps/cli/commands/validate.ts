import { Command } from "commander";
import { EXIT } from "../../../model/errors.ts";
import { formatProblem } from "../../../model/problem.ts";
import { checkManifests, summarise } from "../check-manifests.ts";
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
      const checked = await checkManifests(paths, Date.now());
      const { problems } = checked;
      printResult(checked, options.output, () =>
        problems.length === 0
          ? paint("green", summarise(checked))
          : `${problems.map(formatProblem).join("\n")}\n\n${summarise(checked)}`,
      );
      if (problems.length > 0) process.exitCode = EXIT.invalidInput;
    });
}
