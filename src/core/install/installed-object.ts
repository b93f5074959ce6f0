/** An object of an installation, ready to be applied. */
export interface InstalledObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** Label of every object of an installation; its value is Tandem's namespace. */
export const INSTALLATION_LABEL = "tandem.dev/installation";

/** Parts of an installation that run. */
export type Component = "controller" | "gateway";

/** Labels by which a component's pods are selected; a Deployment's selector can never be changed. */
export function podLabels(component: Component): Readonly<Record<string, string>> {
  return { "app.kubernetes.io/name": "tandem", "app.kubernetes.io/component": component };
}

/** Name of what belongs to a component. */
export function componentName(component: Component): `tandem-${Component}` {
  return `tandem-${component}`;
}
