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
  /** A watch that begins with all objects, in place of a list. */
  readonly streamsList: boolean;
  /** Unix milliseconds. */
  readonly receivedAt: number;
  /** HTTP status; 0 while there is none yet, or when the connection was cut instead. */
  status: number;
}

/** Verbs that change something. */
const WRITES: ReadonlySet<string> = new Set(["create", "update", "patch", "delete", "deletecollection"]);

/** A request as it comes in. */
export function auditEntry(info: RequestInfo, user: User | undefined): AuditEntry {
  const { verb, group, resource, subresource, namespace, name, path, query } = info;
  const dryRun = query.get("dryRun") === "All";
  const streamsList = query.get("sendInitialEvents") === "true";
  const attributes = { verb, group, resource, subresource, namespace, name, path };
  return { ...attributes, user: user?.name ?? "", dryRun, streamsList, receivedAt: Date.now(), status: 0 };
}

/** Whether a request changed something: it wrote, and was not refused. */
export function isWrite({ verb, group, status, dryRun }: AuditEntry): boolean {
  return WRITES.has(verb) && group !== "authorization.k8s.io" && !dryRun && status >= 200 && status < 300;
}
