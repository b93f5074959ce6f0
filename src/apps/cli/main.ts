/**
 * The `tandem` command.
 * @module
 */
import { enableCompileCache } from "node:module";
import { Command, CommanderError } from "commander";
import { EXIT } from "../../model/errors.ts";
import { agentCommand } from "./commands/agent.ts";
import { controllerCommand } from "./commands/controller.ts";
import { gatewayCommand } from "./commands/gateway.ts";
import { demoCommand, labCommand } from "./commands/lab.ts";
import { joinCommand, siteCommand, tokenCommand } from "./commands/site.ts";
import { metricsCommand, statusCommand } from "./commands/status.ts";
import { switchCommand } from "./commands/switch.ts";
import { validateCommand } from "./commands/validate.ts";
import { printError } from "./output.ts";
import { VERSION } from "./version.ts";

// Parsing the sources again at every start would take longer than most commands.
enableCompileCache();

const program = new Command("tandem")
  .description("Gives every service a second home in another site, and uses it when the first one breaks")
  .version(VERSION)
  .showHelpAfterError("(see --help)")
  .showSuggestionAfterError()
  .addCommand(statusCommand())
  .addCommand(switchCommand())
  .addCommand(siteCommand())
  .addCommand(tokenCommand())
  .addCommand(joinCommand())
  .addCommand(validateCommand())
  .addCommand(gatewayCommand())
  .addCommand(agentCommand())
  .addCommand(controllerCommand())
  .addCommand(metricsCommand())
  .addCommand(labCommand())
  .addCommand(demoCommand())
  .addHelpText(
    "after",
    "\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 environment, 4 nothing answers, 5 invalid input, 6 timed out.",
  );

/** Commands end with an exit code of their own kind, not with commander's. */
function exitQuietly(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) exitQuietly(child);
}

exitQuietly(program);
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  else process.exitCode = printError(error);
}
