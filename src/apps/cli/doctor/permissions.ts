/**
 * Who may do what, as the API server itself says it.
 * @module
 */
import { z } from "zod";
import type { KubeClient } from "../../../adapters/kube/kube-client.ts";
import type { ClusterPicture } from "../../../model/doctor.ts";
import { type Permission, permissionsOf } from "../../../core/install/index.ts";
import { ifAllowed } from "../cluster/read-if-allowed.ts";

/** A permission, and where it is asked for; in the whole cluster when absent. */
interface Need extends Omit<Permission, "scope"> {
  readonly namespace?: string | undefined;
}

/** What people's commands need. */
const PERSON: Readonly<Record<string, readonly string[]>> = {
  "/services": ["get", "list", "patch", "delete"],
  "/events": ["list"],
  "discovery.k8s.io/endpointslices": ["list", "patch", "delete"],
  "tandem.dev/failoverpolicies": ["get", "list", "patch"],
  "tandem.dev/switches": ["list", "create", "delete"],
};

/** Namespaces in which it is asked whether Services may be switched. */
const MOST_NAMESPACES = 20;

const Review = z.looseObject({ status: z.looseObject({ allowed: z.boolean() }) });

/** Somebody whose permissions are looked at. */
export interface Account {
  readonly namespace: string;
  readonly name: string;
  readonly role: "agent" | "controller";
}

/** Where people and Tandem want to do something. */
export interface PermissionLook {
  /** In which the person wants to work; all when absent. */
  readonly namespace: string | undefined;
  /** Of protected Services. */
  readonly protectedNamespaces: readonly string[];
  readonly accounts: readonly Account[];
}

/**
 * What the person and Tandem's own accounts lack. Accounts that the person may not ask about are left out.
 * @throws KubeError
 */
export async function readDenied(
  client: KubeClient,
  { namespace, protectedNamespaces, accounts }: PermissionLook,
): Promise<ClusterPicture["denied"]> {
  const own = await deniedTo(client, ofPerson(namespace), { kind: "SelfSubjectAccessReview" });
  if (own === undefined) return undefined;
  const others = await Promise.all(
    accounts.map(async (account) => {
      const { namespace: of, name, role } = account;
      const user = `system:serviceaccount:${of}:${name}`;
      const groups = ["system:serviceaccounts", `system:serviceaccounts:${of}`, "system:authenticated"];
      const needs = ofAccount(account, protectedNamespaces);
      const denied = await deniedTo(client, needs, { kind: "SubjectAccessReview", user, groups });
      return (denied ?? []).map((what) => ({ who: `ServiceAccount ${of}/${name} (${role})`, what, isTandem: true }));
    }),
  );
  return [...own.map((what) => ({ who: "You", what, isTandem: false })), ...others.flat()];
}

function ofPerson(namespace: string | undefined): readonly Need[] {
  return Object.entries(PERSON).flatMap(([text, verbs]) => {
    const [group = "", resource = ""] = text.split("/");
    return verbs.map((verb) => ({ verb, group, resource, namespace }));
  });
}

/** What an installation gives: an account that lacks some of it was made by an older version, or by somebody else. */
function ofAccount({ namespace, role }: Account, protectedNamespaces: readonly string[]): readonly Need[] {
  const places = { cluster: [undefined], tandem: [namespace], services: protectedNamespaces.slice(0, MOST_NAMESPACES) };
  return permissionsOf(role === "agent" ? "gateway" : "controller").flatMap(({ scope, ...need }) =>
    places[scope].map((of) => ({ ...need, namespace: of })),
  );
}

interface Asked {
  readonly kind: "SelfSubjectAccessReview" | "SubjectAccessReview";
  readonly user?: string;
  readonly groups?: readonly string[];
}

/** Undefined: it may not be asked. */
async function deniedTo(
  client: KubeClient,
  needs: readonly Need[],
  asked: Asked,
): Promise<readonly string[] | undefined> {
  const answers = await Promise.all(
    needs.map(async (need) => ({ what: sentence(need), allowed: await ask(client, asked, need) })),
  );
  if (answers.every(({ allowed }) => allowed === undefined)) return undefined;
  return answers.filter(({ allowed }) => allowed === false).map(({ what }) => what);
}

async function ask(
  client: KubeClient,
  { kind, user, groups }: Asked,
  { verb, group, resource: text, name, namespace }: Need,
): Promise<boolean | undefined> {
  const [resource = "", subresource] = text.split("/");
  const answer = await ifAllowed(
    client.request({
      method: "POST",
      path: `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`,
      body: {
        apiVersion: "authorization.k8s.io/v1",
        kind,
        spec: { user, groups, resourceAttributes: { namespace, verb, group, resource, subresource, name } },
      },
    }),
  );
  return Review.safeParse(answer).data?.status.allowed;
}

function sentence({ verb, resource, name, group, namespace }: Need): string {
  const what = [verb, resource, ...(name === undefined ? [] : [name]), ...(group === "" ? [] : ["in", group])].join(
    " ",
  );
  return namespace === undefined ? what : `${what}, namespace ${namespace}`;
}
