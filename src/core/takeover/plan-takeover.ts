/**
 * What to write so that a Service in a cluster goes where it should. Level-based: it is worked out from what there is
 * now, whoever died in the middle of the writes before.
 * @module
 */
import type {
  ClusterService,
  ClusterSlice,
  IpFamily,
  TakeoverChange,
  TakeoverObject,
  TakeoverPlan,
  TakeoverRefusal,
  TakeoverView,
} from "../../model/takeover.ts";
import { RELEASED_ANNOTATION } from "../../model/origin.ts";
import { gatewaySliceName, gatewaySliceOf, SELECTOR_ANNOTATION } from "./gateway-slice.ts";
import { originOf } from "./origin.ts";
import { changeOf, type ExistingObject } from "./change-of.ts";
import { refusalsOf } from "./refusals.ts";
import { heldSelector, isHeld, sameSelector, type Selector, selectorPatch } from "./selector.ts";

/** A held Service whose selector is nowhere any more: nobody but its owner knows it. */
const SELECTOR_LOST: TakeoverRefusal = {
  reason: "SelectorLost",
  message: "is held, and both copies of its selector were deleted: set spec.selector again",
  allowable: false,
};

/** What to do about a Service. Pure. */
export function planTakeover(view: TakeoverView): TakeoverPlan {
  const { service, policy } = view;
  // What was made for it names it as its owner and goes with it.
  if (service === undefined || isGoing(service)) return { state: "Released", changes: [], refusals: [] };
  const original = originalSelector(view, service);
  if (original === undefined) return { state: "Refused", changes: [], refusals: [SELECTOR_LOST] };
  if (policy === undefined) return release(view, service, original);
  const refusals = refusalsOf(service, original);
  if (refusals.length === 0) return protect(view, service, { original, policy });
  const released = release(view, service, original);
  return { ...released, refusals, state: released.state === "Released" ? "Refused" : released.state };
}

/** The Service's own selector: its own now, else the copy in its origin, else the one beside our slices. */
function originalSelector(view: TakeoverView, service: ClusterService): Selector | undefined {
  const { selector } = service.spec;
  if (!isHeld(selector)) return selector ?? {};
  const copies = [view.origin?.spec.selector, ...view.gatewaySlices.map(copiedSelector)];
  return (
    copies.find((copy) => copy !== undefined && copy !== null && Object.keys(copy).length > 0 && !isHeld(copy)) ??
    undefined
  );
}

function copiedSelector({ metadata }: ClusterSlice): Selector | undefined {
  try {
    const copy: unknown = JSON.parse(metadata.annotations[SELECTOR_ANNOTATION] ?? "");
    const isSelector =
      typeof copy === "object" && copy !== null && Object.values(copy).every((value) => typeof value === "string");
    return isSelector ? (copy as Selector) : undefined;
  } catch {
    return undefined;
  }
}

function protect(
  view: TakeoverView,
  service: ClusterService,
  { original, policy }: { readonly original: Selector; readonly policy: NonNullable<TakeoverView["policy"]> },
): TakeoverPlan {
  const families = service.spec.ipFamilies;
  // An address of a family that no gateway has would lead nowhere while the Service is held.
  const isServed = families.every((family) => view.gateways.some(({ addresses }) => family in addresses));
  const wantsGateways = isServed && (policy.mode === "Gateway" || view.switched);
  const held = isHeld(service.spec.selector);
  const isPrepared =
    view.origin !== undefined && families.every((family) => sliceOf(view, service, family) !== undefined);
  const hold = wantsGateways && (held || isPrepared);
  const changes = [
    ...changeOf("services", view.origin, originOf(service, original, view)),
    ...gatewaySlices(view, service, { original, ready: hold || mustStayReady(view, held) }),
    ...changeOfSelector(service, hold ? heldSelector(policy.uid) : original),
  ];
  return { changes, refusals: [], state: stateOf({ hold, held, isPrepared, returning: mustStayReady(view, held) }) };
}

function stateOf(now: {
  readonly hold: boolean;
  readonly held: boolean;
  readonly isPrepared: boolean;
  readonly returning: boolean;
}): TakeoverPlan["state"] {
  if (now.hold) return "Held";
  if (now.returning) return "Returning";
  return now.isPrepared ? "Prepared" : "Preparing";
}

