import { fingerprint } from "../../model/fingerprint.ts";

/** Longest name of a Service or a value of a label: a DNS label. */
const LONGEST_NAME = 63;

/**
 * A name for something that belongs to a Service: `web-tandem-origin`. A Service whose name leaves no room is cut short,
 * and told apart from others by a fingerprint of the whole.
 */
export function shortName(service: string, part: string): string {
  const suffix = `-tandem-${part}`;
  if (service.length + suffix.length <= LONGEST_NAME) return service + suffix;
  const mark = `-${fingerprint(service).toString(36)}`;
  return service.slice(0, LONGEST_NAME - suffix.length - mark.length) + mark + suffix;
}
