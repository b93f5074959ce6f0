/**
 * Gateways of a cluster say that they are there by a Lease each, and get their certificate by it: see
 * docs/adr/0012-gateways-register-by-leases.md.
 * @module
 */
import { createHash } from "node:crypto";
import { isIP } from "node:net";
import { z } from "zod";
import type { GatewayRegistry, OwnGateway } from "../../ports/gateway-registry.ts";
import { DnsLabel, GATEWAY_PORT } from "../../model/kinds/index.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";
import type { KubeClient } from "./kube-client.ts";
import { KubeError } from "./kube-error.ts";
import { KUBE_RESOURCES, type KubeObject, pathOf } from "./kube-resource.ts";
import { TANDEM_LEASE, type TandemLeases } from "./tandem-leases.ts";

/** Label of a gateway's Lease with the name of its site. */
export const GATEWAY_LABEL = "tandem.dev/gateway-of";

const NAME = "tandem.dev/gateway";
const ADDRESSES = "tandem.dev/addresses";
const PORT = "tandem.dev/port";
/** A certificate request, PEM, and what a controller answered to it. */
const REQUEST = "tandem.dev/certificate-request";
const CERTIFICATE = "tandem.dev/certificate";
const CERTIFICATE_FOR = "tandem.dev/certificate-for";
const AUTHORITY = "tandem.dev/authority";

/** How often a gateway renews its Lease, in milliseconds, and after how long without that it is over, in seconds. */
const RENEW_EVERY_MS = 15_000;
const DURATION_SECONDS = 60;

/** A certificate that has not come in this time does not come, in milliseconds. */
const CERTIFICATE_TIMEOUT_MS = 60_000;

const Registered = z.object({
  name: DnsLabel,
  addresses: z
    .array(z.string().refine((text) => isIP(text) !== 0))
    .min(1)
    .max(4),
  port: z.coerce.number().int().min(1).max(65_535),
});

/** A certificate and the authority that vouches for it, PEM. */
export interface IssuedCertificate {
  readonly certificate: string;
  readonly authority: string;
}

/** A request that nobody has answered yet. */
export interface CertificateRequest {
  readonly gateway: string;
  /** PEM. */
  readonly request: string;
  /** Answers it; by another replica first is as good. @throws KubeError */
  answer(issued: IssuedCertificate): Promise<void>;
}

/** How gateways' Leases are read and written. */
export interface GatewayLeasesSources {
  readonly client: KubeClient;
  readonly leases: TandemLeases;
  readonly site: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The Leases of a site's gateways. */
export class GatewayLeases implements GatewayRegistry {
  readonly #sources: GatewayLeasesSources;
  readonly #namespace: string;
  readonly #listeners = new Set<() => void>();
  /** What others heard last: a renewal is no news. */
  #told = "";
  #renewing: Promise<void> = Promise.resolve();
  #own: { readonly gateway: OwnGateway; cancel: () => void; request?: string } | undefined;

  constructor(sources: GatewayLeasesSources) {
    this.#sources = sources;
    this.#namespace = sources.leases.namespace;
    sources.leases.onChange(() => this.#changed());
  }

  /** Follows, and waits until all have been read once. May be called again. */
  async open(): Promise<void> {
    await this.#sources.leases.open();
  }

  /** Follows and renews no more. The own Lease stays: Envoy serves without its agent. */
  close(): void {
    this.#own?.cancel();
    this.#sources.leases.close();
  }

  /** Of several that say they have an address the one that said so last: addresses are given to others again. */
  gateways(): readonly OwnGateway[] {
    const [current] = this.#split();
    return current.toSorted((left, right) => (left.name < right.name ? -1 : 1));
  }

  /** Gateways whose address another one has by now. */
  superseded(): readonly string[] {
    const [, others] = this.#split();
    return others.map(({ name }) => name);
  }

  #split(): readonly [current: readonly OwnGateway[], superseded: readonly OwnGateway[]] {
    const all = this.#all()
      .flatMap((lease) => gatewayOf(lease) ?? [])
      .toSorted((left, right) => (this.renewedAt(right.name) ?? 0) - (this.renewedAt(left.name) ?? 0));
    const isCurrent = (one: OwnGateway): boolean => all.find(({ address }) => address === one.address) === one;
    return [all.filter(isCurrent), all.filter((one) => !isCurrent(one))];
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Says from now on that a gateway is there. What cannot be written is tried again; nothing waits for it. */
  register(gateway: OwnGateway): void {
    this.#own = { gateway, cancel: () => {} };
    void this.#renew();
  }

  /**
   * Asks the site's controllers for a certificate of the gateway that was registered.
   * @param request PEM
   * @throws Error when none has come in a minute
   */
  async requestCertificate(request: string): Promise<IssuedCertificate> {
    if (this.#own === undefined) throw new Error("no gateway was registered");
    this.#own.request = request;
    const issued = Promise.withResolvers<IssuedCertificate>();
    const look = (): void => {
      const answer = this.#answerTo(request);
      if (answer !== undefined) issued.resolve(answer);
    };
    const forget = this.onChange(look);
    const cancel = this.#sources.clock.after(CERTIFICATE_TIMEOUT_MS, () =>
      issued.reject(new Error(`no controller has answered in ${CERTIFICATE_TIMEOUT_MS / 1_000} s`)),
    );
    try {
      await this.#renew();
      look();
      return await issued.promise;
    } finally {
      cancel();
      forget();
    }
  }

  /** Requests that wait for an answer. */
  requests(): readonly CertificateRequest[] {
    return this.#all().flatMap((lease) => {
      const { annotations = {}, name } = lease.metadata;
      const [request, gateway] = [annotations[REQUEST], annotations[NAME]];
      if (request === undefined || gateway === undefined || annotations[CERTIFICATE_FOR] === fingerprintOf(request))
        return [];
      const answer = async ({ certificate, authority }: IssuedCertificate): Promise<void> => {
        const answered = {
          [CERTIFICATE]: certificate,
          [AUTHORITY]: authority,
          [CERTIFICATE_FOR]: fingerprintOf(request),
        };
        // Whichever renewal came in between: the answer says which request it is to.
        await this.#patch(name, { metadata: { annotations: answered } });
      };
      return [{ gateway, request, answer }];
    });
  }

