import type { AuditRule } from "../rule.ts";
import type { OtherSite } from "../audit-view.ts";
import { nameOf, type Workload } from "../workload.ts";

/** A FailoverPolicy whose standby lacks what it would need. */
export const standbyIncomplete: AuditRule = {
  id: "standby-incomplete",
  title: "A protected Service has no complete second home",
  severity: "critical",
  breaks: "When this site fails the Service fails with it, though it looks protected.",
  check: ({ snapshot, workloads, otherSites }) =>
    snapshot.failoverPolicies.flatMap((object) => {
      const of = { kind: "FailoverPolicy", object };
      const fields = [{ of, path: ["spec", "sites"], value: object.spec.sites.map(({ name }) => name) }];
      if (object.spec.sites.length < 2)
        return [{ of, message: `${nameOf(of)} names ${object.spec.sites.length} site: there is no standby`, fields }];
      const sites = otherSites.filter(({ name }) => object.spec.sites.some((site) => site.name === name));
      return object.spec.targetRefs.flatMap((target) => {
        const leadsTo = (workload: Workload): boolean => isBehind(workload, object.metadata.namespace, target.name);
        const here = workloads.filter(leadsTo);
        return sites.flatMap((site) =>
          lacks(here, site, site.workloads.filter(leadsTo)).map((lack) => ({
            of,
            ...(lack.severity === undefined ? {} : { severity: lack.severity }),
            message: `site ${site.name} cannot take over ${object.metadata.namespace}/${target.name}: ${lack.text}`,
            fields: [...fields, ...here.slice(0, 1).map(({ replicas }) => replicas.field)],
          })),
        );
      });
    }),
  page: {
    text: `A policy with fewer than two sites; and, with snapshots of the other sites (\`--site NAME=PATH\`), a standby that lacks the
workloads, has no replica, has less than half of the replicas, or lacks ConfigMaps or Secrets of the same namespace that are
here. Sites without a snapshot are not judged. Values are never compared.`,
    bad: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}}
---
apiVersion: tandem.dev/v1alpha1
kind: FailoverPolicy
metadata: {name: web, namespace: shop}
spec:
  targetRefs: [{group: "", kind: Service, name: web}]
  sites: [{name: west}]
`,
    good: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}}
---
apiVersion: tandem.dev/v1alpha1
kind: FailoverPolicy
metadata: {name: web, namespace: shop}
spec:
  targetRefs: [{group: "", kind: Service, name: web}]
  sites: [{name: west}, {name: east}]
`,
  },
};

interface Lack {
  readonly text: string;
  readonly severity?: "high" | "medium";
}

function lacks(here: readonly Workload[], { snapshot }: OtherSite, there: readonly Workload[]): readonly Lack[] {
  if (there.length === 0) return [{ text: "no workload is behind a Service of that name there" }];
  const [needed, had] = [here, there].map((all) => all.reduce((sum, { replicas }) => sum + replicas.count, 0));
  if (had === undefined || had === 0) return [{ text: "its workload there has no replica" }];
  const capacity: readonly Lack[] =
    needed !== undefined && had * 2 < needed
      ? [{ text: `it has ${had} replicas there and ${needed} here`, severity: "high" }]
      : [];
  const names = (list: "configMaps" | "secrets"): ReadonlySet<string> =>
    new Set(snapshot[list].map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
  const config = (["configMaps", "secrets"] as const).flatMap((list): readonly Lack[] => {
    const known = names(list);
    // A snapshot without any says nothing of them.
    if (known.size === 0) return [];
    const missing = here.flatMap((workload) => used(workload, list)).filter((name) => !known.has(name));
    return missing.length === 0
      ? []
      : [{ text: `${list} ${[...new Set(missing)].join(", ")} are not there`, severity: "high" }];
  });
  return [...capacity, ...config];
}

function used({ template, namespace }: Workload, list: "configMaps" | "secrets"): readonly string[] {
  return template.spec.volumes.flatMap(({ configMap, secret }) => {
    const name = list === "configMaps" ? configMap?.name : secret?.secretName;
    return name === undefined ? [] : [`${namespace}/${name}`];
  });
}

function isBehind({ services, namespace }: Workload, wantedNamespace: string, service: string): boolean {
  return namespace === wantedNamespace && services.some(({ metadata }) => metadata.name === service);
}
