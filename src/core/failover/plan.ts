/**
 * What one gateway should serve how, from a view and the verdict on it.
 * @module
 */
import type { LocalEndpoint, PeerGateway, ServiceView } from "../../model/service-view.ts";
import type {
  EndpointRole,
  ProgramCheck,
  ProgramEndpoint,
  ProgramTier,
  ServiceProgram,
} from "../../model/service-program.ts";
import type { Verdict } from "./judge.ts";
import { chooseProtocol, type ProtocolChoice } from "./protocol.ts";
import { programCheck } from "./program-check.ts";
import { type JudgedEndpoint, localCheckState, orderTiers, type Tier } from "./tiers.ts";

/**
 * How long a try may take when the service is slower than `perTryTimeout` everywhere, in milliseconds: as long as Envoy
 * waits for an answer where nobody says otherwise. A request must not wait for ever for an endpoint that hangs after all.
 */
const PATIENT_TRY_MS = 15_000;

/** The same for services with a long `perTryTimeout`, as a multiple of it. */
const PATIENT_TRY_FACTOR = 20;

/** The program of a service. Pure. */
export function plan(view: ServiceView, verdict: Verdict): ServiceProgram {
  const choice = chooseProtocol(view.appProtocol, view.policy.healthCheck);
  const check = programCheck(view, choice);
  const { retry } = view.policy;
  const rests = verdict.memory.hedgingRestsUntil !== undefined;
  const standby = new Set(verdict.sites.filter((site) => site.standby).map((site) => site.site));
  const how = {
    verdict: localVerdict(verdict, choice, check),
    checkHost: check.kind === "http" ? check.host : undefined,
  };
  return {
    service: view.service,
    site: view.site,
    protocol: choice.protocol,
    http2: choice.http2,
    ...(view.listen === undefined ? {} : { listen: view.listen }),
    ...(view.leaving ? { leaving: true as const } : {}),
    callers: view.policy.sites.map((site) => site.name).filter((name) => name !== view.site),
    tiers: switchFirst(view, orderTiers(view)).map((tier) =>
      planTier(
        choice.protocol === "http" ? withoutDraining(tier) : tier,
        standby.has(tier.site) ? "standby" : "active",
        how,
      ),
    ),
    check,
    minHealthyPercent: view.policy.minHealthyPercent,
    retry: {
      attempts: retry.attempts,
      perTryTimeoutMs: rests ? patientTry(retry.perTryTimeout) : retry.perTryTimeout,
      hedge: retry.hedge,
      crossSiteWrites: retry.crossSiteWrites,
      ...(retry.idempotencyHeader === undefined ? {} : { idempotencyHeader: retry.idempotencyHeader }),
    },
    timeoutMs: view.policy.timeout,
  };
}

/** No limit stays no limit. */
function patientTry(perTryTimeoutMs: number): number {
  return perTryTimeoutMs === 0 ? 0 : Math.max(perTryTimeoutMs * PATIENT_TRY_FACTOR, PATIENT_TRY_MS);
}

/** A retry walks the tiers in order, whatever their health: the site a person chose comes first for it too. */
function switchFirst(view: ServiceView, tiers: readonly Tier[]): readonly Tier[] {
  const to = view.activeSwitch?.to;
  return [...tiers.filter((tier) => tier.site === to), ...tiers.filter((tier) => tier.site !== to)];
}

/**
 * Envoy lets requests end at a host that is taken from it, but not TCP connections: only for these a gateway that drains
 * stays in the list. Otherwise it would be tried when nothing is healthy anywhere.
 */
function withoutDraining(tier: Tier): Tier {
  return tier.local ? tier : { ...tier, endpoints: tier.endpoints.filter(({ endpoint }) => !endpoint.draining) };
}

/**
 * What takes a local endpoint out of the callers' cluster: that cluster's own check; the check of the `in` cluster, fed
 * in as the endpoint's role; or no check.
 */
type LocalVerdict = "checked" | "fed" | "none";

/**
 * An HTTP service has pods and peers' gateways in one cluster, with one kind of check: HTTP, which is how gateways answer.
 * The verdict of any other check has to be fed in.
 */
function localVerdict(verdict: Verdict, choice: ProtocolChoice, check: ProgramCheck): LocalVerdict {
  if (verdict.checkUnknown || verdict.checkSuspect) return "none";
  return choice.protocol === "http" && check.kind === "tcp" ? "fed" : "checked";
}

interface LocalChecking {
  readonly verdict: LocalVerdict;
  readonly checkHost: string | undefined;
}

function planTier(tier: Tier, role: EndpointRole, how: LocalChecking): ProgramTier {
  const endpoints = tier.local
    ? tier.endpoints.map((judged) => planLocal(judged, role, how))
    : tier.endpoints.map((judged) => planGateway(judged, role));
  return { site: tier.site, local: tier.local, endpoints };
}

function planLocal(
  { endpoint, health }: JudgedEndpoint<LocalEndpoint>,
  role: EndpointRole,
  how: LocalChecking,
): ProgramEndpoint {
  const out = !endpoint.ready || (how.verdict === "fed" && localCheckState(health) === "failing");
  return {
    address: endpoint.address,
    port: endpoint.port,
    role: out ? "out" : role,
    ready: endpoint.ready,
    checked: how.verdict === "checked",
    // As the kubelet does: the pod's own address, unless the check names a host.
    checkHost: how.checkHost ?? endpoint.address,
    ...(endpoint.checkPort === undefined ? {} : { checkPort: endpoint.checkPort }),
  };
}

function planGateway({ endpoint }: JudgedEndpoint<PeerGateway>, role: EndpointRole): ProgramEndpoint {
  return {
    address: endpoint.address,
    port: endpoint.port,
    role: endpoint.draining ? "out" : role,
    ready: !endpoint.draining,
    // A gateway that drains fails its checks, and a failed check ends TCP connections, which are to have their time.
    checked: !endpoint.draining,
  };
}
