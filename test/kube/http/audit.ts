import type { User } from "../storage/rbac.ts";
import type { RequestInfo } from "./request-info.ts";

/** One request as it was answered, or is being answered. */
export interface AuditEntry {
  readonly verb: string;
  readonly user: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** Of a request that is not about a resource. */
  readonly path: string | undefined;
  readonly dryRun: boolean;
  /** HTTP status; 0 while there is none yet, or when the connection was cut instead. */
  status: number;
}

/** Verbs that change something. */
const WRITES: ReadonlySet<string> = new Set(["create", "update", "patch", "delete", "deletecollection"]);

/** A request as it comes in. */
export function auditEntry(info: RequestInfo, user: User | undefined): AuditEntry {
  const { verb, group, resource, subresource, namespace, name, path, query } = info;
  const dryRun = query.get("dryRun") === "All";
  return { verb, user: user?.name ?? "", group, resource, subresource, namespace, name, path, dryRun, status: 0 };
}

/** Whether a request changed something: it wrote, and was not refused. */
export function isWrite({ verb, group, status, dryRun }: AuditEntry): boolean {
  return WRITES.has(verb) && group !== "authorization.k8s.io" && !dryRun && status >= 200 && status < 300;
}
