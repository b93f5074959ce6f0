/**
 * Checks of one gateway, by what its agent says of itself.
 * @module
 */
import type { AgentPicture, Check } from "../../model/doctor.ts";
import { COMMON_CHECKS } from "./common-checks.ts";

/** All checks of a gateway. */
export const GATEWAY_CHECKS: readonly Check<AgentPicture>[] = [
  {
    name: "Envoy",
    find: ({ envoy, gateway }) =>
      envoy === "ready"
        ? []
        : [
            {
              level: "error",
              subject: `Gateway ${gateway}`,
              message: envoy === "absent" ? "no Envoy is connected to its agent" : "its Envoy is not configured yet",
              remedy: "Start it with tandem gateway run, or look at its log",
            },
          ],
  },
  {
    name: "Peers",
    find: ({ peers }) =>
      peers
        .filter(({ connected }) => !connected)
        .map(({ name }) => ({
          level: "warning",
          subject: `Site ${name}`,
          message: "its catalog is not received: switches and new services of it are not heard of",
          remedy: "Look whether its agents run, and whether port 15443 is open on the way there",
        })),
  },
  {
    name: "Problems",
    find: ({ problems, gateway }) =>
      problems.map(({ message, remedy }) => ({ level: "error", subject: `Gateway ${gateway}`, message, remedy })),
  },
  ...COMMON_CHECKS,
];
