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
    .argument("<path...>", "files or directories")
    .addOption(outputOption())
    .addHelpText("after", "\nExamples:\n  tandem validate ./west\n  tandem validate web.yaml policy.yaml -o json")
    .action(async (paths: string[], options: { output: OutputForm }) => {
      const checked = await checkManifests(paths);
      const { problems } = checked;
      printResult(checked, options.output, () =>
        problems.length === 0
          ? paint("green", summarise(checked))
          : `${problems.map(formatProblem).join("\n")}\n\n${summarise(checked)}`,
      );
      if (problems.length > 0) process.exitCode = EXIT.invalidInput;
    });
}
