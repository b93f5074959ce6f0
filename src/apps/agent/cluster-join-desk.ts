/**
 * Where sites are let into a cluster's site: the gateways only pass on who comes with a token, a controller decides.
 * @module
 */
import { Redemption } from "../../adapters/peers/redemption.ts";
import { tokenDigest } from "../../adapters/pki/token.ts";
import { TandemError } from "../../model/errors.ts";
import { JOIN_OPEN_ANNOTATION } from "../../model/kinds/index.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import type { Agent } from "./agent.ts";
import type { AgentRegistration } from "./agent-options.ts";

/** What the desk works with. */
export interface ClusterDeskTools {
  readonly store: ObjectStore;
  readonly passOn: AgentRegistration["passOn"];
  readonly clock: Clock;
  readonly log: Logger;
}

/** The desk of a gateway in a cluster: open for as long as the own Site says. */
export class ClusterJoinDesk {
  readonly #agent: Agent;
  readonly #tools: ClusterDeskTools;
  readonly #forget: () => void;
  #cancel: (() => void) | undefined;
  #openUntil = 0;

  constructor(agent: Agent, tools: ClusterDeskTools) {
    this.#agent = agent;
    this.#tools = tools;
    this.#forget = tools.store.onChange(({ sites }) => {
      if (sites) this.#setDoor();
    });
    this.#setDoor();
  }

  /** @throws TandemError NotIssuer: nobody issues tokens here */
  issue(): never {
    const { site, gateway } = this.#agent.record;
    throw new TandemError(
      "NotIssuer",
      `${gateway} is a gateway of a cluster: the controllers hold ${site}'s authority`,
      {
        remedy: "Run `tandem token create --for SITE --context CONTEXT`",
      },
    );
  }

  /** Stops its timer. */
  close(): void {
    this.#forget();
    this.#cancel?.();
  }

  #setDoor(): void {
    const { store, clock } = this.#tools;
    const text = store.site(this.#agent.record.site)?.metadata.annotations[JOIN_OPEN_ANNOTATION];
    const until = Date.parse(text ?? "");
    const openUntil = Number.isNaN(until) || until <= clock.now() ? 0 : until;
    if (openUntil === this.#openUntil) return;
    this.#openUntil = openUntil;
    this.#cancel?.();
    this.#agent.openJoin(openUntil === 0 ? undefined : (body) => this.#redeem(body));
    if (openUntil !== 0) this.#cancel = clock.after(openUntil - clock.now(), () => this.#setDoor());
  }

  async #redeem(body: string): Promise<{ readonly status: number; readonly body: string }> {
    try {
      const shown = Redemption.parse(JSON.parse(body));
      if (shown.kind !== "site") return { status: 403, body: "{}" };
      const { id, secret, for: name, site } = shown;
      const status = await this.#tools.passOn({ id, digest: tokenDigest(secret), for: name, site });
      return { status, body: status === 200 ? JSON.stringify({ site: this.#agent.ownSite() }) : "{}" };
    } catch (error) {
      this.#tools.log.warn("token_not_redeemed", { error: error instanceof Error ? error.message : "" });
      return { status: 403, body: "{}" };
    }
  }
}
