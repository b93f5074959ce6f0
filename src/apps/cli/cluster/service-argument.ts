import { DnsLabel, DnsSubdomain } from "../../../model/kinds/index.ts";
import { type ServiceKey, serviceKey } from "../../../model/service-key.ts";

/** Services as a person names them, and what is wrong with the names. */
export interface NamedServices {
  readonly services: readonly ServiceKey[];
  /** A sentence each. */
  readonly problems: readonly string[];
}

/**
 * Reads `shop/web`, or `web` of a namespace.
 * @param namespace of those that name none
 * @param given whether a person named the namespace: then no other one can be meant
 */
export function namedServices(
  texts: readonly string[],
  { namespace, given }: { readonly namespace: string; readonly given: boolean },
): NamedServices {
  const services: ServiceKey[] = [];
  const problems: string[] = [];
  for (const text of texts) {
    const parts = text.split("/");
    const [own, name] = parts.length === 1 ? [namespace, text] : parts;
    const isName = DnsLabel.safeParse(own).success && DnsSubdomain.safeParse(name).success && parts.length <= 2;
    if (!isName || own === undefined || name === undefined)
      problems.push(`a Service is written NAMESPACE/NAME, for example shop/web, or NAME with -n; not "${text}"`);
    else if (given && own !== namespace) problems.push(`${text} is not in the namespace ${namespace} that -n names`);
    else services.push(serviceKey(own, name));
  }
  return { services: [...new Set(services)], problems };
}
