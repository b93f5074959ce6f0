import type { KubeClient } from "../../adapters/kube/kube-client.ts";
import { KubeError } from "../../adapters/kube/kube-error.ts";
import { type JoinAnswer, type JoinRequest, JoinRequests } from "../../adapters/kube/join-leases.ts";
import { KUBE_RESOURCES, pathOf } from "../../adapters/kube/kube-resource.ts";
import type { TandemLeases } from "../../adapters/kube/tandem-leases.ts";
import { changeTokens } from "../../adapters/kube/token-secret.ts";
import { useToken } from "../../adapters/pki/token.ts";
import { TandemError } from "../../model/errors.ts";
import { type Site, TANDEM_API_VERSION } from "../../model/kinds/index.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";

/** What sites are let in with. */
export interface JoinSources {
  readonly client: KubeClient;
  readonly leases: TandemLeases;
  readonly site: string;
  readonly namespace: string;
  /** A site that is known already. */
  siteOf(name: string): Site | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Lets sites in that come with a token, while this replica leads: makes each the object that says so. */
export class JoinRegister {
  readonly #sources: JoinSources;
  readonly #requests: JoinRequests;

  constructor(sources: JoinSources) {
    this.#sources = sources;
    this.#requests = new JoinRequests(sources, (request) => this.#answer(request));
  }

  /** Lets nobody in any more. */
  close(): void {
    this.#requests.close();
  }

  async #answer(request: JoinRequest | undefined): Promise<JoinAnswer> {
    const { client, namespace, clock, log } = this.#sources;
    try {
      if (request === undefined) throw new TandemError("TokenRefused", "malformed request");
      await changeTokens(client, namespace, (issued) => ({
        issued: useToken(issued, { ...request, kind: "site" }, clock.now()),
        result: undefined,
      }));
      await this.#admit(request);
      log.info("token_redeemed", { kind: "site", for: request.for });
      return 200;
    } catch (error) {
      if (error instanceof TandemError && (error.code === "TokenRefused" || error.code === "SiteNameTaken")) {
        log.warn("token_refused", { error: error.code });
        return error.code === "SiteNameTaken" ? 409 : 403;
      }
      log.error("token_not_redeemed", { error: String(error) });
      throw error;
    }
  }

  /** The name and its authority are bound for ever. @throws TandemError SiteNameTaken; KubeError */
  async #admit({ for: name, site: { gateways, trustBundle, labels } }: JoinRequest): Promise<void> {
    const { client, site } = this.#sources;
    const known = this.#sources.siteOf(name);
    if (name === site || (known !== undefined && known.spec.trustBundle !== trustBundle))
      throw new TandemError("SiteNameTaken", `${name} is known with another authority`);
    const spec = { gateways, trustBundle, labels, accepted: true };
    const body = { apiVersion: TANDEM_API_VERSION, kind: "Site", metadata: { name }, spec };
    try {
      await client.request({ method: "POST", path: pathOf(KUBE_RESOURCES.sites), body });
    } catch (error) {
      if (!(error instanceof KubeError) || error.status !== 409) throw error;
      const path = pathOf(KUBE_RESOURCES.sites, { name });
      await client.request({ method: "PATCH", path, body: { spec }, bodyType: "application/merge-patch+json" });
    }
  }
}