/** Everything back as it was, then nothing of ours any more. */
function release(view: TakeoverView, service: ClusterService, original: Selector): TakeoverPlan {
  const held = isHeld(service.spec.selector);
  if (mustStayReady(view, held)) {
    const ready = gatewaySlices(view, service, { original, ready: true });
    return { state: "Returning", changes: [...changeOfSelector(service, original), ...ready], refusals: [] };
  }
  const slices = view.gatewaySlices.flatMap((slice) => deletion("endpointSlices", slice));
  if (view.origin === undefined)
    return { state: slices.length === 0 ? "Released" : "Returning", changes: slices, refusals: [] };
  return releaseOrigin(view, view.origin, slices);
}

/** The origin goes last: for as long as it is there, gateways serve who still comes to them. */
function releaseOrigin(view: TakeoverView, origin: ClusterService, slices: readonly TakeoverChange[]): TakeoverPlan {
  if (view.releasedAt === undefined) {
    const patch = { metadata: { annotations: { [RELEASED_ANNOTATION]: view.timestamp } } };
    const { name, resourceVersion } = origin.metadata;
    const mark: TakeoverChange = { do: "patch", resource: "services", name, resourceVersion, patch };
    return { state: "Returning", changes: [...slices, mark], refusals: [] };
  }
  // Another replica's clock may have been ahead of this one's.
  const end = Math.min(view.releasedAt, view.now) + view.drainMs;
  if (view.now < end) return { state: "Returning", changes: slices, refusals: [], nextLookAt: end };
  return { state: "Returning", changes: [...slices, ...deletion("services", origin)], refusals: [] };
}

/** Gateways serve until Kubernetes has put its own endpoints back, or nobody would. */
function mustStayReady(view: TakeoverView, held: boolean): boolean {
  return held || (!view.returned && view.gatewaySlices.some(isReady));
}

/** One slice a family of which a gateway has an address; others go. */
function gatewaySlices(
  view: TakeoverView,
  service: ClusterService,
  how: { readonly original: Selector; readonly ready: boolean },
): TakeoverChange[] {
  const { gateways, listenPorts } = view;
  // Also without a gateway: an address that nobody has any more must not stay in a slice.
  const families = service.spec.ipFamilies.filter(
    (family) => gateways.some(({ addresses }) => family in addresses) || sliceOf(view, service, family) !== undefined,
  );
  const wanted = families.map((family) => gatewaySliceOf(service, { ...how, family, gateways, listenPorts }));
  const names = new Set(wanted.map(({ metadata }) => metadata.name));
  return [
    ...wanted.flatMap((slice) => changeOf("endpointSlices", existingSlice(view, slice), slice)),
    ...view.gatewaySlices
      .filter(({ metadata }) => !names.has(metadata.name))
      .flatMap((slice) => deletion("endpointSlices", slice)),
  ];
}

function changeOfSelector({ metadata, spec }: ClusterService, wanted: Selector): TakeoverChange[] {
  if (sameSelector(spec.selector, wanted)) return [];
  const patch = { spec: { selector: selectorPatch(spec.selector, wanted) } };
  return [{ do: "patch", resource: "services", name: metadata.name, resourceVersion: metadata.resourceVersion, patch }];
}

function sliceOf(view: TakeoverView, service: ClusterService, family: IpFamily): ClusterSlice | undefined {
  const name = gatewaySliceName(service.metadata.name, family);
  return view.gatewaySlices.find(({ metadata }) => metadata.name === name);
}

function existingSlice(view: TakeoverView, { metadata }: TakeoverObject): ExistingObject | undefined {
  return view.gatewaySlices.find((slice) => slice.metadata.name === metadata.name);
}

function deletion(
  resource: TakeoverChange["resource"],
  object: { readonly metadata: ClusterService["metadata"] },
): TakeoverChange[] {
  if (isGoing(object)) return [];
  return [{ do: "delete", resource, name: object.metadata.name, uid: object.metadata.uid }];
}

function isReady({ endpoints }: ClusterSlice): boolean {
  return (endpoints ?? []).some(({ conditions }) => conditions.ready === true);
}

function isGoing({ metadata }: { readonly metadata: ClusterService["metadata"] }): boolean {
  return metadata.deletionTimestamp !== undefined && metadata.deletionTimestamp !== null;
}
