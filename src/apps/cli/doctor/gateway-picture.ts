/**
 * What a doctor reads of one gateway: its agent's view, and ports tried from this machine.
 * @module
 */
import { callLocal } from "../../../adapters/http/local-client.ts";
import { takesConnections } from "../../../adapters/http/gateway-probe.ts";
import type { SiteRecord } from "../../../model/catalog.ts";
import type { AgentPicture, CertificatePicture, GatewayPicture, SitePicture } from "../../../model/doctor.ts";
import type { AgentStatus } from "../../../model/status.ts";
import { VERSION } from "../version.ts";
import { bundleCertificates } from "./bundle-certificates.ts";

/** How long a port may take to answer, in milliseconds. */
const PROBE_TIMEOUT_MS = 2_000;

/** Leaves of 30 days are renewed daily: one that has less than this left was missed for days, in milliseconds. */
const LEAF_RENEWED_BEFORE_MS = 20 * 24 * 3_600_000;

/**
 * Reads the picture of a gateway.
 * @throws TandemError AgentNotRunning
 */
export async function readGatewayPicture(socket: string, now: number): Promise<AgentPicture> {
  const [status, own] = await Promise.all([
    callLocal(socket, "GET", "/status") as Promise<AgentStatus>,
    callLocal(socket, "GET", "/site") as Promise<SiteRecord>,
  ]);
  return pictureOf(status, await Promise.all(sitesOf(status, own).map(tryPorts)), { own, now });
}

/** The picture that an agent's answers make. */
export function pictureOf(
  status: AgentStatus,
  sites: readonly SitePicture[],
  { own, now }: { readonly own: SiteRecord; readonly now: number },
): AgentPicture {
  const gateway = `${status.site}/${status.gateway}`;
  const leaf: CertificatePicture[] =
    status.certificateEnds === undefined
      ? []
      : [
          {
            subject: `The certificate of ${gateway}`,
            from: Number.NEGATIVE_INFINITY,
            until: status.certificateEnds,
            renewedBeforeMs: LEAF_RENEWED_BEFORE_MS,
          },
        ];
  return {
    now,
    gateway,
    envoy: status.envoy,
    peers: status.peers,
    problems: status.problems.map(({ file, field, message, remedy }) => ({
      message: [file, field, message].filter((part) => part !== undefined).join(": "),
      remedy,
    })),
    conditioned: status.services.map(({ service, conditions }) => ({ subject: `Service ${service}`, conditions })),
    sites,
    certificates: [...leaf, ...bundleCertificates(own.name, own.trustBundle)],
    versions: [
      { who: "This program", version: VERSION },
      { who: `The agent of ${gateway}`, version: status.version },
    ],
  };
}

/** The own site and those it is joined with, as the agent knows them. */
export function sitesOf(status: AgentStatus, own: SiteRecord): readonly SitePicture[] {
  const untried = { open: undefined };
  return [
    {
      name: own.name,
      own: true,
      labels: own.labels,
      gateways: own.gateways.map((gateway) => ({ ...gateway, ...untried })),
    },
    ...status.peers.map(({ name, gateways }) => ({
      name,
      own: false,
      labels: {},
      gateways: gateways.map((text, index): GatewayPicture => {
        const colon = text.lastIndexOf(":");
        return {
          name: String(index + 1),
          address: text.slice(0, colon),
          port: Number(text.slice(colon + 1)),
          ...untried,
        };
      }),
    })),
  ];
}

/** A site with its gateways' ports tried from here. */
export async function tryPorts(site: SitePicture): Promise<SitePicture> {
  const gateways = site.gateways.map(async (gateway) => ({
    ...gateway,
    open: await takesConnections(gateway.address, gateway.port, PROBE_TIMEOUT_MS),
  }));
  return { ...site, gateways: await Promise.all(gateways) };
}
