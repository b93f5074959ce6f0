/**
 * What a leader does with the Leases of its site's gateways: it answers requests for certificates, and clears away what
 * gateways have left that are gone for good.
 * @module
 */
import { readFile } from "node:fs/promises";
import type { GatewayLeases } from "../../adapters/kube/gateway-leases.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";

/** How often gone gateways are looked for, in milliseconds. */
const CLEAR_EVERY_MS = 30_000;

/** A Lease that was not renewed for this long is of a gateway without an agent, whatever the clocks, in milliseconds. */
const GONE_AFTER_MS = 5 * 60_000;

/** What the register is kept with. */
export interface RegisterSources {
  readonly leases: GatewayLeases;
  /** Signs a request; undefined where the authority's key is not. */
  readonly sign: ((request: string) => Promise<string>) | undefined;
  /** File with the authority's certificate. */
  readonly authorityCertificate: string;
  /** Whether a gateway answers probes. */
  isAlive(address: string): boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Keeps the register while this replica leads. */
export class GatewayRegister {
  readonly #sources: RegisterSources;
  readonly #forget: () => void;
  /** Requests that are being answered. */
  readonly #answering = new Set<string>();
  #cancel: () => void = () => {};

  constructor(sources: RegisterSources) {
    this.#sources = sources;
    this.#forget = sources.leases.onChange(() => this.#answerAll());
    this.#answerAll();
    this.#clearLater();
  }

  /** Does nothing any more. */
  close(): void {
    this.#forget();
    this.#cancel();
  }

  #answerAll(): void {
    const { sign, leases, log } = this.#sources;
    if (sign === undefined) return;
    for (const one of leases.requests()) {
      if (this.#answering.has(one.request)) continue;
      this.#answering.add(one.request);
      const answer = async (): Promise<void> => {
        const certificate = await sign(one.request);
        await one.answer({ certificate, authority: await readFile(this.#sources.authorityCertificate, "utf8") });
        log.info("certificate_issued", { gateway: one.gateway });
      };
      answer()
        .catch((error: unknown) =>
          log.warn("certificate_not_issued", {
            gateway: one.gateway,
            error: error instanceof Error ? error.message : "",
          }),
        )
        .finally(() => this.#answering.delete(one.request));
    }
  }

  #clearLater(): void {
    this.#cancel = this.#sources.clock.after(CLEAR_EVERY_MS, () => {
      // Also what could not be answered: nobody says that again.
      this.#answerAll();
      void this.#clear().finally(() => this.#clearLater());
    });
  }

  async #clear(): Promise<void> {
    const { leases, clock, log } = this.#sources;
    const gone = leases
      .gateways()
      .filter(({ name, address }) => {
        const renewedAt = leases.renewedAt(name);
        return !this.#sources.isAlive(address) && renewedAt !== undefined && clock.now() - renewedAt > GONE_AFTER_MS;
      })
      .map(({ name }) => name);
    for (const name of [...gone, ...leases.superseded()]) {
      await leases.remove(name).then(
        () => log.info("gateway_removed", { gateway: name }),
        (error: unknown) => log.warn("gateway_not_removed", { gateway: name, error: String(error) }),
      );
    }
  }
}
