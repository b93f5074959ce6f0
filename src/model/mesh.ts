/**
 * What service meshes say of who may come to pods.
 * @module
 */
import { z } from "zod";

const PeerAuthenticationObject = z.looseObject({
  metadata: z.looseObject({ name: z.string(), namespace: z.string() }),
  spec: z
    .looseObject({
      selector: z.looseObject({ matchLabels: z.record(z.string(), z.string()).default({}) }).nullish(),
      mtls: z.looseObject({ mode: z.string().default("UNSET") }).nullish(),
    })
    .default({}),
});

/** security.istio.io/v1 PeerAuthentication, without what it says of single ports. */
export interface PeerAuthentication {
  readonly namespace: string;
  readonly name: string;
  /** Empty: of its whole namespace. */
  readonly matchLabels: Readonly<Record<string, string>>;
  /** `UNSET`: as the next wider one says. */
  readonly mode: string;
}

/** Reads an object as an API server gives it; undefined where it has no form that is known. */
export function readPeerAuthentication(object: unknown): PeerAuthentication | undefined {
  const { data } = PeerAuthenticationObject.safeParse(object);
  if (data === undefined) return undefined;
  const { metadata, spec } = data;
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    matchLabels: spec.selector?.matchLabels ?? {},
    mode: spec.mtls?.mode ?? "UNSET",
  };
}

/** A namespace as meshes look at it. */
export interface MeshNamespace {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
