import { formatPath } from "../../../model/field-path.ts";
import { parseObject } from "../../../adapters/objects/parse-object.ts";
import { TANDEM_API_VERSION } from "../../../model/kinds/index.ts";
import type { Problem } from "../../../model/problem.ts";
import type { ServiceKey } from "../../../model/service-key.ts";
import { splitKey } from "./service-traces.ts";

/** What `tandem protect` is asked for. */
export interface PolicyOrder {
  readonly service: ServiceKey;
  readonly mode: "Direct" | "Gateway";
  readonly sites: readonly string[];
  readonly checkPath?: string;
  /** Name or number. */
  readonly checkPort?: string;
  readonly profile?: string;
}

/** A policy as it is applied: what was asked for and nothing else, so that no other field is taken from who keeps it. */
export interface PolicyManifest {
  readonly apiVersion: string;
  readonly kind: "FailoverPolicy";
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** The policy that an order asks for; named as its Service is. */
export function policyOf(order: PolicyOrder): PolicyManifest {
  const [namespace, name] = splitKey(order.service);
  const { mode, sites, profile, checkPath, checkPort } = order;
  const port = checkPort !== undefined && /^\d+$/.test(checkPort) ? Number(checkPort) : checkPort;
  const asked = port === undefined ? {} : { port };
  const healthCheck = checkPath === undefined ? { tcp: asked } : { http: { path: checkPath, ...asked } };
  return {
    apiVersion: TANDEM_API_VERSION,
    kind: "FailoverPolicy",
    metadata: { name, namespace },
    spec: {
      targetRefs: [{ group: "", kind: "Service", name }],
      mode,
      sites: sites.map((site) => ({ name: site })),
      ...(profile === undefined ? {} : { profile }),
      ...(checkPath === undefined && checkPort === undefined ? {} : { healthCheck }),
    },
  };
}

/** The option that a field comes from. */
const OPTION_OF: readonly (readonly [field: RegExp, option: string])[] = [
  [/^spec\.sites/, "--site"],
  [/^spec\.healthCheck\.http\.path/, "--check-path"],
  [/^spec\.healthCheck/, "--check-port"],
  [/^spec\.profile/, "--profile"],
  [/^spec\.mode/, "--mode"],
];

/** What is wrong with a policy in itself. */
export function policyProblems(policy: PolicyManifest): readonly Problem[] {
  const parsed = parseObject(policy, { site: "cluster", correct: "See --help for the form it takes" });
  if (parsed.ok) return [];
  return parsed.problems.map(({ path, message, remedy }) => {
    const field = formatPath(path);
    return { field: OPTION_OF.find(([pattern]) => pattern.test(field))?.[1] ?? field, message, remedy };
  });
}
