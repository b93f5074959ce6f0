import { KUBE_RESOURCES, type KubeObject } from "./kube-resource.ts";
import { Reflector, type ReflectorSources } from "./reflector.ts";

/** Label of all Leases but the controllers' own. */
export const TANDEM_LEASE = { "app.kubernetes.io/part-of": "tandem" } as const;

/** The Leases of Tandem's namespace by which gateways register and pass joins on: followed once, whoever looks at them. */
export class TandemLeases {
  readonly namespace: string;
  readonly #reflector: Reflector;
  readonly #listeners = new Set<() => void>();
  #isOpen = false;

  constructor(sources: Omit<ReflectorSources, "resource" | "selection">, namespace: string) {
    this.namespace = namespace;
    const [[label, value] = []] = Object.entries(TANDEM_LEASE);
    this.#reflector = new Reflector(
      { ...sources, resource: KUBE_RESOURCES.leases, selection: { namespace, labelSelector: `${label}=${value}` } },
      {
        changed: () => {
          for (const listener of this.#listeners) listener();
        },
        troubleChanged: () => {},
      },
    );
  }

  /** Follows, and waits until all have been read once. May be called again. */
  async open(): Promise<void> {
    if (!this.#isOpen) this.#reflector.start();
    this.#isOpen = true;
    await this.#reflector.synced;
  }

  /** Follows no more. */
  close(): void {
    this.#reflector.close();
  }

  /** Those with a label of a value. */
  labelled(label: string, value: string): readonly KubeObject[] {
    return [...this.#reflector.all()].filter(({ metadata }) => metadata.labels?.[label] === value);
  }

  get(name: string): KubeObject | undefined {
    return this.#reflector.get(`${this.namespace}/${name}`);
  }

  /** Takes what an API server answered to a write. */
  learn(lease: KubeObject): void {
    this.#reflector.learn(lease);
  }

  /** Any of them came, changed or went, renewals included. Returns how to hear no more. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
