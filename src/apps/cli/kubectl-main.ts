/**
 * `kubectl tandem`: what people do with a cluster, the kubeconfig's current one unless another one is named.
 * @module
 */
import { enableCompileCache } from "node:module";
import { Command } from "commander";
import { doctorCommand } from "./commands/doctor.ts";
import { eventsCommand } from "./commands/events.ts";
import { protectCommand } from "./commands/protect.ts";
import { releaseCommand } from "./commands/release.ts";
import { statusCommand } from "./commands/status.ts";
import { switchCommand } from "./commands/switch.ts";
import { globalFlagsLast } from "./kubectl-flags.ts";
import { EXIT_CODES, runProgram } from "./run-program.ts";
import { KUBECTL_TANDEM } from "./typed-command.ts";
import { VERSION } from "./version.ts";

enableCompileCache();

const program = new Command("kubectl tandem")
  .description("Gives every Service a second home in another site, and uses it when the first one breaks")
  .version(VERSION)
  .showHelpAfterError("(see --help)")
  .showSuggestionAfterError()
  .addCommand(statusCommand(KUBECTL_TANDEM))
  .addCommand(eventsCommand(KUBECTL_TANDEM))
  .addCommand(doctorCommand(KUBECTL_TANDEM))
  .addCommand(protectCommand(KUBECTL_TANDEM))
  .addCommand(switchCommand(KUBECTL_TANDEM))
  .addCommand(releaseCommand(KUBECTL_TANDEM))
  .addHelpText("after", EXIT_CODES);

await runProgram(program, globalFlagsLast(process.argv.slice(2)));
