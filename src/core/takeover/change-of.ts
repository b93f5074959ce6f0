import type { ClusterService, TakeoverChange, TakeoverObject, TakeoverResource } from "../../model/takeover.ts";
import { type Selector, selectorPatch } from "./selector.ts";

/** An object as an API server has it. */
export interface ExistingObject {
  readonly metadata: ClusterService["metadata"];
  readonly [field: string]: unknown;
}

/**
 * The change that makes an object say what it should; none when it does already. Of what there is only the fields that
 * Tandem writes are looked at: defaults of the API server, and what others have added, are left alone.
 */
export function changeOf(
  resource: TakeoverResource,
  existing: ExistingObject | undefined,
  wanted: TakeoverObject,
): TakeoverChange[] {
  if (existing === undefined) return [{ do: "create", resource, object: wanted }];
  // What is being deleted cannot be mended: it is made anew once it is gone.
  if (existing.metadata.deletionTimestamp !== undefined && existing.metadata.deletionTimestamp !== null) return [];
  const metadata = {
    ...owners(existing, wanted),
    ...labelled("labels", existing.metadata.labels, wanted),
    ...labelled("annotations", existing.metadata.annotations, wanted),
  };
  const patch = {
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    ...(resource === "services" ? serviceFields(existing, wanted) : sliceFields(existing, wanted)),
  };
  if (Object.keys(patch).length === 0) return [];
  const { name, resourceVersion } = existing.metadata;
  return [{ do: "patch", resource, name, resourceVersion, patch }];
}

/** The owner of an object of a Service that was there before is the Service that is there now. */
function owners(existing: ExistingObject, wanted: TakeoverObject): Readonly<Record<string, unknown>> {
  const uids = (of: unknown): readonly unknown[] =>
    Array.isArray(of) ? of.map((one: unknown) => (one as { uid?: unknown } | null)?.uid) : [];
  const asked = wanted.metadata["ownerReferences"];
  const known = uids(existing.metadata["ownerReferences"]);
  return uids(asked).every((uid) => known.includes(uid)) ? {} : { ownerReferences: asked };
}

function labelled(
  field: "labels" | "annotations",
  existing: Readonly<Record<string, string>>,
  wanted: TakeoverObject,
): Readonly<Record<string, unknown>> {
  // Null: it should not be there.
  const asked = Object.entries((wanted.metadata[field] ?? {}) as Record<string, string | null>);
  const missing = asked.filter(([key, value]) => (existing[key] ?? null) !== value);
  return missing.length === 0 ? {} : { [field]: Object.fromEntries(missing) };
}

interface ServiceFields {
  readonly selector?: Selector | null;
  readonly ports?: readonly ServicePortFields[];
}

interface ServicePortFields {
  readonly name?: string;
  readonly port: number;
  readonly protocol?: string;
  readonly appProtocol?: string | null;
  readonly targetPort?: number | string;
}

function serviceFields(existing: ExistingObject, wanted: TakeoverObject): Readonly<Record<string, unknown>> {
  const [now, then] = [existing, wanted].map((object) => object["spec"] as ServiceFields);
  const spec: Record<string, unknown> = {};
  const selector = selectorPatch(now?.selector, then?.selector ?? {});
  if (Object.entries(selector).some(([key, value]) => (now?.selector?.[key] ?? null) !== value))
    spec["selector"] = selector;
  if (servicePorts(now) !== servicePorts(then)) spec["ports"] = then?.ports;
  return Object.keys(spec).length === 0 ? {} : { spec };
}

/** With the API server's defaults, in one form. */
function servicePorts(spec: ServiceFields | undefined): string {
  const ports = (spec?.ports ?? []).map(({ name, port, protocol, appProtocol, targetPort }) =>
    JSON.stringify([name ?? "", port, protocol ?? "TCP", appProtocol ?? null, targetPort ?? port]),
  );
  return ports.sort((left, right) => (left < right ? -1 : 1)).join();
}

interface SliceFields {
  readonly ports?:
    | readonly { readonly name?: string | null; readonly port?: number | null; readonly appProtocol?: string | null }[]
    | null;
  readonly endpoints?:
    | readonly {
        readonly addresses: readonly string[];
        readonly conditions?: { readonly ready?: boolean | null };
      }[]
    | null;
}

function sliceFields(existing: ExistingObject, wanted: TakeoverObject): Readonly<Record<string, unknown>> {
  const [now, then] = [existing as unknown as SliceFields, wanted as unknown as SliceFields];
  return {
    ...(slicePorts(now) === slicePorts(then) ? {} : { ports: then.ports }),
    ...(sliceEndpoints(now) === sliceEndpoints(then) ? {} : { endpoints: then.endpoints }),
  };
}

function slicePorts({ ports }: SliceFields): string {
  return inOneForm((ports ?? []).map(({ name, port, appProtocol }) => [name ?? "", port, appProtocol ?? null]));
}

function sliceEndpoints({ endpoints }: SliceFields): string {
  return inOneForm((endpoints ?? []).map(({ addresses, conditions }) => [addresses, conditions?.ready ?? null]));
}

function inOneForm(items: readonly unknown[]): string {
  return items
    .map((item) => JSON.stringify(item))
    .sort((left, right) => (left < right ? -1 : 1))
    .join();
}
