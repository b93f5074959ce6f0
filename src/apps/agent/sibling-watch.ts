import { isGatewayReady, takesConnections } from "../../adapters/http/gateway-probe.ts";
import type { CatalogMessage } from "../../model/catalog.ts";
import type { Clock } from "../../ports/clock.ts";
import type { OwnGateway } from "../../ports/gateway-registry.ts";
import type { Logger } from "../../ports/logger.ts";
import { GatewayLiveness } from "../../runtime/gateway-liveness.ts";

/** Whom to watch, and who hears of it. */
export interface SiblingWatchSources {
  /** Undefined until it is known where this gateway is. */
  own(): OwnGateway | undefined;
  siblings(): readonly OwnGateway[];
  tell(message: CatalogMessage): void;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * The second observer of a cluster's gateways: asks the siblings as controllers do, and tells these which do not answer. A
 * controller alone, which may be the one that is cut off, takes none out.
 */
export class SiblingWatch {
  readonly #sources: SiblingWatchSources;
  readonly #liveness: GatewayLiveness;
  #closed = false;
  /** What was told last; undefined before anything was found. */
  #told: Extract<CatalogMessage, { type: "siblings" }> | undefined;

  constructor(sources: SiblingWatchSources) {
    this.#sources = sources;
    const { clock, log } = sources;
    this.#liveness = new GatewayLiveness(
      {
        // This one too: with one sibling that would be the last one of all, which is given more time. It is not asked: an
        // agent has no say about its own gateway, nor about others while that one does not answer.
        gateways: () => [sources.own() ?? [], sources.siblings()].flat(),
        probe: {
          isReady: (address, port, timeoutMs) =>
            address === sources.own()?.address ? Promise.resolve(true) : isGatewayReady(address, port, timeoutMs),
          takesConnections,
        },
        clock,
        log,
      },
      () => {
        if (this.#told !== undefined) this.#tell();
      },
    );
  }

  /** Watches from now on; the first finding is told when there is one. */
  start(): void {
    void this.#liveness.start().then(() => this.#tell());
  }

  /** Everything, for who has heard nothing yet: nothing before there is a finding. */
  all(): readonly CatalogMessage[] {
    return this.#told === undefined ? [] : [this.#told];
  }

  /** Watches no more. */
  close(): void {
    this.#closed = true;
    this.#liveness.close();
  }

  #tell(): void {
    if (this.#closed) return;
    const own = this.#sources.own()?.address;
    const dead = this.#liveness.dead().filter((address) => address !== own);
    if (this.#told?.dead.join() === dead.join()) return;
    this.#told = { type: "siblings", dead };
    this.#sources.tell(this.#told);
  }
}
