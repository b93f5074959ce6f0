import { badRequest } from "../api/api-error.ts";
import { type Json, type JsonObject, objectAt, textAt, textsAt } from "../api/json.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import { type Attributes, isAllowed, type User } from "../storage/rbac.ts";

/** What a review request is made of. */
interface ReviewRequest {
  readonly info: { readonly resource: string; readonly verb: string };
  readonly user: User;
  readonly text: string;
}

/** The answer to a SelfSubjectAccessReview or SubjectAccessReview; undefined for anything else. */
export function answerReview(store: ObjectStore, { info, user, text }: ReviewRequest): JsonObject | undefined {
  const isSelf = info.resource === "selfsubjectaccessreviews";
  if (info.verb !== "create" || (!isSelf && info.resource !== "subjectaccessreviews")) return undefined;
  const body = parse(text);
  const spec = objectAt(body, "spec");
  const asked: User = { name: textAt(spec, "user") ?? "", groups: textsAt(spec, "groups") };
  const allowed = isAllowed(store, isSelf ? user : asked, attributes(spec));
  const kind = isSelf ? "SelfSubjectAccessReview" : "SubjectAccessReview";
  return { kind, apiVersion: "authorization.k8s.io/v1", metadata: {}, spec, status: { allowed } };
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw badRequest("error decoding the body");
  }
}

function attributes(spec: JsonObject): Attributes {
  const path = textAt(spec, "nonResourceAttributes", "path");
  const about = path === undefined ? objectAt(spec, "resourceAttributes") : objectAt(spec, "nonResourceAttributes");
  const field = (name: string): string => textAt(about, name) ?? "";
  return {
    verb: field("verb"),
    group: field("group"),
    resource: field("resource"),
    subresource: field("subresource"),
    namespace: field("namespace"),
    name: field("name"),
    path,
  };
}
