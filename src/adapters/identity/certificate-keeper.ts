/**
 * Keeps this gateway's certificate fresh: issued here where the authority's key is, else asked of the issuer.
 * @module
 */
import { askPeer, type PeerCredentials } from "../peers/peer-connection.ts";
import { notAfter } from "../pki/certificate-authority.ts";
import type { GatewayRecord, StatePaths } from "../state/state-directory.ts";
import { gatewayIdentity } from "../../model/identity.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";
import { type Credentials, isRenewalDue, openAuthority, readCredentials, renewCredentials } from "./credentials.ts";

/** How often a certificate's age is looked at. */
const RENEWAL_CHECK_MS = 3_600_000;

/** What the keeper works with. */
export interface CertificateTools {
  readonly paths: StatePaths;
  readonly record: GatewayRecord;
  readonly clock: Clock;
  readonly log: Logger;
  /** Gateways of the own site that may be the issuer. */
  issuers(): readonly { readonly name: string; readonly address: string; readonly port: number }[];
  /** Where the issuer is no gateway: asks it for a certificate, PEM. */
  readonly requestCertificate?: ((request: string) => Promise<string>) | undefined;
  /** A new certificate is in place. */
  renewed(): void;
}

/** The certificate of one gateway. */
export class CertificateKeeper {
  readonly #tools: CertificateTools;
  #credentials: Credentials | undefined;
  #sign: ((request: string) => Promise<string>) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(tools: CertificateTools) {
    this.#tools = tools;
  }

  /** Reads the certificate; the issuer makes its own when there is none. */
  async open(): Promise<void> {
    const { paths, record, clock } = this.#tools;
    if (record.issuer) {
      const sign = await openAuthority(paths, record.site);
      this.#sign = (request) => sign(request, clock.now());
    }
    this.#credentials = await readCredentials(paths);
    if (this.#credentials === undefined && this.#sign !== undefined) {
      this.#credentials = await renewCredentials(paths, this.#sign);
    }
    this.#timer = setInterval(() => void this.renewIfDue(), RENEWAL_CHECK_MS);
  }

  /** Stops looking. */
  close(): void {
    clearInterval(this.#timer);
  }

  /** What this gateway has; undefined before it was enrolled. */
  get credentials(): Credentials | undefined {
    return this.#credentials;
  }

  /** Signs a certificate request; undefined where the authority's key is not. */
  get sign(): ((request: string) => Promise<string>) | undefined {
    return this.#sign;
  }

  /** Unix milliseconds at which the certificate ends. */
  get ends(): number | undefined {
    return this.#credentials === undefined ? undefined : notAfter(this.#credentials.certificate);
  }

  /** With what a gateway of a site is called. @param bundle authorities of that site; undefined for the own one */
  credentialsFor(site: string, bundle: string | undefined): PeerCredentials {
    const own = this.#credentials;
    if (own === undefined) throw new Error("this gateway has no certificate yet");
    return { own, peerBundle: bundle ?? own.authority, peerIdentity: gatewayIdentity(site) };
  }

  /** Renews the certificate when it is old enough; a failure is said and tried again later. */
  async renewIfDue(): Promise<void> {
    const { paths, clock, log, requestCertificate } = this.#tools;
    if (this.#credentials === undefined || !isRenewalDue(this.#credentials, clock.now())) return;
    const ends = new Date(notAfter(this.#credentials.certificate)).toISOString();
    try {
      this.#credentials = await renewCredentials(
        paths,
        this.#sign ?? requestCertificate ?? ((request) => this.#askIssuer(request)),
      );
      this.#tools.renewed();
      log.info("certificate_renewed", { ends: new Date(notAfter(this.#credentials.certificate)).toISOString() });
    } catch (error) {
      log.warn("certificate_not_renewed", { error: String(error), ends });
    }
  }

  async #askIssuer(request: string): Promise<string> {
    const failures: string[] = [];
    for (const issuer of this.#tools.issuers()) {
      try {
        const credentials = this.credentialsFor(this.#tools.record.site, undefined);
        const call = { method: "POST", path: "/v1/certificate", body: request } as const;
        const { status, body } = await askPeer(issuer, credentials, call);
        if (status === 200) return body;
        failures.push(`${issuer.name} answered ${status}`);
      } catch (error) {
        failures.push(`${issuer.name}: ${String(error)}`);
      }
    }
    throw new Error(`no issuer was reached: ${failures.join("; ")}`);
  }
}
