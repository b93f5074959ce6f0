/**
 * Selectors of Services: the user's own, and the one that stands in its place while a Service is held.
 * @module
 */

/** Key of the selector of a held Service; no pod has such a label, so that Kubernetes empties its slices itself. */
export const HELD_KEY = "tandem.dev/held";

/** A Service's selector. */
export type Selector = Readonly<Record<string, string>>;

/** The selector of a Service that is held for a policy. */
export function heldSelector(policyUid: string): Selector {
  return { [HELD_KEY]: policyUid };
}

/** Whether a selector holds a Service, for whichever policy. */
export function isHeld(selector: Selector | null | undefined): boolean {
  return selector !== null && selector !== undefined && Object.hasOwn(selector, HELD_KEY);
}

/** Whether two selectors select the same. */
export function sameSelector(left: Selector | null | undefined, right: Selector | null | undefined): boolean {
  const [one, other] = [Object.entries(left ?? {}), right ?? {}];
  return one.length === Object.keys(other).length && one.every(([key, value]) => other[key] === value);
}

/** A selector as the `labelSelector` of a request: `app=web,tier=front`. */
export function labelSelectorOf(selector: Selector): string {
  return Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}

/** The merge patch that makes `after` of `before`: keys that are not named stay, so that those that go have to be. */
export function selectorPatch(
  before: Selector | null | undefined,
  after: Selector,
): Readonly<Record<string, string | null>> {
  const gone = Object.keys(before ?? {}).filter((key) => !Object.hasOwn(after, key));
  return { ...Object.fromEntries(gone.map((key) => [key, null])), ...after };
}
