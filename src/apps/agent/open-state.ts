import { isAgentListening } from "../../adapters/http/local-client.ts";
import {
  checkStateDirectory,
  type GatewayRecord,
  requireGatewayRecord,
  statePaths,
} from "../../adapters/state/state-directory.ts";
import { TandemError } from "../../model/errors.ts";

/**
 * Makes sure that an agent can run from a state directory, before it opens anything there, and gives whose it is.
 * @throws TandemError AgentCannotStart when the directory is not usable, AgentRunning when another agent runs from it
 */
export async function openState(directory: string): Promise<GatewayRecord> {
  const paths = statePaths(directory);
  const record = await requireGatewayRecord(paths);
  const problems = await checkStateDirectory(paths);
  if (problems.length > 0)
    throw new TandemError("AgentCannotStart", `${paths.root} cannot be used: ${problems.join("; ")}`);
  if (await isAgentListening(paths.localSocket))
    throw new TandemError("AgentRunning", `an agent answers on ${paths.localSocket}`);
  return record;
}
