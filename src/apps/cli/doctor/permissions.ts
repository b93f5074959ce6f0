/**
 * Who may do what, as the API server itself says it.
 * @module
 */
import { z } from "zod";
import type { KubeClient } from "../../../adapters/kube/kube-client.ts";
import type { ClusterPicture } from "../../../model/doctor.ts";
import { ifAllowed } from "../cluster/read-if-allowed.ts";

/** Verbs on resources, by `group/plural` with a subresource behind it. */
type Needs = Readonly<Record<string, readonly string[]>>;

const READ = ["list", "watch"];
const CHANGE = ["list", "watch", "get", "create", "patch", "delete"];

/** What people's commands need. */
const PERSON: Needs = {
  "/services": ["get", "list", "patch", "delete"],
  "/events": ["list"],
  "discovery.k8s.io/endpointslices": ["list", "patch", "delete"],
  "tandem.dev/failoverpolicies": ["get", "list", "patch"],
  "tandem.dev/switches": ["list", "create", "delete"],
};

/** What agents need: docs/adr/0009. */
const AGENT: Needs = {
  "/services": READ,
  "discovery.k8s.io/endpointslices": READ,
  "tandem.dev/failoverpolicies": READ,
  "tandem.dev/switches": READ,
  "tandem.dev/sites": READ,
};

/** What controllers need. */
const CONTROLLER: Needs = {
  "/services": CHANGE,
  "/events": ["create"],
  "discovery.k8s.io/endpointslices": CHANGE,
  "tandem.dev/failoverpolicies": READ,
  "tandem.dev/failoverpolicies/status": ["patch"],
  "tandem.dev/switches": READ,
  "tandem.dev/sites": READ,
};

const Review = z.looseObject({ status: z.looseObject({ allowed: z.boolean() }) });

/** Somebody whose permissions are looked at. */
export interface Account {
  readonly namespace: string;
  readonly name: string;
  readonly role: "agent" | "controller";
}

/**
 * What the person and Tandem's own accounts lack. Accounts that the person may not ask about are left out.
 * @param namespace in which the person wants to work; all when absent
 * @throws KubeError
 */
export async function readDenied(
  client: KubeClient,
  namespace: string | undefined,
  accounts: readonly Account[],
): Promise<ClusterPicture["denied"]> {
  const own = await deniedTo(client, PERSON, { kind: "SelfSubjectAccessReview", namespace });
  if (own === undefined) return undefined;
  const others = await Promise.all(
    accounts.map(async ({ namespace: of, name, role }) => {
      const user = `system:serviceaccount:${of}:${name}`;
      const groups = ["system:serviceaccounts", `system:serviceaccounts:${of}`, "system:authenticated"];
      const needs = role === "agent" ? AGENT : CONTROLLER;
      const denied = await deniedTo(client, needs, { kind: "SubjectAccessReview", user, groups });
      return (denied ?? []).map((what) => ({ who: `ServiceAccount ${of}/${name} (${role})`, what, isTandem: true }));
    }),
  );
  return [...own.map((what) => ({ who: "You", what, isTandem: false })), ...others.flat()];
}

interface Asked {
  readonly kind: "SelfSubjectAccessReview" | "SubjectAccessReview";
  readonly namespace?: string | undefined;
  readonly user?: string;
  readonly groups?: readonly string[];
}

/** Undefined: it may not be asked. */
async function deniedTo(client: KubeClient, needs: Needs, asked: Asked): Promise<readonly string[] | undefined> {
  const answers = await Promise.all(
    Object.entries(needs).flatMap(([resource, verbs]) =>
      verbs.map(async (verb) => ({
        what: sentence(verb, resource),
        allowed: await ask(client, asked, { verb, resource }),
      })),
    ),
  );
  if (answers.every(({ allowed }) => allowed === undefined)) return undefined;
  return answers.filter(({ allowed }) => allowed === false).map(({ what }) => what);
}

async function ask(
  client: KubeClient,
  { kind, namespace, user, groups }: Asked,
  { verb, resource: text }: { readonly verb: string; readonly resource: string },
): Promise<boolean | undefined> {
  const [group = "", resource = "", subresource] = text.split("/");
  const answer = await ifAllowed(
    client.request({
      method: "POST",
      path: `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`,
      body: {
        apiVersion: "authorization.k8s.io/v1",
        kind,
        spec: { user, groups, resourceAttributes: { namespace, verb, group, resource, subresource } },
      },
    }),
  );
  return Review.safeParse(answer).data?.status.allowed;
}

function sentence(verb: string, text: string): string {
  const [group = "", resource = "", subresource] = text.split("/");
  const whole = subresource === undefined ? resource : `${resource}/${subresource}`;
  return `${verb} ${whole}${group === "" ? "" : ` in ${group}`}`;
}
