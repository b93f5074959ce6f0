/**
 * What an installation allows, one permission at a time, and which of it was made use of.
 * @module
 */
import { installedObjects } from "../../src/core/install/index.ts";
import type { AuditEntry } from "../kube/http/audit.ts";
import { EXAMPLE } from "./example.ts";

/** One verb on one resource, everywhere or in one namespace, of all objects or of one. */
export interface Granted {
  readonly verb: string;
  /** `group/plural[/subresource]`. */
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** All that an account is granted. @param component `controller` or `gateway` */
export function grantedTo(component: string): readonly Granted[] {
  return installedObjects(EXAMPLE)
    .filter(({ metadata }) => metadata.name.startsWith(`tandem-${component}`))
    .flatMap((object) =>
      ((object["rules"] ?? []) as readonly Rule[]).flatMap((rule) => permissionsOf(rule, object.metadata.namespace)),
    );
}

function permissionsOf(
  { apiGroups, resources, resourceNames, verbs }: Rule,
  namespace: string | undefined,
): readonly Granted[] {
  return apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      verbs.flatMap((verb) =>
        (resourceNames ?? [undefined]).map((name) => ({ verb, resource: `${group}/${resource}`, namespace, name })),
      ),
    ),
  );
}

/** Whether a request needed a permission. */
export function makesUseOf(entry: AuditEntry, { verb, resource, namespace, name }: Granted): boolean {
  const subresource = entry.subresource === "" ? "" : `/${entry.subresource}`;
  return (
    entry.verb === verb &&
    `${entry.group}/${entry.resource}${subresource}` === resource &&
    (namespace === undefined || namespace === entry.namespace) &&
    (name === undefined || name === entry.name)
  );
}

/** A permission as the table of reasons names it: `list tandem.dev/sites`. */
export function formatGranted({ verb, resource, name }: Granted): string {
  return `${verb} ${resource}${name === undefined ? "" : ` ${name}`}`;
}

/**
 * Why permissions are granted that the suite makes no use of. A row that it does make use of has to go: so the table
 * stays as short as it can be.
 */
export const REASONS: Readonly<Record<string, readonly (readonly [why: string, permissions: readonly string[]])[]>> = {
  controller: [
    [
      "used where sites set themselves up and join: test/e2e/clusters.test.ts",
      [
        "create tandem.dev/sites",
        "create /secrets",
        "get /secrets tandem-authority",
        "get /secrets tandem-tokens",
        "patch /secrets tandem-tokens",
      ],
    ],
    ["a site that joins once more, with other addresses", ["patch tandem.dev/sites"]],
    ["a gateway that is gone for five minutes leaves a Lease", ["delete coordination.k8s.io/leases"]],
  ],
  gateway: [
    [
      "used where gateways register and pass joins on: test/e2e/clusters.test.ts",
      ["get", "watch", "create", "patch", "delete"].map((verb) => `${verb} coordination.k8s.io/leases`),
    ],
    ["an API server that streams no lists has its Leases listed", ["list coordination.k8s.io/leases"]],
  ],
};

/** Permissions that are neither used nor have a reason, and reasons for permissions that are used or not granted. */
export function superfluous(component: string, requests: readonly AuditEntry[]): readonly string[] {
  const reasons = (REASONS[component] ?? []).flatMap(([, permissions]) => permissions);
  const granted = grantedTo(component);
  const unused = new Set(granted.filter((one) => !requests.some((entry) => makesUseOf(entry, one))).map(formatGranted));
  return [
    ...[...unused].filter((one) => !reasons.includes(one)).map((one) => `not used, and no reason: ${one}`),
    ...reasons.filter((one) => !unused.has(one)).map((one) => `used, or not granted: no reason is needed for ${one}`),
  ];
}
