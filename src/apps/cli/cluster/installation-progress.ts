import { describeObject, type PlacedObject } from "../../../adapters/kube/applied-objects.ts";

/** How far an installation has come: what is said of it when it ends before it is done. */
export class InstallationProgress {
  readonly #objects: readonly string[];
  readonly #upgrade: boolean;
  readonly #namespace: string;
  readonly #applied = new Set<string>();
  #begun = false;

  constructor(
    objects: readonly PlacedObject[],
    { upgrade, namespace }: { readonly upgrade: boolean; readonly namespace: string },
  ) {
    this.#objects = objects.map(describeObject);
    this.#upgrade = upgrade;
    this.#namespace = namespace;
  }

  /** From here on there are writes. */
  begin(): void {
    this.#begun = true;
  }

  /** The API server has taken an object. */
  took(object: PlacedObject): void {
    this.#applied.add(describeObject(object));
  }

  /**
   * What is applied, what is not, and how to go on; nothing before the first write, since nothing was changed by then.
   * @param cut whether it ends in the middle of a request, which the API server may carry out all the same
   */
  describe({ cut }: { readonly cut: boolean }): readonly string[] {
    if (!this.#begun) return cut ? ["nothing was applied: to install, run the same command again"] : [];
    const [next, ...missing] = this.#objects.filter((name) => !this.#applied.has(name));
    const applied = this.#objects.filter((name) => this.#applied.has(name)).map((name) => `applied  ${name}`);
    const goOn = `run the same command${this.#upgrade ? " again" : " with --upgrade"}`;
    if (next === undefined)
      return [
        ...applied,
        "",
        `Everything is applied, and goes on starting: kubectl get pods --namespace ${this.#namespace}`,
        `To wait for it again, or where a former version left something: ${goOn}`,
      ];
    return [
      ...applied,
      `${cut ? "maybe    " : "not yet  "}${next}`,
      ...missing.map((name) => `not yet  ${name}`),
      "",
      `${this.#applied.size} of ${this.#objects.length} objects are applied and stay`,
      `To go on: ${goOn}. To take it back: tandem uninstall --namespace ${this.#namespace}`,
    ];
  }
}
