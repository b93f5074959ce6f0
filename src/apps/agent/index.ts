/**
 * The agent as a process: what `tandem agent` runs.
 * @module
 */
import type { Server } from "node:http";
import { z } from "zod";
import { parseToken } from "../../adapters/pki/token.ts";
import { redeemToken } from "../../adapters/peers/redemption.ts";
import { gatewayIdentity } from "../../model/identity.ts";
import { SwitchRecord } from "../../model/catalog.ts";
import { systemErrorCode, TandemError } from "../../model/errors.ts";
import { DnsLabel, Reason } from "../../model/kinds/index.ts";
import type { ServiceKey } from "../../model/service-key.ts";
import { Agent } from "./agent.ts";
import type { AgentOptions } from "./agent-options.ts";
import { ClusterJoinDesk } from "./cluster-join-desk.ts";
import { JoinDesk } from "./join-desk.ts";
import { type LocalOperations, parseBody, serveLocalApi } from "./local-api.ts";
import { writeMetrics } from "./metrics.ts";

export type { AgentOptions } from "./agent-options.ts";

const ServiceName = z.string().regex(/^[^/]+\/[^/]+$/, "is not of the form namespace/name, such as shop/web");
const SwitchOrder = z.strictObject({
  service: ServiceName,
  to: DnsLabel,
  forMs: z.number().min(1, "must be longer than no time").optional(),
  reason: Reason.default(""),
});
const SwitchEnd = z.strictObject({ service: ServiceName });
const TokenOrder = z.strictObject({ kind: z.enum(["site", "gateway"]), for: DnsLabel });
const JoinOrder = z.strictObject({ token: z.string() });
const DrainOrder = z.strictObject({ draining: z.boolean() });

/** A running agent process. */
export interface RunningAgent {
  close(): Promise<void>;
}

/**
 * Starts an agent with its local interface. One that cannot start leaves nothing open.
 * @throws TandemError AgentCannotStart, also where the system refuses a file or a socket; AgentRunning
 */
export async function startAgent(options: AgentOptions): Promise<RunningAgent> {
  try {
    return await start(options);
  } catch (error) {
    if (!(error instanceof Error) || systemErrorCode(error) === undefined) throw error;
    throw new TandemError("AgentCannotStart", `from ${options.stateDirectory}: ${error.message}`, { cause: error });
  }
}

async function start(options: AgentOptions): Promise<RunningAgent> {
  const agent = await Agent.start(options);
  let desk: Desk | undefined;
  let local: Server | undefined;
  const close = async (): Promise<void> => {
    desk?.close();
    if (local !== undefined) await closed(local);
    await agent.close();
  };
  try {
    desk = await openDesk(agent, options);
    local = await serveLocalApi(agent.paths.localSocket, operations(agent, desk, options));
    return { close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Where others are let in. */
type Desk = JoinDesk | ClusterJoinDesk;

/** In a cluster the controllers let others in, unless this gateway was made the issuer before the cluster had any. */
async function openDesk(agent: Agent, options: AgentOptions): Promise<Desk> {
  const { registration } = options;
  if (registration === undefined || agent.record.issuer) return JoinDesk.open(agent, options);
  return new ClusterJoinDesk(agent, { ...options, passOn: registration.passOn });
}

function operations(agent: Agent, desk: Desk, { clock }: AgentOptions): LocalOperations {
  return {
    "GET /status": () => ({ status: 200, body: agent.status() }),
    "GET /metrics": async () => ({
      status: 200,
      body: await writeMetrics(agent.status(), agent.programming, agent.paths.adminSocket),
    }),
    "GET /site": () => ({ status: 200, body: agent.ownSite() }),
    "GET /members": () => ({ status: 200, body: agent.members() }),
    "POST /switch": (body) => {
      const order = parseBody(SwitchOrder, body);
      const record = SwitchRecord.parse({
        service: requireService(agent, order.service, order.to),
        to: order.to,
        reason: order.reason,
        at: clock.now(),
        origin: agent.record.site,
        over: false,
        ...(order.forMs === undefined ? {} : { until: clock.now() + order.forMs }),
      });
      agent.order(record);
      return { status: 200, body: record };
    },
    "POST /switch/end": (body) => {
      const service = requireService(agent, parseBody(SwitchEnd, body).service, undefined);
      requireNoManifest(agent, service, clock.now());
      const before = agent.switchOf(service, clock.now());
      const record = SwitchRecord.parse({
        service,
        to: agent.record.site,
        reason: "",
        at: clock.now(),
        origin: agent.record.site,
        over: true,
      });
      // Also where none is known here: one may be on its way from another site.
      agent.order(record);
      return { status: 200, body: { ...record, wasInForce: before !== undefined } };
    },
    "POST /token": async (body) => {
      const order = parseBody(TokenOrder, body);
      return { status: 200, body: await desk.issue(order.kind, order.for) };
    },
    "POST /join": async (body) => {
      const token = parseToken(parseBody(JoinOrder, body).token);
      return { status: 200, body: await join(agent, token) };
    },
    "POST /drain": (body) => {
      agent.drain(parseBody(DrainOrder, body).draining);
      return { status: 200, body: {} };
    },
  };
}

async function join(agent: Agent, token: ReturnType<typeof parseToken>): Promise<unknown> {
  const { site } = agent.record;
  if (token.kind !== "site" || token.for !== site) {
    throw new TandemError("TokenRefused", `the token is for ${token.kind} ${token.for}, and this is site ${site}`);
  }
  const known = agent.members().find((member) => member.name === token.site);
  if (known !== undefined && known.trustBundle !== token.authority)
    throw new TandemError("SiteNameTaken", `${token.site} is known here with another authority`);
  const what = { kind: "site", id: token.id, secret: token.secret, for: token.for, site: agent.ownSite() } as const;
  const redeemed = await redeemToken(token, what, gatewayIdentity(token.site));
  // The name and the authority are the token's, whatever the answer says: they were what the person trusted.
  await agent.admit({ ...redeemed.site, name: token.site, trustBundle: token.authority, accepted: true });
  return { joined: token.site };
}

function requireService(agent: Agent, service: string, to: string | undefined): ServiceKey {
  const known = agent.status().services.find((one) => one.service.startsWith(`${service}/`));
  if (known === undefined) throw new TandemError("ServiceUnknown", `no policy here targets ${service}`);
  if (to !== undefined && !known.sites.some((site) => site.name === to)) {
    throw new TandemError(
      "SiteUnknown",
      `${to} is not among the sites of ${service}: ${known.sites.map((site) => site.name).join(", ")}`,
    );
  }
  return service as ServiceKey;
}

function requireNoManifest(agent: Agent, service: ServiceKey, now: number): void {
  const record = agent.switchOf(service, now);
  if (record?.manifest === undefined) return;
  throw new TandemError(
    "SwitchFromManifest",
    `${service} is switched to ${record.to} by the manifest Switch ${record.manifest} of ${record.origin}`,
  );
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
