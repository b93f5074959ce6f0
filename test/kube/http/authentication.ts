import { unauthorized } from "../api/api-error.ts";
import type { User } from "../storage/rbac.ts";

/** A user that the cluster knows, and the token that proves it. */
export interface KnownUser {
  readonly name: string;
  readonly token: string;
  /** Besides `system:authenticated`, and for service accounts `system:serviceaccounts` and that of their namespace. */
  readonly groups?: readonly string[];
}

const ANONYMOUS: User = { name: "system:anonymous", groups: ["system:unauthenticated"] };

/** Tells whose token a request carries. @throws ApiError 401 for a token of nobody */
export function authenticate(users: readonly KnownUser[], authorization: string | undefined): User {
  if (authorization === undefined || authorization === "") return ANONYMOUS;
  const token = /^Bearer\s+(.+)$/i.exec(authorization)?.[1];
  if (token === undefined) return ANONYMOUS;
  const user = users.find((one) => one.token === token);
  if (user === undefined) throw unauthorized();
  return { name: user.name, groups: [...groupsOf(user)] };
}

function groupsOf({ name, groups = [] }: KnownUser): readonly string[] {
  const account = /^system:serviceaccount:([^:]+):/.exec(name);
  const implied = account === null ? [] : ["system:serviceaccounts", `system:serviceaccounts:${account[1]}`];
  return [...new Set([...groups, ...implied, "system:authenticated"])];
}
