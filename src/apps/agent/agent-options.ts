import type { JoinAnswer, JoinRequest } from "../../adapters/kube/join-leases.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";
import type { OpenableStore } from "../../ports/object-store.ts";
import type { Registration } from "./gateway-addresses.ts";

/** A register that this agent's gateway stands in. */
export interface AgentRegistration extends Registration {
  /** Says from now on that the gateway is there, and is fulfilled once the others are known. */
  open(): Promise<void>;
  close(): void;
  /** A new certificate, PEM, from the controllers of the site. */
  readonly requestCertificate: (request: string) => Promise<string>;
  /** Passes on to the controllers that a site came with a token. */
  readonly passOn: (request: JoinRequest) => Promise<JoinAnswer>;
}

/** What an agent is started with. */
export interface AgentOptions {
  /** The site's objects; opened and closed by the agent. */
  readonly store: OpenableStore;
  /** Where gateways are found by what they say of themselves and not by their Site; opened and closed by the agent. */
  readonly registration?: AgentRegistration;
  readonly stateDirectory: string;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
}
