/**
 * A lab with two sets of services for the transparency tests: one whose endpoint is in the clients' site, one whose endpoint
 * is in the other site only. It is the same endpoint, so that whatever differs comes from the way.
 * @module
 */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { stringify } from "yaml";
import { Lab } from "../../src/apps/lab/network/lab.ts";
import { LAB_DEFAULTS } from "../../src/apps/lab/network/layout.ts";
import { askHttp1, askHttp2, openHttp2, type Place } from "./http-exchange.ts";
import { CHECK_PATH, REFLECTING_PORTS, ReflectingEndpoint } from "./reflecting-endpoint.ts";
import { serviceDocuments } from "./service-manifests.ts";
import { connectClient } from "./tcp-conversation.ts";

/** The ways to the endpoint: `direct` is without Tandem. */
export type WayName = "direct" | "local" | "peer";

/** A way to the endpoint, by protocol. */
export interface Way {
  readonly name: WayName;
  readonly http: Place;
  readonly http2: Place;
  readonly tcp: Place;
  readonly endpoint: ReflectingEndpoint;
}

/** Address that clients connect from. */
export const CLIENT_ADDRESS = "127.67.0.9";
const ENDPOINT_ADDRESS = "127.67.3.1";
const SERVICES = { local: { number: 1, site: "west" }, peer: { number: 2, site: "east" } } as const;

/** The lab, its endpoint, and the ways there. */
export class TransparencyLab {
  readonly endpoint: ReflectingEndpoint;
  readonly ways: Readonly<Record<WayName, Way>>;
  readonly #lab: Lab;

  private constructor(lab: Lab, endpoint: ReflectingEndpoint) {
    this.#lab = lab;
    this.endpoint = endpoint;
    const [gateway] = lab.targets("http");
    const host = gateway?.address.split(":")[0] ?? "";
    const place = (name: WayName, protocol: Protocol): Place => ({
      ...(name === "direct"
        ? { host: ENDPOINT_ADDRESS, port: REFLECTING_PORTS[protocol] }
        : { host, port: listenPort(name, protocol) }),
      localAddress: CLIENT_ADDRESS,
    });
    const way = (name: WayName): Way => ({
      name,
      http: place(name, "http"),
      http2: place(name, "http2"),
      tcp: place(name, "tcp"),
      endpoint,
    });
    this.ways = { direct: way("direct"), local: way("local"), peer: way("peer") };
  }

  /** Brings all of it up and waits until every way leads to the endpoint. */
  static async up(): Promise<TransparencyLab> {
    const directory = await mkdtemp(join(tmpdir(), "td-"));
    const lab = await Lab.up({ ...LAB_DEFAULTS, directory, prefix: "127.67" }, () => {});
    const up = new TransparencyLab(lab, await ReflectingEndpoint.listen(ENDPOINT_ADDRESS));
    try {
      for (const site of lab.sites) await writeFile(join(site.manifests, "transparency.yaml"), manifests(site.name));
      for (const way of Object.values(up.ways)) await up.#untilReached(way);
    } catch (error) {
      await up.down();
      throw error;
    }
    return up;
  }

  /** Ends all of it. */
  async down(): Promise<void> {
    this.endpoint.close();
    await Lab.down(this.#lab.options.directory);
  }

  async #untilReached({ http, http2, tcp }: Way): Promise<void> {
    const soon = { timeout: 20_000, interval: 100 };
    const http1Status = async (): Promise<number> =>
      (await askHttp1(http, { target: CHECK_PATH, headers: [["Host", "shop"]] })).status;
    const http2Status = async (): Promise<number> => {
      const session = openHttp2(http2);
      try {
        return (await askHttp2(session, { target: CHECK_PATH })).status;
      } finally {
        session.destroy();
      }
    };
    const echo = async (): Promise<string> => {
      const client = connectClient(tcp);
      client.say("echo");
      await client.hear("echo").finally(() => client.socket.destroy());
      return client.received;
    };
    const holds = async (question: () => Promise<boolean>): Promise<boolean> => question().catch(() => false);
    await vi.waitUntil(() => holds(async () => (await http1Status()) === 200), soon);
    await vi.waitUntil(() => holds(async () => (await http2Status()) === 200), soon);
    await vi.waitUntil(() => holds(async () => (await echo()) === "echo"), soon);
  }
}

type Protocol = "http" | "http2" | "tcp";

const APP_PROTOCOLS = { http: "http", http2: "kubernetes.io/h2c", tcp: undefined } as const;

function listenPort(way: keyof typeof SERVICES, protocol: keyof typeof REFLECTING_PORTS): number {
  return SERVICES[way].number * 1_000 + REFLECTING_PORTS[protocol] + 10_000;
}

/** All services in both sites, each with an endpoint in one of them. */
function manifests(site: string): string {
  const documents = (["local", "peer"] as const).flatMap((way) =>
    (["http", "http2", "tcp"] as const).flatMap((protocol) => service(way, protocol, SERVICES[way].site === site)),
  );
  return documents.map((document) => stringify(document)).join("---\n");
}

function service(way: keyof typeof SERVICES, protocol: Protocol, hasEndpoint: boolean): object[] {
  const portNames = protocol === "tcp" ? (["tcp", "check"] as const) : [protocol];
  return serviceDocuments({
    namespace: "shop",
    name: `${way}-${protocol}`,
    ports: portNames.map((port) => ({ name: port, port: REFLECTING_PORTS[port] })),
    appProtocol: APP_PROTOCOLS[protocol],
    listen: portNames.map((port) => `${port}=${listenPort(way, port)}`).join(),
    addresses: hasEndpoint ? [ENDPOINT_ADDRESS] : [],
    healthCheck: protocol === "tcp" ? { tcp: { port: "check" } } : { http: { path: CHECK_PATH } },
    // Long enough that a machine that is busy with 100 MB does not make a read slow, and is seen twice.
    retry: { perTryTimeout: "10s" },
  });
}