  /** The Lease of a gateway that has gone for good is cleared away. @throws KubeError */
  async remove(gateway: string): Promise<void> {
    const path = pathOf(KUBE_RESOURCES.leases, { namespace: this.#namespace, name: leaseName(gateway) });
    await this.#sources.client.request({ method: "DELETE", path });
  }

  /** When a gateway renewed its Lease last, as it says itself, in Unix milliseconds. */
  renewedAt(gateway: string): number | undefined {
    const lease = this.#sources.leases.get(leaseName(gateway));
    const time = Date.parse(String((lease?.["spec"] as { readonly renewTime?: unknown } | undefined)?.renewTime));
    return Number.isNaN(time) ? undefined : time;
  }

  #answerTo(request: string): IssuedCertificate | undefined {
    const name = leaseName(this.#own?.gateway.name ?? "");
    const annotations = this.#sources.leases.get(name)?.metadata.annotations ?? {};
    const [certificate, authority] = [annotations[CERTIFICATE], annotations[AUTHORITY]];
    if (annotations[CERTIFICATE_FOR] !== fingerprintOf(request)) return undefined;
    return certificate === undefined || authority === undefined ? undefined : { certificate, authority };
  }

  /** One after the other: two at once would both make the Lease. */
  #renew(): Promise<void> {
    this.#renewing = this.#renewing.then(() => this.#renewNow());
    return this.#renewing;
  }

  async #renewNow(): Promise<void> {
    const own = this.#own;
    if (own === undefined) return;
    own.cancel();
    const lease = this.#leaseOf(own.gateway, own.request);
    try {
      await this.#patch(lease.metadata.name, lease).catch((error: unknown) => {
        if (!(error instanceof KubeError) || error.status !== 404) throw error;
        const path = pathOf(KUBE_RESOURCES.leases, { namespace: this.#namespace });
        return this.#sources.client.request<KubeObject>({ method: "POST", path, body: lease });
      });
    } catch (error) {
      this.#sources.log.warn("gateway_not_registered", { error: String(error) });
    }
    own.cancel = this.#sources.clock.after(RENEW_EVERY_MS, () => void this.#renew());
  }

  async #patch(name: string, body: object): Promise<void> {
    const path = pathOf(KUBE_RESOURCES.leases, { namespace: this.#namespace, name });
    const bodyType = "application/merge-patch+json";
    const now = await this.#sources.client.request<KubeObject>({ method: "PATCH", path, body, bodyType });
    this.#sources.leases.learn(now);
  }

  #leaseOf({ name, address, port, otherAddresses = [] }: OwnGateway, request: string | undefined): KubeObject {
    return {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: {
        name: leaseName(name),
        namespace: this.#namespace,
        labels: { ...TANDEM_LEASE, [GATEWAY_LABEL]: this.#sources.site },
        annotations: {
          [NAME]: name,
          [ADDRESSES]: [address, ...otherAddresses].join(","),
          [PORT]: String(port),
          ...(request === undefined ? {} : { [REQUEST]: request }),
        },
      },
      spec: {
        holderIdentity: name,
        leaseDurationSeconds: DURATION_SECONDS,
        // MicroTime: six digits of fractions are what the API takes.
        renewTime: new Date(this.#sources.clock.now()).toISOString().replace("Z", "000Z"),
      },
    };
  }

  #all(): readonly KubeObject[] {
    return this.#sources.leases.labelled(GATEWAY_LABEL, this.#sources.site);
  }

  #changed(): void {
    const all = this.#all().map(({ metadata }) => JSON.stringify([metadata.name, metadata.annotations]));
    const text = all.toSorted((left, right) => (left < right ? -1 : 1)).join("\n");
    if (text === this.#told) return;
    this.#told = text;
    for (const listener of this.#listeners) listener();
  }
}

function leaseName(gateway: string): string {
  return `tandem-gateway-${gateway}`;
}

/** The gateway that a Lease is of; undefined where it says none, or none that is understood. */
export function gatewayOf({ metadata }: KubeObject): OwnGateway | undefined {
  const { annotations = {} } = metadata;
  const registered = Registered.safeParse({
    name: annotations[NAME],
    addresses: annotations[ADDRESSES]?.split(","),
    port: annotations[PORT] ?? GATEWAY_PORT,
  }).data;
  const [address, ...otherAddresses] = registered?.addresses ?? [];
  if (registered === undefined || address === undefined) return undefined;
  return { name: registered.name, address, port: registered.port, otherAddresses };
}

/** Of a request, short enough for people to compare. */
function fingerprintOf(request: string): string {
  return createHash("sha256").update(request.trim()).digest("hex").slice(0, 32);
}
