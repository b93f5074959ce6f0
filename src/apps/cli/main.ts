/**
 * The `tandem` command.
 * @module
 */
import { enableCompileCache } from "node:module";
import { Command } from "commander";
import { agentCommand } from "./commands/agent.ts";
import { auditCommand } from "./commands/audit.ts";
import { controllerCommand } from "./commands/controller.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { eventsCommand } from "./commands/events.ts";
import { gatewayCommand } from "./commands/gateway.ts";
import { installCommand, uninstallCommand } from "./commands/install.ts";
import { demoCommand, labCommand } from "./commands/lab.ts";
import { protectCommand } from "./commands/protect.ts";
import { releaseCommand } from "./commands/release.ts";
import { simulateCommand } from "./commands/simulate.ts";
import { joinCommand, siteCommand, tokenCommand } from "./commands/site.ts";
import { metricsCommand, statusCommand } from "./commands/status.ts";
import { snapshotCommand } from "./commands/snapshot.ts";
import { switchCommand } from "./commands/switch.ts";
import { validateCommand } from "./commands/validate.ts";
import { EXIT_CODES, runProgram } from "./run-program.ts";
import { TANDEM } from "./typed-command.ts";
import { VERSION } from "./version.ts";

// Parsing the sources again at every start would take longer than most commands.
enableCompileCache();

const program = new Command("tandem")
  .description("Gives every service a second home in another site, and uses it when the first one breaks")
  .version(VERSION)
  .showHelpAfterError("(see --help)")
  .showSuggestionAfterError()
  .addCommand(statusCommand(TANDEM))
  .addCommand(switchCommand(TANDEM))
  .addCommand(eventsCommand(TANDEM))
  .addCommand(doctorCommand(TANDEM))
  .addCommand(protectCommand(TANDEM))
  .addCommand(releaseCommand(TANDEM))
  .addCommand(siteCommand())
  .addCommand(tokenCommand())
  .addCommand(joinCommand())
  .addCommand(validateCommand())
  .addCommand(snapshotCommand(TANDEM))
  .addCommand(simulateCommand())
  .addCommand(auditCommand())
  .addCommand(installCommand())
  .addCommand(uninstallCommand())
  .addCommand(gatewayCommand())
  .addCommand(agentCommand())
  .addCommand(controllerCommand())
  .addCommand(metricsCommand())
  .addCommand(labCommand())
  .addCommand(demoCommand())
  .addHelpText("after", EXIT_CODES);

await runProgram(program, process.argv.slice(2));
