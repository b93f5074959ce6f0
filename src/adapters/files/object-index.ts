import {
  type EndpointSlice,
  type FailoverPolicy,
  type KindObject,
  SERVICE_NAME_LABEL,
  type Service,
  type Site,
  type Switch,
} from "../../model/kinds/index.ts";
import type { Problem } from "../../model/problem.ts";
import { type ServiceKey, serviceKey } from "../../model/service-key.ts";
import type { LocatedObject } from "./parse-manifest.ts";

/** Objects by what they are looked up for, built from the good content of all files. */
export class ObjectIndex {
  readonly policies = new Map<ServiceKey, FailoverPolicy>();
  readonly services = new Map<ServiceKey, Service>();
  readonly slices = new Map<ServiceKey, EndpointSlice[]>();
  readonly switches = new Map<ServiceKey, Switch[]>();
  readonly sites = new Map<string, Site>();
  /** Objects that say the same thing twice, or target what another one targets. */
  readonly problems: Problem[] = [];
  readonly #places = new Map<string, string>();

  /** Takes in the objects of one file. Files have to come in a fixed order: of two objects with one name the first counts. */
  add(file: string, objects: readonly LocatedObject[]): void {
    for (const { object, line } of objects) if (this.#isFirst(object, file, line)) this.#place(object, file, line);
  }

  #isFirst(object: KindObject, file: string, line: number): boolean {
    const namespace = object.kind === "Site" ? "" : `${object.metadata.namespace}/`;
    const identity = `${object.kind} ${namespace}${object.metadata.name}`;
    const before = this.#places.get(identity);
    if (before === undefined) {
      this.#places.set(identity, `${file}:${line}`);
      return true;
    }
    this.problems.push({
      file,
      line,
      message: `${identity} stands already in ${before}, which counts`,
      remedy: "Remove one of the two",
    });
    return false;
  }

  #place(object: KindObject, file: string, line: number): void {
    switch (object.kind) {
      case "Site":
        this.sites.set(object.metadata.name, object);
        return;
      case "Service":
        this.services.set(serviceKey(object.metadata.namespace, object.metadata.name), object);
        return;
      case "EndpointSlice":
        append(
          this.slices,
          serviceKey(object.metadata.namespace, object.metadata.labels[SERVICE_NAME_LABEL] ?? ""),
          object,
        );
        return;
      case "Switch":
        append(this.switches, serviceKey(object.metadata.namespace, object.spec.targetRef.name), object);
        return;
      case "FailoverPolicy":
        this.#placePolicy(object, file, line);
        return;
    }
  }

  #placePolicy(policy: FailoverPolicy, file: string, line: number): void {
    for (const target of policy.spec.targetRefs) {
      const key = serviceKey(policy.metadata.namespace, target.name);
      const other = this.policies.get(key);
      if (other === undefined) {
        this.policies.set(key, policy);
        continue;
      }
      const message = `Service ${key} has a policy already: ${other.metadata.name}, which counts`;
      this.problems.push({ file, line, field: "spec.targetRefs", message, remedy: "Leave one policy per Service" });
    }
  }
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
