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
import { hasOwner, isOwnedBy } from "./marks.ts";
import { HELD_KEY, heldSelector, isHeld, sameSelector, type Selector, selectorPatch } from "./selector.ts";

/** A held Service whose selector is nowhere any more: nobody but its owner knows it. */
const SELECTOR_LOST: TakeoverRefusal = {
  reason: "SelectorLost",
  message: "is held, and both copies of its selector were deleted: set spec.selector again",
  allowable: false,
};

/** In this time gateways have usually opened their listeners for a new Service, in milliseconds. */
const FIRST_PROGRAMMING_MS = 10_000;

/** What to do about a Service. Pure. */
export function planTakeover(view: TakeoverView): TakeoverPlan {
  const { service, policy } = view;
  if (service === undefined || isGoing(service)) return leave(view);
  const original = originalSelector(view, service);
  if (original === undefined) return { state: "Refused", changes: [], refusals: [SELECTOR_LOST] };
  if (policy === undefined) return release(view, service, original);
  const refusals = refusalsOf(service, original, view.surroundings);
  if (refusals.length === 0) return protect(view, service, { original, policy });
  const released = release(view, service, original);
  return { ...released, refusals, state: released.state === "Released" ? "Refused" : released.state };
}

/** What was made for a Service names it as its owner and goes with it, unless somebody deleted the Service alone. */
function leave({ origin, gatewaySlices }: TakeoverView): TakeoverPlan {
  const changes = [
    ...(origin === undefined || hasOwner(origin) ? [] : deletion("services", origin)),
    ...gatewaySlices.filter((slice) => !hasOwner(slice)).flatMap((slice) => deletion("endpointSlices", slice)),
  ];
  return { state: changes.length === 0 ? "Released" : "Returning", changes, refusals: [] };
}

/**
 * The Service's own selector: what it has now besides our mark, since selectors are maps and applying one to a held Service
 * merges the two; else the copy that was written with the mark; else the one in its origin, or beside our slices.
 */
function originalSelector(view: TakeoverView, service: ClusterService): Selector | undefined {
  const { selector } = service.spec;
  const own = Object.entries(selector ?? {}).filter(([key]) => key !== HELD_KEY);
  if (!isHeld(selector) || own.length > 0) return Object.fromEntries(own);
  const copies = [copiedSelector(service), view.origin?.spec.selector, ...view.gatewaySlices.map(copiedSelector)];
  return (
    copies.find((copy) => copy !== undefined && copy !== null && Object.keys(copy).length > 0 && !isHeld(copy)) ??
    undefined
  );
}

function copiedSelector({ metadata }: ClusterSlice | ClusterService): Selector | undefined {
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
  const isMeantForGateways = policy.mode === "Gateway" || view.switched;
  const wantsGateways = isServed && isMeantForGateways;
  const held = isHeld(service.spec.selector);
  const isPrepared = isOriginPrepared(view, service, original) && areSlicesPrepared(view, service, original);
  const hold = wantsGateways && (held || (isPrepared && (view.contest?.holdAgainAt ?? 0) <= view.now));
  // What gateways serve they go on serving while the rest is put in order.
  const isReadyAlready = wantsGateways && view.gatewaySlices.some(isReady);
  const changes = [
    ...changeOf("services", view.origin, originOf(service, original, view)),
    ...gatewaySlices(view, service, { original, ready: hold || isReadyAlready || mustStayReady(view, held) }),
    ...changeOfSelector(service, original, hold ? heldSelector(policy.uid) : original),
  ];
  const state = stateOf({ hold, held, isPrepared, returning: mustStayReady(view, held) });
  return {
    changes,
    refusals: [],
    state,
    ...contested(view, state),
    ...(isMeantForGateways && !isServed ? bypass(view) : {}),
  };
}

/** What returns is looked at again at once, and not when the contest is over. */
function contested({ contest, now }: TakeoverView, state: TakeoverPlan["state"]): Partial<TakeoverPlan> {
  if (contest === undefined) return {};
  if (state === "Returning") return { contestedBy: contest.by ?? "somebody" };
  const nextLookAt = contest.holdAgainAt > now ? contest.holdAgainAt : contest.endsAt;
  return { contestedBy: contest.by ?? "somebody", nextLookAt };
}

/** Gateways need a moment for a Service that is new to them. */
function bypass({ gatewaySlices: slices, originCreatedAt, now }: TakeoverView): Partial<TakeoverPlan> {
  if (slices.length > 0) return { bypassed: true };
  const end = (originCreatedAt ?? now) + FIRST_PROGRAMMING_MS;
  return end <= now ? { bypassed: true } : { nextLookAt: end };
}

/** Whether the copy of the selector is in place, in an origin that will not be collected with a Service that was there before. */
function isOriginPrepared({ origin }: TakeoverView, service: ClusterService, original: Selector): boolean {
  return (
    origin !== undefined &&
    !isGoing(origin) &&
    isOwnedBy(origin, service) &&
    sameSelector(origin.spec.selector, original)
  );
}

/** Whether each slice says what it should, but for being ready: then two writes that do not wait for each other are enough. */
function areSlicesPrepared(view: TakeoverView, service: ClusterService, original: Selector): boolean {
  const { gateways, listenPorts } = view;
  return service.spec.ipFamilies.every((family) => {
    const slice = sliceOf(view, service, family);
    if (slice === undefined || isGoing(slice)) return false;
    const wanted = gatewaySliceOf(service, { family, gateways, listenPorts, original, ready: isReady(slice) });
    return changeOf("endpointSlices", slice, wanted).length === 0;
  });
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
    return { state: "Returning", changes: [...changeOfSelector(service, original, original), ...ready], refusals: [] };
  }
  const slices = [
    ...view.gatewaySlices.flatMap((slice) => deletion("endpointSlices", slice)),
    ...changeOfSelector(service, original, original),
  ];
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

/** The mark and the copy of what stood in its place are one write: neither is ever there without the other. */
function changeOfSelector({ metadata, spec }: ClusterService, original: Selector, wanted: Selector): TakeoverChange[] {
  const copy = isHeld(wanted) ? JSON.stringify(original) : undefined;
  const known = metadata.annotations[SELECTOR_ANNOTATION];
  if (sameSelector(spec.selector, wanted) && known === copy) return [];
  const patch = {
    ...(known === copy ? {} : { metadata: { annotations: { [SELECTOR_ANNOTATION]: copy ?? null } } }),
    ...(sameSelector(spec.selector, wanted) ? {} : { spec: { selector: selectorPatch(spec.selector, wanted) } }),
  };
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
