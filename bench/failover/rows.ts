/**
 * Every row of the failover benchmark.
 * @module
 */
import type { BackendFault } from "../rig/kubernetes.ts";
import type { Workload } from "../rig/load.ts";
import type { SiteName } from "../rig/topology.ts";
import { faultMs, type FaultStep, type Row, secondFaultMs } from "./row.ts";

const get: Workload = { protocol: "http", rate: 1000, durationMs: 9000, method: "GET", mix: [] };
const post: Workload = { ...get, method: "POST" };
const tcp: Workload = { ...get, protocol: "tcp", rate: 200 };

const local = (fault: BackendFault): FaultStep => ({ atMs: faultMs, breaks: "backends", sites: ["west"], fault });
const everywhere = (fault: BackendFault): FaultStep => {
  const sites: readonly SiteName[] = ["west", "east"];
  return { atMs: faultMs, breaks: "backends", sites, fault };
};
const crash = local("crash");
const peerGateway = (fault: "crash" | "hang"): FaultStep => ({ atMs: secondFaultMs, breaks: "peerGateway", fault });

const inOneSite: readonly (readonly [id: string, title: string, steps: readonly FaultStep[]])[] = [
  ["killed", "killed", [crash]],
  ["hung", "hung (accepts, never answers)", [local("hang")]],
  ["503", "answers 503", [local({ kind: "5xx" })]],
  ["half", "every second answer 503", [local({ kind: "half" })]],
  ["slow", "answers after 5 s", [local({ kind: "slow", delayMs: 5000 })]],
  ["reset", "resets the connection", [local({ kind: "reset" })]],
  ["unready", "unready in Kubernetes, answers well", [local("unready")]],
  ["check", "health check turns 503, answers well", [local({ kind: "check" })]],
  ["gateway-crash", "a local gateway killed", [{ atMs: faultMs, breaks: "localGateway", fault: "crash" }]],
  ["gateway-hang", "a local gateway hung", [{ atMs: faultMs, breaks: "localGateway", fault: "hang" }]],
  ["killed-peer-hang", "killed, then one peer gateway hung", [crash, peerGateway("hang")]],
  ["killed-peer-crash", "killed, then one peer gateway killed", [crash, peerGateway("crash")]],
  [
    "agents-killed",
    "own and peer agents killed, then the service",
    [
      { atMs: faultMs - 1000, breaks: "localAgents", fault: "crash" },
      { atMs: faultMs - 1000, breaks: "peerAgents", fault: "crash" },
      crash,
    ],
  ],
];

const inBothSites: readonly (readonly [id: string, title: string, steps: readonly FaultStep[]])[] = [
  ["both-partial", "30 % of answers 503", [everywhere({ kind: "partial", share: 0.3 })]],
  ["both-slow", "answers after 5 s", [everywhere({ kind: "slow", delayMs: 5000 })]],
  ["both-503", "answers 503", [everywhere({ kind: "5xx" })]],
  ["both-check", "health check turns 503, answers well", [everywhere({ kind: "check" })]],
];

/** In the order of the results. */
export const rows: readonly Row[] = [
  ...inOneSite.map(([id, title, steps]): Row => ({ id, title, group: "GET", workload: get, check: "http", steps })),
  ...inBothSites.map(
    ([id, title, steps]): Row => ({ id, title, group: "both sites, GET", workload: get, check: "http", steps }),
  ),
  {
    id: "both-url",
    title: "one URL always 503 (10 % of requests)",
    group: "both sites, GET",
    workload: { ...get, mix: ["/bad=0.1"] },
    check: "http",
    steps: [],
  },
  { id: "post-killed", title: "killed", group: "POST", workload: post, check: "http", steps: [crash] },
  {
    id: "post-503",
    title: "answers 503",
    group: "POST",
    workload: post,
    check: "http",
    steps: [local({ kind: "5xx" })],
  },
  { id: "tcp-killed", title: "killed", group: "TCP", workload: tcp, check: "tcp-send-receive", steps: [crash] },
  {
    id: "tcp-hung-connect",
    title: "hung, connect check",
    group: "TCP",
    workload: tcp,
    check: "tcp-connect",
    steps: [local("hang")],
  },
  {
    id: "tcp-hung-ping",
    title: "hung, send/receive check",
    group: "TCP",
    workload: tcp,
    check: "tcp-send-receive",
    steps: [local("hang")],
  },
  {
    id: "tcp-killed-peer-crash",
    title: "killed, then one peer gateway killed",
    group: "TCP",
    workload: tcp,
    check: "tcp-send-receive",
    steps: [crash, peerGateway("crash")],
  },
];

/** Those whose ids are in `ids` (all when there are none); a string says which id is unknown. */
export function chooseRows(ids: readonly string[]): readonly Row[] | string {
  const unknown = ids.find((id) => !rows.some((row) => row.id === id));
  if (unknown !== undefined) return `no row "${unknown}": there are ${rows.map(({ id }) => id).join(", ")}`;
  return ids.length === 0 ? rows : rows.filter(({ id }) => ids.includes(id));
}
